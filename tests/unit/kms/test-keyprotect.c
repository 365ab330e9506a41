/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "kms/iam.h"
#include "kms/keyprotect.h"

#define ID "fedcba98-7654-3210-fedc-ba9876543210"

static struct kms_profile profile = { .endpoint = (char *)(uintptr_t)"https://kms.example:1",
				      .root_key = (char *)(uintptr_t)ID };

/* --- requests ------------------------------------------------------------------------------- */

static void test_an_unwrap_sends_the_ciphertext_byte_for_byte(void **state)
{
	_cleanup_keyprotect_call_ struct keyprotect_call call = { 0 };
	char ciphertext[] = "eyJ/+=\\\"x", first[] = "cexluks:1", second[] = "a\"b\\c";
	struct message_job job = { .verb = KMS_UNWRAP,
				   .ciphertext = ciphertext,
				   .aad = { first, second },
				   .n_aad = 2 };

	(void)state;
	assert_int_equal(keyprotect_build(&profile, &job, 0, &call), 0);
	assert_string_equal(call.url, "https://kms.example:1/api/v2/keys/" ID "/actions/unwrap");
	assert_string_equal((const char *)secret_bytes(call.body),
			    "{\"ciphertext\":\"eyJ/+=\\\\\\\"x\","
			    "\"aad\":[\"cexluks:1\",\"a\\\"b\\\\c\"]}");
	assert_string_equal(call.content_type, "application/vnd.ibm.kms.key_action+json");
}

static void test_a_wrap_without_plaintext_lets_the_service_make_one(void **state)
{
	_cleanup_keyprotect_call_ struct keyprotect_call call = { 0 };
	struct message_job job = { .verb = KMS_WRAP, .key = "alias-1" };

	(void)state;
	assert_int_equal(keyprotect_build(&profile, &job, 0, &call), 0);
	assert_string_equal(call.url, "https://kms.example:1/api/v2/keys/alias-1/actions/wrap");
	assert_string_equal((const char *)secret_bytes(call.body), "{}");
}

static void test_no_root_key_is_no_request(void **state)
{
	struct kms_profile none = profile;
	struct keyprotect_call call = { 0 };
	struct message_job job = { .verb = KMS_METADATA };

	(void)state;
	none.root_key = NULL;
	assert_int_equal(keyprotect_build(&none, &job, 0, &call), -EINVAL);
}

static void test_an_api_key_survives_form_encoding(void **state)
{
	static const char key[] = "a+/=%& _-.~\xff";
	_cleanup_secret_ struct secret *api_key = NULL;
	_cleanup_secret_ struct secret *form = NULL;

	(void)state;
	assert_int_equal(secret_new(sizeof(key) - 1, &api_key), 0);
	memcpy(secret_data(api_key), key, sizeof(key) - 1);
	assert_int_equal(iam_build_form(api_key, &form), 0);
	assert_string_equal((const char *)secret_bytes(form),
			    "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey"
			    "&apikey=a%2B%2F%3D%25%26%20_-.~%FF");
}

/* --- answers -------------------------------------------------------------------------------- */

static int parse_as(enum kms_verb verb, const char *text, size_t len, struct kms_reply *reply)
{
	char ciphertext[] = "x";
	struct message_job job = { .verb = verb,
				   .ciphertext = verb == KMS_UNWRAP ? ciphertext : NULL };
	const char *what = NULL;
	int r;

	r = keyprotect_parse(&job, text, len, reply, &what);
	if (r == -EBADMSG)
		assert_non_null(what);
	return r;
}

static void release(struct kms_reply *reply)
{
	secret_freep(&reply->plaintext);
	free(take_ptr(reply->ciphertext));
}

static void test_an_unwrap_gives_the_plaintext(void **state)
{
	static const char text[] = "{\"keyVersion\":{\"id\":\"x\"},\"plaintext\":\"AAEC\",\"n\":null}";
	struct kms_reply reply = { 0 };

	(void)state;
	assert_int_equal(parse_as(KMS_UNWRAP, text, strlen(text), &reply), 0);
	assert_int_equal(secret_len(reply.plaintext), 3);
	assert_memory_equal(secret_bytes(reply.plaintext), "\0\1\2", 3);
	assert_null(reply.ciphertext);
	release(&reply);
}

static void test_an_unwrap_after_a_rotation_gives_the_newer_ciphertext(void **state)
{
	static const char text[] = "{\"ciphertext\":\"eyJ\\/\\u002b=\",\"plaintext\":\"QQ==\"}";
	struct kms_reply reply = { 0 };

	(void)state;
	assert_int_equal(parse_as(KMS_UNWRAP, text, strlen(text), &reply), 0);
	assert_string_equal(reply.ciphertext, "eyJ/+=");
	release(&reply);
}

static const char *const bad_unwraps[] = {
	"",
	" ",
	"null",
	"true",
	"0",
	"\"plaintext\"",
	"[]",
	"[{\"plaintext\":\"QQ==\"}]",
	"{}",
	"{\"plaintext\":null}",
	"{\"plaintext\":1}",
	"{\"plaintext\":true}",
	"{\"plaintext\":[\"QQ==\"]}",
	"{\"plaintext\":{\"a\":\"QQ==\"}}",
	"{\"plaintext\":\"\"}",
	"{\"plaintext\":\"QQ\"}",
	"{\"plaintext\":\"QQ=\"}",
	"{\"plaintext\":\"QQ==\\n\"}",
	"{\"plaintext\":\" QQ==\"}",
	"{\"plaintext\":\"Q-_=\"}",
	"{\"plaintext\":\"QR==\"}",
	"{\"plaintext\":\"====\"}",
	"{\"plaintext\":\"QQ==\\u0000\"}",
	"{\"Plaintext\":\"QQ==\"}",
	"{\"plaintext\":\"QQ==\",\"plaintext\":\"Qg==\"}",
	"{\"plaintext\":\"QQ==\",\"ciphertext\":\"\"}",
	"{\"plaintext\":\"QQ==\",\"ciphertext\":7}",
	"{\"plaintext\":\"QQ==\",\"ciphertext\":null}",
	"{\"plaintext\":\"QQ==\",\"ciphertext\":\"a\\nb\"}",
	"{\"plaintext\":\"QQ==\"} ]",
	"{\"plaintext\":\"QQ==\"}{}",
	"{\"plaintext\":\"QQ==\"",
	"{\"plaintext\":\"QQ=",
	"{\"plaintext\":",
	"<html><body>QQ==</body></html>",
	"no healthy upstream",
	"{\"a\":[[[[[[[[[[[[]]]]]]]]]]]],\"plaintext\":\"QQ==\"}",
	"{'plaintext':'QQ=='}",
	"{\"plaintext\":\"QQ==\",}",
};

static void test_what_is_no_unwrap_answer_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_unwraps); i++) {
		struct kms_reply reply = { 0 };

		if (parse_as(KMS_UNWRAP, bad_unwraps[i], strlen(bad_unwraps[i]), &reply) !=
		    -EBADMSG)
			fail_msg("accepted %s", bad_unwraps[i]);
		release(&reply);
	}
}

static void test_an_unwrap_answer_cut_anywhere_is_refused(void **state)
{
	static const char text[] =
		"{\"keyVersion\":{\"id\":\"x\"},\"ciphertext\":\"eyJ=\",\"plaintext\":\"AAEC\"}";

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		struct kms_reply reply = { 0 };

		assert_int_equal(parse_as(KMS_UNWRAP, text, len, &reply), -EBADMSG);
		release(&reply);
	}
}

static void test_a_nul_in_an_answer_is_refused(void **state)
{
	static const char text[] = "{\"plaintext\":\"AAEC\"\0}";
	struct kms_reply reply = { 0 };

	(void)state;
	assert_int_equal(parse_as(KMS_UNWRAP, text, sizeof(text) - 1, &reply), -EBADMSG);
}

static void test_a_plaintext_has_at_most_512_bytes(void **state)
{
	char text[2048];
	struct kms_reply reply = { 0 };

	(void)state;
	for (unsigned groups = 170; groups <= 172; groups++) {
		char *p = stpcpy(text, "{\"plaintext\":\"");

		for (unsigned i = 0; i < groups; i++)
			p = stpcpy(p, "AAAA");
		(void)stpcpy(p, "\"}");
		assert_int_equal(parse_as(KMS_UNWRAP, text, strlen(text), &reply),
				 groups * 3 <= LIMIT_PASSPHRASE_MAX ? 0 : -EBADMSG);
		release(&reply);
	}
}

static void test_a_wrap_needs_a_ciphertext(void **state)
{
	static const char good[] = "{\"ciphertext\":\"eyJ=\",\"plaintext\":\"QQ==\"}";
	static const char bad[] = "{\"plaintext\":\"QQ==\"}";
	struct kms_reply reply = { 0 };

	(void)state;
	assert_int_equal(parse_as(KMS_WRAP, good, strlen(good), &reply), 0);
	assert_string_equal(reply.ciphertext, "eyJ=");
	release(&reply);
	assert_int_equal(parse_as(KMS_WRAP, bad, strlen(bad), &reply), -EBADMSG);
	release(&reply);
}

static int count(void *arg, const struct kms_key *key)
{
	assert_false(key->extractable);
	(*(unsigned *)arg)++;
	return 0;
}

static int parse_list(const char *text, unsigned *ret_taken, unsigned *ret_n)
{
	const char *what = "";

	*ret_taken = 0;
	*ret_n = 0;
	return keyprotect_parse_list(text, strlen(text), count, ret_taken, ret_n, &what);
}

#define KEY(extractable) "{\"id\":\"" ID "\",\"state\":1,\"extractable\":" extractable "}"

static void test_a_list_gives_root_keys_only(void **state)
{
	unsigned taken, n;

	(void)state;
	assert_int_equal(parse_list("{\"metadata\":{},\"resources\":[" KEY("false") "," KEY("true")
				    "]}", &taken, &n), 0);
	assert_int_equal(taken, 1);
	assert_int_equal(n, 2);
	assert_int_equal(parse_list("{\"metadata\":{}}", &taken, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(parse_list("{\"metadata\":{},\"resources\":[]}", &taken, &n), 0);
}

static void test_a_list_of_something_else_is_refused(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"resources\":{}}",
		"{\"resources\":[1]}",
		"{\"resources\":[{}]}",
		"{\"resources\":[{\"id\":1,\"state\":1,\"extractable\":false}]}",
		"{\"resources\":[{\"id\":\"../x\",\"state\":1,\"extractable\":false}]}",
		"{\"resources\":[{\"id\":\"" ID "\",\"state\":\"1\",\"extractable\":false}]}",
		"{\"resources\":[{\"id\":\"" ID "\",\"state\":9,\"extractable\":false}]}",
		"{\"resources\":[{\"id\":\"" ID "\",\"state\":1.5,\"extractable\":false}]}",
		"{\"resources\":[{\"id\":\"" ID "\",\"state\":1,\"extractable\":0}]}",
	};
	unsigned taken, n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (parse_list(texts[i], &taken, &n) != -EBADMSG)
			fail_msg("accepted %s", texts[i]);
}

/* --- errors and tokens ---------------------------------------------------------------------- */

static void error_of(const char *text, struct service_error *ret)
{
	keyprotect_parse_error(text, strlen(text), ret);
}

static void test_error_codes_are_trimmed_and_optional(void **state)
{
	struct service_error e;

	(void)state;
	error_of("{\"metadata\":{},\"resources\":[{\"errorMsg\":\"Conflict\",\"reasons\":[{\"code\":"
		 "\" KEY_ACTION_INVALID_STATE_ERR \",\"message\":\"m\","
		 "\"target\":{\"type\":\"field\",\"name\":\"state\"}}]}]}", &e);
	assert_true(e.understood);
	assert_string_equal(e.code, "KEY_ACTION_INVALID_STATE_ERR");
	assert_string_equal(e.target, "state");
	assert_string_equal(e.message, "m");
	error_of("{\"metadata\":{},\"resources\":[{\"errorMsg\":\"Gone\"}]}", &e);
	assert_true(e.understood);
	assert_string_equal(e.code, "");
	assert_string_equal(e.message, "Gone");
}

static void test_error_bodies_of_any_kind_are_survived(void **state)
{
	static const char *const texts[] = { "",
					     "no healthy upstream",
					     "<html>",
					     "[]",
					     "{}",
					     "{\"resources\":null}",
					     "{\"resources\":[]}",
					     "{\"resources\":[null]}",
					     "{\"resources\":[[]]}",
					     "{\"errorCode\":7}",
					     "{\"errors\":[]}",
					     "{\"errors\":[1]}",
					     "{\"context\":[]}" };
	struct service_error e;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		error_of(texts[i], &e);
		assert_false(e.understood);
		assert_string_equal(e.code, "");
		iam_parse_error(texts[i], strlen(texts[i]), &e);
		assert_false(e.understood);
		assert_string_equal(e.code, "");
	}
}

static void test_iam_errors_come_in_two_shapes(void **state)
{
	static const char first[] = "{\"context\":{\"requestId\":\"abc\"},\"errorCode\":\"BXNIM0415E\","
				    "\"errorMessage\":\"no such key\"}";
	static const char second[] = "{\"trace\":\"t1\",\"errors\":[{\"code\":\"unauthorized\","
				     "\"message\":\"m\"}],\"status_code\":401}";
	struct service_error e;

	(void)state;
	iam_parse_error(first, strlen(first), &e);
	assert_string_equal(e.code, "BXNIM0415E");
	assert_string_equal(e.request_id, "abc");
	iam_parse_error(second, strlen(second), &e);
	assert_string_equal(e.code, "unauthorized");
	assert_string_equal(e.request_id, "t1");
}

static int token_of(const char *text, uint64_t *ret_lifetime)
{
	_cleanup_secret_ struct secret *token = NULL;
	const char *what = NULL;
	int r;

	r = iam_parse_token(text, strlen(text), &token, ret_lifetime, &what);
	if (r == 0)
		assert_memory_equal(secret_bytes(token), "a.b-_c", 6);
	else
		assert_non_null(what);
	return r;
}

static void test_a_token_fits_into_a_header_or_is_refused(void **state)
{
	static const char *const bad[] = { "{}",
					   "{\"access_token\":\"\"}",
					   "{\"access_token\":1}",
					   "{\"access_token\":null}",
					   "{\"access_token\":\"a b\"}",
					   "{\"access_token\":\"a\\r\\nX: y\"}",
					   "{\"access_token\":\"a\\u0000\"}",
					   "{\"access_token\":\"\xc3\xbc\"}",
					   "{\"access_token\":\"a.b-_c\",\"token_type\":\"MAC\"}",
					   "<html></html>" };
	uint64_t lifetime = 0;

	(void)state;
	assert_int_equal(token_of("{\"expires_in\":3600,\"access_token\":\"a.b-_c\",\"x\":{}}",
				  &lifetime), 0);
	assert_int_equal(lifetime, 3600);
	assert_int_equal(token_of("{\"expires_in\":1e300,\"access_token\":\"a.b-_c\"}", &lifetime), 0);
	assert_int_equal(lifetime, 0);
	assert_int_equal(token_of("{\"expires_in\":-1,\"access_token\":\"a.b-_c\"}", &lifetime), 0);
	assert_int_equal(lifetime, 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (token_of(bad[i], &lifetime) != -EBADMSG)
			fail_msg("accepted %s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_unwrap_sends_the_ciphertext_byte_for_byte),
		cmocka_unit_test(test_a_wrap_without_plaintext_lets_the_service_make_one),
		cmocka_unit_test(test_no_root_key_is_no_request),
		cmocka_unit_test(test_an_api_key_survives_form_encoding),
		cmocka_unit_test(test_an_unwrap_gives_the_plaintext),
		cmocka_unit_test(test_an_unwrap_after_a_rotation_gives_the_newer_ciphertext),
		cmocka_unit_test(test_what_is_no_unwrap_answer_is_refused),
		cmocka_unit_test(test_an_unwrap_answer_cut_anywhere_is_refused),
		cmocka_unit_test(test_a_nul_in_an_answer_is_refused),
		cmocka_unit_test(test_a_plaintext_has_at_most_512_bytes),
		cmocka_unit_test(test_a_wrap_needs_a_ciphertext),
		cmocka_unit_test(test_a_list_gives_root_keys_only),
		cmocka_unit_test(test_a_list_of_something_else_is_refused),
		cmocka_unit_test(test_error_codes_are_trimmed_and_optional),
		cmocka_unit_test(test_error_bodies_of_any_kind_are_survived),
		cmocka_unit_test(test_iam_errors_come_in_two_shapes),
		cmocka_unit_test(test_a_token_fits_into_a_header_or_is_refused),
	};

	json_setup();
	return cmocka_run_group_tests_name("kms/keyprotect", tests, NULL, NULL);
}
