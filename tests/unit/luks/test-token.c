/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "luks/token.h"

#define ID	"fedcba98-7654-3210-fedc-ba9876543210"
#define TIME	"2026-11-22T10:00:00Z"
#define SECRET	"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define HEAD	"\"type\":\"cexluks\",\"keyslots\":[\"1\"],\"version\":1,"
#define HISTORY "\"serial\":3,\"created\":\"" TIME "\""
#define KMS_REST "\"key\":\"" ID "\",\"ciphertext\":\"QUJD\",\"aad\":true," HISTORY

static int setup(void **state)
{
	(void)state;
	json_setup();
	return 0;
}

static int parse(const char *json)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct luks_reason reason = { "" };
	int r = luks_token_parse(json, 4, &token, &reason);

	if (r)
		assert_null(token);
	if (r == LUKS_REFUSED) {
		assert_true(strlen(reason.text) > 10);
		for (const char *p = reason.text; *p; p++)
			assert_in_range(*p, 0x20, 0x7e);
	}
	return r;
}

/* A kms token with one member's raw JSON value replaced. */
static char *kms_with(const char *member, const char *value)
{
	static const struct {
		const char *name, *value;
	} members[] = {
		{ "type", "\"cexluks\"" },     { "keyslots", "[\"1\"]" },
		{ "version", "1" },	       { "kind", "\"kms\"" },
		{ "profile", "\"prod\"" },     { "key", "\"" ID "\"" },
		{ "ciphertext", "\"QUJD\"" },  { "aad", "true" },
		{ "serial", "3" },	       { "created", "\"" TIME "\"" },
	};
	char *text = calloc(1, 64 << 10);
	size_t n = 0;

	assert_non_null(text);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const char *v = strcmp(members[i].name, member) ? members[i].value : value;

		if (v)
			n += (size_t)sprintf(text + n, "%s\"%s\":%s", n ? "," : "{", members[i].name, v);
	}
	(void)sprintf(text + n, "}");
	return text;
}

static int parse_with(const char *member, const char *value)
{
	_cleanup_free_ char *text = kms_with(member, value);

	return parse(text);
}

static void test_a_kms_token_is_read(void **state)
{
	_cleanup_free_ char *text = kms_with("none", NULL);
	_cleanup_luks_token_ struct luks_token *token = NULL;
	_cleanup_free_ char *binding = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse(text, 4, &token, &reason), 0);
	assert_int_equal(token->kind, LUKS_TOKEN_KMS);
	assert_int_equal(token->id, 4);
	assert_int_equal(token->keyslot, 1);
	assert_string_equal(token->profile, "prod");
	assert_string_equal(token->key, ID);
	assert_string_equal(token->ciphertext, "QUJD");
	assert_true(token->aad);
	assert_int_equal(token->serial, 3);
	assert_string_equal(token->created, TIME);
	assert_null(token->passphrase);
	binding = luks_token_binding(token);
	assert_string_equal(binding, "kms:prod");
}

static void test_a_card_token_is_read_into_locked_memory(void **state)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	_cleanup_free_ char *binding = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse("{" HEAD "\"kind\":\"card\",\"passphrase\":\"" SECRET "\"," HISTORY
					  "}",
					  0, &token, &reason),
			 0);
	assert_int_equal(secret_len(token->passphrase), 32);
	for (unsigned char i = 0; i < 32; i++)
		assert_int_equal(secret_bytes(token->passphrase)[i], i);
	binding = luks_token_binding(token);
	assert_string_equal(binding, "card");
}

static void test_a_credential_token_is_read_and_has_no_keyslot(void **state)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	_cleanup_free_ char *binding = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse("{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":"
					  "\"credential\",\"profile\":\"prod\",\"sealed\":\"AAAA\"}",
					  0, &token, &reason),
			 0);
	assert_int_equal(token->keyslot, -1);
	assert_string_equal(token->sealed, "AAAA");
	binding = luks_token_binding(token);
	assert_string_equal(binding, "credential:prod");
	assert_int_equal(parse("{" HEAD "\"kind\":\"credential\",\"profile\":\"p\",\"sealed\":\"AAAA\"}"),
			 LUKS_REFUSED);
}

static void test_what_is_built_reads_back_the_same(void **state)
{
	_cleanup_free_ char *text = kms_with("none", NULL);
	_cleanup_luks_token_ struct luks_token *token = NULL;
	_cleanup_json_text_ char *again = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse(text, 0, &token, &reason), 0);
	assert_int_equal(luks_token_build(token, &again), 0);
	assert_string_equal(again, text);
}

static void test_the_largest_serial_survives(void **state)
{
	_cleanup_free_ char *text = kms_with("serial", "9007199254740991");
	_cleanup_luks_token_ struct luks_token *token = NULL, *second = NULL;
	_cleanup_json_text_ char *again = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse(text, 0, &token, &reason), 0);
	assert_true(token->serial == LIMIT_SERIAL);
	assert_int_equal(luks_token_build(token, &again), 0);
	assert_int_equal(luks_token_parse(again, 0, &second, &reason), 0);
	assert_true(second->serial == LIMIT_SERIAL);
}

static void test_a_card_token_is_built_with_its_passphrase(void **state)
{
	struct luks_token token = { .kind = LUKS_TOKEN_CARD, .keyslot = 2, .serial = 1, .created = TIME };
	_cleanup_json_text_ char *text = NULL;
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(32, &s), 0);
	for (unsigned char i = 0; i < 32; i++)
		secret_data(s)[i] = i;
	token.passphrase = s;
	assert_int_equal(luks_token_build(&token, &text), 0);
	assert_non_null(strstr(text, SECRET));
	assert_int_equal(parse(text), 0);
	json_free_text(take_ptr(text));
	token.passphrase = NULL;
	assert_true(luks_token_build(&token, &text) < 0);
	token.passphrase = s;
	secret_shorten(s, 31);
	assert_int_equal(luks_token_build(&token, &text), -EINVAL);
}

static void test_what_would_be_refused_is_not_built(void **state)
{
	static char place[] = "https://evil.example/", good[] = "prod", key[] = ID, text64[] = "QUJD";
	struct luks_token token = { .kind = LUKS_TOKEN_KMS, .keyslot = 2, .serial = 1, .created = TIME,
				    .profile = place, .key = key, .ciphertext = text64 };
	char *text = NULL;

	(void)state;
	assert_int_equal(luks_token_build(&token, &text), -EINVAL);
	assert_null(text);
	token.profile = good;
	token.keyslot = 32;
	assert_int_equal(luks_token_build(&token, &text), -EINVAL);
	token.keyslot = 31;
	assert_int_equal(luks_token_build(&token, &text), 0);
	json_free_text(text);
}

/* Nothing that a URL parser, a shell, a path or a header could make sense of. */
static const char *const places[] = {
	"\"https://evil.example\"",
	"\"http://evil.example/\"",
	"\"HTTPS://EVIL.EXAMPLE\"",
	"\"//evil.example\"",
	"\"\\\\\\\\evil.example\\\\share\"",
	"\"evil.example\"",
	"\"evil.example.\"",
	"\"evil:443\"",
	"\"user@evil\"",
	"\"user:pw@evil\"",
	"\"prod@evil\"",
	"\"[::1]\"",
	"\"127.0.0.1\"",
	"\"file:/etc/shadow\"",
	"\"/etc/shadow\"",
	"\"../../etc/shadow\"",
	"\"..\"",
	"\".\"",
	"\"~\"",
	"\"prod/../dr\"",
	"\"prod%2e%2e\"",
	"\"%00\"",
	"\"prod?x=1\"",
	"\"prod#x\"",
	"\"prod;x\"",
	"\"prod&x\"",
	"\"$(id)\"",
	"\"`id`\"",
	"\"prod dr\"",
	"\" prod\"",
	"\"prod \"",
	"\"prod\\n\"",
	"\"prod\\r\\nHost: evil\"",
	"\"prod\\u000d\\u000aX-Evil: 1\"",
	"\"prod\\u0000evil\"",
	"\"prod\\t\"",
	"\"prod\\\"\"",
	"\"pr\\u00f6d\"",
	"\"pr\xc3\xb6"
	"d\"",
	"\"prod\\ud83d\\ude00\"",
	"\"\\u202eprod\"",
	"\"*\"",
	"\"a,b\"",
	"\"kms:prod\"",
	"\"\"",
	"null",
	"true",
	"1",
	"[\"prod\"]",
	"{\"name\":\"prod\"}",
};

static void test_a_profile_or_key_that_could_be_a_place_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		if (parse_with("profile", places[i]) != LUKS_REFUSED)
			fail_msg("accepted as profile: %s", places[i]);
		if (parse_with("key", places[i]) != LUKS_REFUSED)
			fail_msg("accepted as key: %s", places[i]);
	}
}

struct wrong {
	const char *member, *value;
};

static const struct wrong wrongs[] = {
	{ "type", "\"clevis\"" },
	{ "type", "\"CEXLUKS\"" },
	{ "type", "\"cexluks \"" },
	{ "type", "1" },
	{ "type", NULL },
	{ "version", "2" },
	{ "version", "0" },
	{ "version", "\"1\"" },
	{ "version", "1.5" },
	{ "version", "-1" },
	{ "version", "null" },
	{ "version", NULL },
	{ "kind", "\"KMS\"" },
	{ "kind", "\"\"" },
	{ "kind", "\"tpm\"" },
	{ "kind", "0" },
	{ "kind", "\"card\"" },
	{ "kind", "\"credential\"" },
	{ "kind", NULL },
	{ "keyslots", "[\"1\",\"2\"]" },
	{ "keyslots", "[1]" },
	{ "keyslots", "[\"01\"]" },
	{ "keyslots", "[\"-1\"]" },
	{ "keyslots", "[\"+1\"]" },
	{ "keyslots", "[\" 1\"]" },
	{ "keyslots", "[\"32\"]" },
	{ "keyslots", "[\"4294967297\"]" },
	{ "keyslots", "[\"0x1\"]" },
	{ "keyslots", "[\":\"]" },
	{ "keyslots", "[\"1a\"]" },
	{ "keyslots", "[\"\"]" },
	{ "keyslots", "[null]" },
	{ "keyslots", "\"1\"" },
	{ "keyslots", "{}" },
	{ "keyslots", NULL },
	{ "profile", NULL },
	{ "key", NULL },
	{ "key", "\"a\"" },
	{ "ciphertext", "\"\"" },
	{ "ciphertext", "\"QUJ\"" },
	{ "ciphertext", "\"QUJD=\"" },
	{ "ciphertext", "\"QUJD\\n\"" },
	{ "ciphertext", "\"QU JD\"" },
	{ "ciphertext", "\"QUJ-\"" },
	{ "ciphertext", "\"QQ=Q\"" },
	{ "ciphertext", "\"QR==\"" },
	{ "ciphertext", "\"====\"" },
	{ "ciphertext", "\"QUJD\\u0000\"" },
	{ "ciphertext", "\"https://evil.example\"" },
	{ "ciphertext", "1" },
	{ "ciphertext", NULL },
	{ "aad", "1" },
	{ "aad", "\"true\"" },
	{ "aad", "null" },
	{ "aad", NULL },
	{ "serial", "0" },
	{ "serial", "-1" },
	{ "serial", "1.5" },
	{ "serial", "1e400" },
	{ "serial", "9007199254740993" },
	{ "serial", "18446744073709551617" },
	{ "serial", "\"3\"" },
	{ "serial", "NaN" },
	{ "serial", "Infinity" },
	{ "serial", "0x3" },
	{ "serial", "03" },
	{ "serial", NULL },
	{ "created", "\"2026-11-22\"" },
	{ "created", "\"2026-11-22T10:00:00\"" },
	{ "created", "\"2026-11-22 10:00:00Z\"" },
	{ "created", "\"2026-13-22T10:00:00Z\"" },
	{ "created", "\"2026-00-22T10:00:00Z\"" },
	{ "created", "\"2026-11-32T10:00:00Z\"" },
	{ "created", "\"2026-11-22T24:00:00Z\"" },
	{ "created", "\"2026-11-22T10:60:00Z\"" },
	{ "created", "\"2026-11-22T10:00:61Z\"" },
	{ "created", "\"2026-11-22T10:00:00+01:00\"" },
	{ "created", "\"-026-11-22T10:00:00Z\"" },
	{ "created", "1763805600" },
	{ "created", NULL },
};

static void test_each_member_has_one_type_and_shape(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++)
		if (parse_with(wrongs[i].member, wrongs[i].value) != LUKS_REFUSED)
			fail_msg("accepted: %s = %s", wrongs[i].member,
				 wrongs[i].value ? wrongs[i].value : "(absent)");
}

#define KMS "{" HEAD "\"kind\":\"kms\",\"profile\":\"prod\"," KMS_REST

static const char *const wholes[] = {
	"",
	" ",
	"{",
	"}",
	"{}",
	"[]",
	"[{}]",
	"null",
	"\"cexluks\"",
	KMS,
	KMS "}}",
	KMS "} x",
	KMS "}{}",
	KMS ",}",
	KMS ",\"url\":\"https://evil.example\"}",
	KMS ",\"endpoint\":\"evil.example\"}",
	KMS ",\"host\":\"evil.example\"}",
	KMS ",\"iam-endpoint\":\"evil.example\"}",
	KMS ",\"headers\":{\"Authorization\":\"x\"}}",
	KMS ",\"proxy\":\"evil.example\"}",
	KMS ",\"ca-file\":\"/tmp/ca\"}",
	KMS ",\"address\":\"203.0.113.7\"}",
	KMS ",\"instance\":\"" ID "\"}",
	KMS ",\"Profile\":\"prod\"}",
	KMS ",\"\":\"\"}",
	KMS ",\"passphrase\":\"" SECRET "\"}",
	KMS ",\"sealed\":\"AAAA\"}",
	KMS ",\"comment\":null}",
	KMS ",\"profile\":\"dr\"}",
	KMS ",\"kind\":\"card\"}",
	KMS ",\"type\":\"cexluks\"}",
	KMS ",\"prof\\u0069le\":\"dr\"}",
	KMS ",\"end\\u0070oint\":\"evil.example\"}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":'prod'," KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",profile:\"prod\"," KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":\"prod\",/* */" KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":\"pr\nod\"," KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":\"\xff\xfe\"," KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":\"\xc0\xae\"," KMS_REST "}",
	"{" HEAD "\"kind\":\"kms\",\"profile\":\"\\ud800\"," KMS_REST "}",
	"\xef\xbb\xbf" KMS "}",
	"{" HEAD "\"kind\":\"card\"," HISTORY "}",
	"{" HEAD "\"kind\":\"card\",\"passphrase\":\"QUJD\"," HISTORY "}",
	"{" HEAD "\"kind\":\"card\",\"passphrase\":\"" SECRET SECRET "\"," HISTORY "}",
	"{" HEAD "\"kind\":\"card\",\"passphrase\":\"\"," HISTORY "}",
	"{" HEAD "\"kind\":\"card\",\"passphrase\":\"" SECRET "\"}",
	"{" HEAD "\"kind\":\"card\",\"passphrase\":\"" SECRET "\",\"profile\":\"prod\"," HISTORY "}",
	"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"credential\",\"sealed\":\"AAAA\"}",
	"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"credential\",\"profile\":\"prod\"}",
	"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"credential\",\"profile\":\"prod\","
	"\"sealed\":\"A\"}",
	"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"credential\",\"profile\":\"prod\","
	"\"sealed\":\"AAAA\",\"url\":\"x\"}",
	"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}",
};

static void test_text_that_is_not_exactly_one_token_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wholes); i++)
		if (parse(wholes[i]) != LUKS_REFUSED)
			fail_msg("accepted: %s", wholes[i]);
}

static void test_every_shorter_beginning_of_a_token_is_refused(void **state)
{
	_cleanup_free_ char *text = kms_with("none", NULL);

	(void)state;
	for (size_t len = strlen(text) - 1; len; len--) {
		text[len] = '\0';
		assert_int_equal(parse(text), LUKS_REFUSED);
	}
}

static void test_every_changed_byte_is_read_the_same_or_refused(void **state)
{
	_cleanup_free_ char *good = kms_with("none", NULL);
	size_t len = strlen(good);

	(void)state;
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			_cleanup_luks_token_ struct luks_token *token = NULL;
			_cleanup_free_ char *text = strdup(good);
			struct luks_reason reason;

			text[i] = (char)(text[i] ^ (1 << bit));
			if (!text[i] || luks_token_parse(text, 0, &token, &reason))
				continue;
			/* Accepted: then every name is still a plain one. */
			assert_int_equal(strspn(token->profile, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNO"
								"PQRSTUVWXYZ0123456789_-"),
					 strlen(token->profile));
		}
}

static void test_size_limits_are_exact(void **state)
{
	_cleanup_free_ char *text = calloc(1, 64 << 10), *value = calloc(1, 64 << 10);
	_cleanup_free_ char *empty = kms_with("ciphertext", "\"\"");
	size_t room = LIMIT_TOKEN_JSON - strlen(empty);

	(void)state;
	value[0] = '"';
	memset(value + 1, 'A', room / 4 * 4);
	value[1 + room / 4 * 4] = '"';
	assert_int_equal(parse_with("ciphertext", value), 0);
	memset(value + 1, 'A', room / 4 * 4 + 4);
	value[1 + room / 4 * 4 + 4] = '"';
	assert_int_equal(parse_with("ciphertext", value), LUKS_REFUSED);
	/* white space counts too */
	strcpy(text, KMS "}");
	memset(text + strlen(text), ' ', LIMIT_TOKEN_JSON - strlen(text));
	assert_int_equal(parse(text), 0);
	text[LIMIT_TOKEN_JSON] = ' ';
	assert_int_equal(parse(text), LUKS_REFUSED);
}

static void test_name_limits_are_exact(void **state)
{
	char value[128];

	(void)state;
	for (size_t max = LIMIT_ID; max <= LIMIT_ID + 1; max++) {
		(void)snprintf(value, sizeof(value), "\"%0*d\"", (int)max, 0);
		assert_int_equal(parse_with("profile", value), max == LIMIT_ID ? 0 : LUKS_REFUSED);
	}
	for (size_t max = LIMIT_ALIAS_MAX; max <= LIMIT_ALIAS_MAX + 1; max++) {
		(void)snprintf(value, sizeof(value), "\"%0*d\"", (int)max, 0);
		assert_int_equal(parse_with("key", value), max == LIMIT_ALIAS_MAX ? 0 : LUKS_REFUSED);
	}
}

static void test_an_interrupted_bind_is_readable(void **state)
{
	_cleanup_free_ char *text = kms_with("keyslots", "[]");
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse(text, 0, &token, &reason), 0);
	assert_int_equal(token->keyslot, -1);
}

/* libcryptsetup writes names without escapes; a name that is the same after decoding is the same. */
static void test_an_escaped_name_is_the_name_it_stands_for(void **state)
{
	(void)state;
	assert_int_equal(parse("{" HEAD "\"kind\":\"kms\",\"prof\\u0069le\":\"prod\"," KMS_REST "}"), 0);
	assert_int_equal(parse("{" HEAD "\"kind\":\"kms\",\"prof\\u0069le\":\"a.b\"," KMS_REST "}"),
			 LUKS_REFUSED);
}

static void test_the_reason_names_the_member_but_quotes_nothing_strange(void **state)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_token_parse(KMS ",\"endpoint\":\"x\"}", 7, &token, &reason), LUKS_REFUSED);
	assert_string_equal(reason.text, "token 7 has the unknown member 'endpoint'");
	assert_int_equal(luks_token_parse("{" HEAD "\"kind\":\"kms\"}", 7, &token, &reason), LUKS_REFUSED);
	assert_string_equal(reason.text, "token 7 lacks the member 'profile'");
	assert_int_equal(luks_token_parse(KMS ",\"a\x1b[31m\":\"x\"}", 7, &token, &reason), LUKS_REFUSED);
	assert_null(strchr(reason.text, 0x1b));
	assert_int_equal(luks_token_parse(KMS ",\"https://evil\":\"x\"}", 7, &token, &reason),
			 LUKS_REFUSED);
	assert_string_equal(reason.text, "token 7 has the unknown member '?'");
}

/* Files in tests/fixtures/token: good-* must be read, bad-* must be refused. */
static void test_fixtures_say_by_their_names_what_they_are(void **state)
{
	_cleanup_closedir_ DIR *dir = opendir("tests/fixtures/token");
	const struct dirent *entry;
	unsigned n = 0;

	(void)state;
	if (!dir) {
		print_message("SKIP: run from the top of the source tree\n");
		skip();
	}
	while ((entry = readdir(dir))) {
		_cleanup_free_ char *text = NULL;
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "tests/fixtures/token/%s", entry->d_name);
		assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
		if (parse(text) != (strncmp(entry->d_name, "good-", 5) ? LUKS_REFUSED : 0))
			fail_msg("%s", entry->d_name);
		n++;
	}
	assert_true(n >= 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kms_token_is_read),
		cmocka_unit_test(test_a_card_token_is_read_into_locked_memory),
		cmocka_unit_test(test_a_credential_token_is_read_and_has_no_keyslot),
		cmocka_unit_test(test_what_is_built_reads_back_the_same),
		cmocka_unit_test(test_the_largest_serial_survives),
		cmocka_unit_test(test_a_card_token_is_built_with_its_passphrase),
		cmocka_unit_test(test_what_would_be_refused_is_not_built),
		cmocka_unit_test(test_a_profile_or_key_that_could_be_a_place_is_refused),
		cmocka_unit_test(test_each_member_has_one_type_and_shape),
		cmocka_unit_test(test_text_that_is_not_exactly_one_token_is_refused),
		cmocka_unit_test(test_every_shorter_beginning_of_a_token_is_refused),
		cmocka_unit_test(test_every_changed_byte_is_read_the_same_or_refused),
		cmocka_unit_test(test_size_limits_are_exact),
		cmocka_unit_test(test_name_limits_are_exact),
		cmocka_unit_test(test_an_interrupted_bind_is_readable),
		cmocka_unit_test(test_an_escaped_name_is_the_name_it_stands_for),
		cmocka_unit_test(test_the_reason_names_the_member_but_quotes_nothing_strange),
		cmocka_unit_test(test_fixtures_say_by_their_names_what_they_are),
	};

	return cmocka_run_group_tests_name("luks/token", tests, setup, NULL);
}
