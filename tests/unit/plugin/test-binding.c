/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tokens as the plug-in sees them: what the helper writes is read, and what could be more than a name is not. */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "luks/token.h"
#include "plugin/binding.h"

#define TIME	"2026-11-22T10:00:00Z"
#define HEAD	"{\"type\":\"cexluks\",\"keyslots\":[\"1\"],\"version\":1,"
#define HISTORY ",\"serial\":3,\"created\":\"" TIME "\"}"
#define KMS	HEAD "\"kind\":\"kms\",\"profile\":\"prod\",\"key\":\"a-key\",\"ciphertext\":\"QUJD\",\"aad\":true"

static void assert_refused(const char *json)
{
	struct plugin_binding b = { .name = "untouched" };

	if (plugin_binding_parse(json, &b) != -EINVAL)
		fail_msg("%s", json);
	assert_string_equal(b.name, "untouched");
}

static void test_what_the_helper_writes_is_read(void **state)
{
	struct luks_token token = {
		.kind = LUKS_TOKEN_KMS, .keyslot = 1, .profile = (char[]){ "prod-1_x" }, .key = (char[]){ "a-key" },
		.ciphertext = (char[]){ "QUJD" }, .aad = true, .serial = 9007199254740991, .created = TIME,
	};
	_cleanup_json_text_ char *json = NULL;
	struct plugin_binding b;

	(void)state;
	assert_int_equal(luks_token_build(&token, &json), 0);
	assert_int_equal(plugin_binding_parse(json, &b), 0);
	assert_string_equal(b.name, "kms:prod-1_x");
	assert_true(b.opens);
	assert_true(b.aad);
	assert_string_equal(b.key, "a-key");
	assert_true(b.serial == 9007199254740991);
	assert_string_equal(b.created, TIME);
}

static void test_a_card_and_a_credential(void **state)
{
	struct plugin_binding b;

	(void)state;
	assert_int_equal(plugin_binding_parse(HEAD "\"kind\":\"card\",\"passphrase\":\"AA==\"" HISTORY, &b), 0);
	assert_string_equal(b.name, "card");
	assert_true(b.opens);
	assert_string_equal(b.key, "");
	assert_int_equal(plugin_binding_parse(HEAD "\"kind\":\"credential\",\"profile\":\"p\",\"sealed\":\"AA==\"}", &b), 0);
	assert_string_equal(b.name, "credential:p");
	assert_false(b.opens);
	assert_int_equal(b.serial, 0);
}

static void test_a_name_is_a_name_up_to_its_limit(void **state)
{
	char json[400], profile[LIMIT_ID + 2];
	struct plugin_binding b;

	(void)state;
	for (size_t n = LIMIT_ID; n <= LIMIT_ID + 1; n++) {
		memset(profile, 'p', n);
		profile[n] = '\0';
		(void)snprintf(json, sizeof(json), HEAD "\"kind\":\"credential\",\"profile\":\"%s\"}", profile);
		assert_int_equal(plugin_binding_parse(json, &b), n == LIMIT_ID ? 0 : -EINVAL);
	}
	assert_int_equal(strlen(b.name), strlen("credential:") + LIMIT_ID);
}

static void test_what_is_more_than_a_name_is_refused(void **state)
{
	static const char *const profiles[] = { "", "a b", "a/b", "a:b", "a\\nb", "a\\u001b[0m", "\xc3\xa4" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		char json[400];

		(void)snprintf(json, sizeof(json),
			       HEAD "\"kind\":\"kms\",\"profile\":\"%s\",\"key\":\"a-key\",\"aad\":true" HISTORY,
			       profiles[i]);
		assert_refused(json);
	}
	assert_refused(HEAD "\"kind\":\"kms\",\"profile\":\"p\",\"key\":\"https://x/\",\"aad\":true" HISTORY);
	assert_refused(HEAD "\"kind\":\"card\",\"serial\":3,\"created\":\"\\u001b]0;owned\\u0007 0000000\"}");
	assert_refused(HEAD "\"kind\":\"card\",\"serial\":0,\"created\":\"" TIME "\"}");
}

static void test_what_is_no_token_of_ours_is_refused(void **state)
{
	static char large[LIMIT_TOKEN_JSON + 2];

	(void)state;
	assert_refused("");
	assert_refused("[]");
	assert_refused("\"cexluks\"");
	assert_refused(KMS);
	assert_refused("{\"type\":\"clevis\",\"keyslots\":[],\"version\":1,\"kind\":\"card\"" HISTORY);
	assert_refused("{\"type\":\"cexluks\",\"keyslots\":[],\"version\":2,\"kind\":\"card\"" HISTORY);
	assert_refused(HEAD "\"kind\":\"other\",\"profile\":\"p\"" HISTORY);
	assert_refused(HEAD "\"profile\":\"p\"" HISTORY);
	assert_refused(KMS ",\"profile\":\"other\"" HISTORY);
	memset(large, ' ', sizeof(large) - 1);
	memcpy(large, KMS HISTORY, strlen(KMS HISTORY));
	assert_refused(large);
	large[LIMIT_TOKEN_JSON] = '\0';
	assert_int_equal(plugin_binding_parse(large, &(struct plugin_binding){ 0 }), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_helper_writes_is_read),
		cmocka_unit_test(test_a_card_and_a_credential),
		cmocka_unit_test(test_a_name_is_a_name_up_to_its_limit),
		cmocka_unit_test(test_what_is_more_than_a_name_is_refused),
		cmocka_unit_test(test_what_is_no_token_of_ours_is_refused),
	};

	return cmocka_run_group_tests_name("plugin/binding", tests, NULL, NULL);
}
