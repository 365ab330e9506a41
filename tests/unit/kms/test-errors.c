/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every row of reference/kms-api.md 1.3 and 3.2, and what libcurl says when there is no answer.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "kms/errors.h"
#include "kms/text.h"

static struct http_answer answered(long status)
{
	return (struct http_answer){ .host = "kms.example",
				     .status = status,
				     .body = "",
				     .error = "",
				     .retry_after_ms = HTTP_NO_RETRY_AFTER };
}

static const struct {
	long status;
	const char *code, *target;
	enum kms_condition condition;
	bool retry, fresh_token;
} kms_rows[] = {
	{ 400, "BAD_BODY_ERR", "", KMS_REFUSED, false, false },
	{ 400, "NO_BODY_ERR", "", KMS_REFUSED, false, false },
	{ 400, "INVALID_FIELD_ERR", "ciphertext", KMS_BAD_CIPHERTEXT, false, false },
	{ 400, "INVALID_FIELD_ERR", "aad", KMS_BAD_CIPHERTEXT, false, false },
	{ 400, "INVALID_FIELD_ERR", "plaintext", KMS_REFUSED, false, false },
	{ 400, "INVALID_FIELD_ERR", "", KMS_REFUSED, false, false },
	{ 400, "UNPROCESSABLE_CIPHERTEXT_ERR", "", KMS_BAD_CIPHERTEXT, false, false },
	{ 400, "BEARER_SUB_EXTRACTION_ERR", "", KMS_REFUSED, false, true },
	{ 400, "KEY_ROOT_REQ_ERR", "", KMS_REFUSED, false, false },
	{ 400, "KEY_PAYLOAD_REQ_ERR", "", KMS_REFUSED, false, false },
	{ 400, "KEY_EXPIRED_ERR", "", KMS_REFUSED, false, false },
	{ 400, "COLLECTION_TOTAL_MISMATCH_ERR", "", KMS_REFUSED, false, false },
	{ 400, "INCORRECT_NONCE_ERR", "", KMS_REFUSED, false, false },
	{ 400, "INCORRECT_NONCE_IV_ERR", "", KMS_REFUSED, false, false },
	{ 400, "KEY_SEARCH_TOO_BROAD", "", KMS_REFUSED, false, false },
	{ 400, "", "", KMS_REFUSED, false, false },
	{ 401, "UNAUTHORIZED_ERR", "", KMS_REFUSED, false, true },
	{ 401, "", "", KMS_REFUSED, false, true },
	{ 403, "RESOURCE_OWNER_ERR", "", KMS_REFUSED, false, false },
	{ 403, "SERVICE_ONLY_ERR", "", KMS_REFUSED, false, false },
	{ 403, "FEATURE_RESTRICTED_ERR", "", KMS_REFUSED, false, false },
	{ 403, "CONFIG_RULE_CONFLICT_ERR", "", KMS_REFUSED, false, false },
	{ 404, "KEY_NOT_FOUND_ERR", "", KMS_KEY_GONE, false, false },
	{ 408, "", "", KMS_UNREACHABLE, true, false },
	{ 409, "KEY_ACTION_INVALID_STATE_ERR", "", KMS_KEY_DISABLED, false, false },
	{ 409, "", "", KMS_KEY_DISABLED, false, false },
	{ 409, "REQ_TOO_EARLY_ERR", "", KMS_REFUSED, false, false },
	{ 409, "KEY_ROTATION_NOT_PERMITTED", "", KMS_REFUSED, false, false },
	{ 409, "KEY_CREATE_IMPORT_ACCESS_ERR", "", KMS_REFUSED, false, false },
	{ 409, "AUTHORIZATIONS_NOT_MET", "", KMS_REFUSED, false, false },
	{ 409, "PROTECTED_RESOURCE_ERR", "", KMS_REFUSED, false, false },
	{ 409, "PREV_KEY_DEL_ERR", "", KMS_REFUSED, false, false },
	{ 409, "NOT_DUAL_AUTH_ERR", "", KMS_REFUSED, false, false },
	{ 409, "IMPORT_TOKEN_EXPIRED_ERR", "", KMS_REFUSED, false, false },
	{ 410, "KEY_DELETED_ERR", "", KMS_KEY_GONE, false, false },
	{ 410, "", "", KMS_KEY_GONE, false, false },
	{ 422, "UNPROCESSABLE_CIPHERTEXT_ERR", "", KMS_BAD_CIPHERTEXT, false, false },
	{ 422, "KEY_INVALID_STATE_ERR", "", KMS_KEY_DISABLED, false, false },
	{ 422, "KEY_ROOT_REQ_REG_ERR", "", KMS_REFUSED, false, false },
	{ 422, "KEY_VERSION_INVALID", "", KMS_REFUSED, false, false },
	{ 422, "INVALID_SIG_EXP_ERR", "", KMS_REFUSED, false, false },
	{ 429, "", "", KMS_THROTTLED, true, false },
	{ 500, "INCOMPLETE_METADATA_ERR", "", KMS_UNREACHABLE, true, false },
	{ 500, "", "", KMS_UNREACHABLE, true, false },
	{ 501, "", "", KMS_UNREACHABLE, false, false },
	{ 502, "", "", KMS_UNREACHABLE, true, false },
	{ 503, "", "", KMS_UNREACHABLE, true, false },
	{ 599, "", "", KMS_UNREACHABLE, true, false },
	{ 301, "", "", KMS_UNREACHABLE, false, false },
	{ 302, "", "", KMS_UNREACHABLE, false, false },
	{ 307, "", "", KMS_UNREACHABLE, false, false },
	{ 202, "", "", KMS_UNREACHABLE, false, false },
	{ 206, "", "", KMS_UNREACHABLE, false, false },
	{ 405, "", "", KMS_REFUSED, false, false },
	{ 418, "WHO_KNOWS_ERR", "", KMS_REFUSED, false, false },
};

static void test_every_answer_of_the_kms_has_its_condition(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kms_rows); i++) {
		struct http_answer a = answered(kms_rows[i].status);
		struct service_error e = { .understood = true };
		struct verdict v;

		(void)strcpy(e.code, kms_rows[i].code);
		(void)strcpy(e.target, kms_rows[i].target);
		errors_from_kms(KMS_UNWRAP, &a, &e, &v);
		if (v.condition != kms_rows[i].condition || v.retry != kms_rows[i].retry ||
		    v.try_fresh_token != kms_rows[i].fresh_token)
			fail_msg("%ld %s: %s, retry %d, fresh token %d", kms_rows[i].status,
				 kms_rows[i].code, kms_condition_name(v.condition), v.retry,
				 v.try_fresh_token);
		assert_int_equal(v.http_status, kms_rows[i].status);
		assert_string_equal(v.code, kms_rows[i].code);
		assert_non_null(strstr(v.cause, "kms.example"));
		assert_true(kms_text_is_clean(v.cause));
	}
}

static void test_not_found_by_a_web_server_is_no_missing_key(void **state)
{
	struct http_answer a = answered(404);
	struct service_error e = { 0 };
	struct verdict v;

	(void)state;
	errors_from_kms(KMS_UNWRAP, &a, &e, &v);
	assert_int_equal(v.condition, KMS_UNREACHABLE);
	assert_non_null(strstr(v.cause, "not as a KMS does"));
}

static void test_only_an_unwrap_can_have_a_bad_ciphertext(void **state)
{
	struct http_answer a = answered(422);
	struct service_error e = { .understood = true };
	struct verdict v;

	(void)state;
	errors_from_kms(KMS_WRAP, &a, &e, &v);
	assert_int_equal(v.condition, KMS_REFUSED);
}

static void test_text_of_the_service_cannot_paint_the_console(void **state)
{
	struct http_answer a = answered(403);
	struct service_error e = { .understood = true, .message = "a\033[2Jb\nc\x9b" "d" };
	struct verdict v;

	(void)state;
	errors_from_kms(KMS_UNWRAP, &a, &e, &v);
	assert_true(kms_text_is_clean(v.cause));
	assert_non_null(strstr(v.cause, "a?[2Jb?c?d"));
}

static const struct {
	long status;
	const char *code;
	enum kms_condition condition;
	bool retry, next_key;
} iam_rows[] = {
	{ 400, "BXNIM0415E", KMS_IAM_REFUSED, false, true },
	{ 400, "BXNIM0109E", KMS_IAM_REFUSED, false, true },
	{ 400, "BXNIM0106E", KMS_IAM_REFUSED, false, true },
	{ 401, "", KMS_IAM_REFUSED, false, true },
	{ 403, "", KMS_IAM_REFUSED, false, true },
	{ 404, "", KMS_UNREACHABLE, false, false },
	{ 405, "BXNIM0060E", KMS_UNREACHABLE, false, false },
	{ 408, "", KMS_UNREACHABLE, true, false },
	{ 429, "", KMS_THROTTLED, true, false },
	{ 500, "", KMS_UNREACHABLE, true, false },
	{ 501, "", KMS_UNREACHABLE, false, false },
	{ 503, "", KMS_UNREACHABLE, true, false },
	{ 302, "", KMS_UNREACHABLE, false, false },
};

static void test_every_answer_of_iam_has_its_condition(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(iam_rows); i++) {
		struct http_answer a = answered(iam_rows[i].status);
		struct service_error e = { .understood = true };
		struct verdict v;

		(void)strcpy(e.code, iam_rows[i].code);
		errors_from_iam(&a, &e, &v);
		if (v.condition != iam_rows[i].condition || v.retry != iam_rows[i].retry ||
		    v.try_next_key != iam_rows[i].next_key)
			fail_msg("%ld %s: %s", iam_rows[i].status, iam_rows[i].code,
				 kms_condition_name(v.condition));
	}
}

static const struct {
	CURLcode result;
	long os_error, verify;
	const char *error;
	enum kms_condition condition;
	bool retry;
} transfer_rows[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, 0, 0, "", KMS_DNS_FAILED, true },
	{ CURLE_COULDNT_CONNECT, ECONNREFUSED, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_COULDNT_CONNECT, ENETUNREACH, 0, "", KMS_NO_NETWORK, true },
	{ CURLE_COULDNT_CONNECT, EHOSTUNREACH, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_OPERATION_TIMEDOUT, 0, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_GOT_NOTHING, 0, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_SEND_ERROR, 0, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_RECV_ERROR, 0, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_PARTIAL_FILE, 0, 0, "", KMS_UNREACHABLE, true },
	{ CURLE_WEIRD_SERVER_REPLY, 0, 0, "", KMS_UNREACHABLE, false },
	{ CURLE_PEER_FAILED_VERIFICATION, 0, 20, "", KMS_TLS_UNTRUSTED, false },
	{ CURLE_PEER_FAILED_VERIFICATION, 0, 0, "no alternative name", KMS_TLS_UNTRUSTED, false },
	{ CURLE_PEER_FAILED_VERIFICATION, 0, 9, "", KMS_TLS_CLOCK, false },
	{ CURLE_PEER_FAILED_VERIFICATION, 0, 10, "", KMS_TLS_CLOCK, false },
	{ CURLE_SSL_CACERT_BADFILE, 0, 0, "", KMS_TLS_UNTRUSTED, false },
	{ CURLE_SSL_CONNECT_ERROR, 0, 0, "unsupported protocol", KMS_TLS_UNTRUSTED, false },
	{ CURLE_SSL_CONNECT_ERROR, 0, 0, "SSL_ERROR_SYSCALL in connection", KMS_UNREACHABLE, true },
	{ CURLE_SSL_CONNECT_ERROR, 0, 0, "unexpected eof while reading", KMS_UNREACHABLE, true },
};

static void test_no_answer_is_told_apart_by_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(transfer_rows); i++) {
		struct http_answer a = answered(0);
		struct verdict v;

		a.result = transfer_rows[i].result;
		a.os_error = transfer_rows[i].os_error;
		a.verify_result = transfer_rows[i].verify;
		a.error = transfer_rows[i].error;
		errors_from_transfer(&a, &v);
		if (v.condition != transfer_rows[i].condition || v.retry != transfer_rows[i].retry)
			fail_msg("row %zu: %s, retry %d: %s", i, kms_condition_name(v.condition),
				 v.retry, v.cause);
		assert_non_null(strstr(v.cause, "kms.example"));
	}
}

/* What libcurl says with either TLS library, and what of it is shown. */
static const struct {
	const char *error;
	bool connected;
	enum kms_condition condition;
	const char *cause;
} tls_rows[] = {
	{ "OpenSSL SSL_connect: Connection reset by peer in connection to kms.example:443", false,
	  KMS_UNREACHABLE, "no connection to 'kms.example': Connection reset by peer" },
	{ "ssl_handshake returned: (-0x7280) SSL - The connection indicated an EOF", false,
	  KMS_UNREACHABLE, "no connection to 'kms.example': The connection indicated an EOF" },
	{ "ssl_handshake returned: (-0x7780) SSL - A fatal alert message was received from our peer",
	  false, KMS_TLS_UNTRUSTED,
	  "'kms.example' is not trusted: A fatal alert message was received from our peer" },
	{ "ssl_read returned: (-0x0000) ", true, KMS_UNREACHABLE,
	  "'kms.example' did not answer: the connection was cut" },
};

static void test_a_cut_connection_is_told_from_a_refused_handshake(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tls_rows); i++) {
		struct http_answer a = answered(0);
		struct verdict v;

		a.result = CURLE_SSL_CONNECT_ERROR;
		a.error = tls_rows[i].error;
		a.connected = tls_rows[i].connected;
		errors_from_transfer(&a, &v);
		assert_int_equal(v.condition, tls_rows[i].condition);
		assert_string_equal(v.cause, tls_rows[i].cause);
		assert_int_equal(v.retry, v.condition == KMS_UNREACHABLE);
	}
}

static void test_a_dead_resolver_is_told_from_a_missing_network(void **state)
{
	struct verdict v;

	(void)state;
	errors_from_resolver("kms.example", "Name or service not known", true, &v);
	assert_int_equal(v.condition, KMS_DNS_FAILED);
	assert_true(v.retry);
	errors_from_resolver("kms.example", NULL, true, &v);
	assert_int_equal(v.condition, KMS_DNS_FAILED);
	errors_from_resolver("kms.example", "Temporary failure", false, &v);
	assert_int_equal(v.condition, KMS_NO_NETWORK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_answer_of_the_kms_has_its_condition),
		cmocka_unit_test(test_not_found_by_a_web_server_is_no_missing_key),
		cmocka_unit_test(test_only_an_unwrap_can_have_a_bad_ciphertext),
		cmocka_unit_test(test_text_of_the_service_cannot_paint_the_console),
		cmocka_unit_test(test_every_answer_of_iam_has_its_condition),
		cmocka_unit_test(test_no_answer_is_told_apart_by_its_reason),
		cmocka_unit_test(test_a_cut_connection_is_told_from_a_refused_handshake),
		cmocka_unit_test(test_a_dead_resolver_is_told_from_a_missing_network),
	};

	return cmocka_run_group_tests_name("kms/errors", tests, NULL, NULL);
}
