/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /etc/hpcs-for-luks.ini: read as Python read it, and kept as a secret. */
#include "op/tree.h"

#include "op/config.h"
#include "op/config-old.h"
#include "op/prove.h"

#define INI "/etc/hpcs-for-luks.ini"
#define I   "01234567-89ab-cdef-0123-456789abcdef"
#define K   "fedcba98-7654-3210-fedc-ba9876543210"
#define MIN                                                                                        \
	"[KP]\nregion = us-east\nendpoint_url = https://api.us-east.hs-crypto.cloud.ibm.com:9730\n" \
	"service_instance_id = " I "\n"
#define ALL MIN "api_key = AB0CdEfGHijKlMN--12OPq\ndefault_crk_uuid = " K "\n"

static struct config *good(struct tree *t, const char *text)
{
	struct config *c = NULL;
	struct verdict v = { 0 };

	tree_put_bytes(t, INI, text, strlen(text), 0600);
	if (config_load(t->root, NULL, &c, &v) != OUTCOME_OK)
		fail_msg("refused: %s\n%s", v.cause, text);
	assert_non_null(c);
	assert_true(c->old_format);
	assert_int_equal(c->n_profiles, 1);
	return c;
}

static void bad(struct tree *t, const char *text, mode_t mode, const char *expected)
{
	_cleanup_config_ struct config *c = NULL;
	struct verdict v = { 0 };

	tree_put_bytes(t, INI, text, strlen(text), mode);
	assert_int_equal(config_load(t->root, NULL, &c, &v), OUTCOME_CONFIG_ERROR);
	if (!strstr(v.cause, expected) && !strstr(v.hint, expected))
		fail_msg("\"%s\", \"%s\" lack \"%s\"", v.cause, v.hint, expected);
	assert_null(strstr(v.cause, "AB0Cd"));
}

static void test_it_becomes_the_profile_default(void **state)
{
	_cleanup_config_ struct config *c = good(*state, ALL);
	const struct kms_profile *p = &c->profiles[0].kms;

	assert_string_equal(p->name, "default");
	assert_int_equal(p->service, KMS_SERVICE_HPCS);
	assert_string_equal(p->endpoint, "https://api.us-east.hs-crypto.cloud.ibm.com:9730");
	assert_string_equal(p->iam_endpoint, "https://iam.cloud.ibm.com");
	assert_string_equal(p->instance, I);
	assert_string_equal(p->root_key, K);
	assert_string_equal(c->profiles[0].api_key_source, "");
	assert_int_equal(p->n_api_keys, 1);
	assert_int_equal(secret_len(p->api_keys[0]), 22);
	assert_memory_equal(secret_bytes(p->api_keys[0]), "AB0CdEfGHijKlMN--12OPq", 22);
}

static void test_python_took_all_this_too(void **state)
{
	_cleanup_config_ struct config *c =
		good(*state, "# comment\n; another\n[other]\napi_key = theirs\n\n[KP]\r\n"
			     "\tAPI_Key: mine ; of 2021\r\n"
			     "  endpoint_url=https://eu-de.kms.cloud.ibm.com/\n"
			     "\tiam_endpoint_url = https://private.iam.cloud.ibm.com\n"
			     "  service_instance_id = " I " # the old one\nwhat_is_this = 1\n"
			     "default_crk_uuid =\n\n[HFL]\nwipe = 1\nendpoint_url = http://nowhere\nno key");
	const struct kms_profile *p = &c->profiles[0].kms;

	assert_int_equal(p->service, KMS_SERVICE_KEY_PROTECT);
	assert_string_equal(p->endpoint, "https://eu-de.kms.cloud.ibm.com");
	assert_string_equal(p->iam_endpoint, "https://private.iam.cloud.ibm.com");
	assert_memory_equal(secret_bytes(p->api_keys[0]), "mine", 4);
	assert_int_equal(secret_len(p->api_keys[0]), 4);
	assert_null(p->root_key);
}

static void test_a_tpm_is_a_source_and_no_key(void **state)
{
	_cleanup_config_ struct config *c = good(*state, MIN "api_key = TPM\n");

	assert_string_equal(c->profiles[0].api_key_source, "tpm:/var/lib/hpcs-for-luks/api-key-blob.txt");
	assert_int_equal(c->profiles[0].kms.n_api_keys, 0);
}

static void test_a_placeholder_is_no_root_key_and_the_verdict_says_what_to_edit(void **state)
{
	_cleanup_config_ struct config *c = good(*state, MIN "api_key = k\ndefault_crk_uuid = placeholder\n");
	struct verdict v = { 0 };

	assert_null(c->profiles[0].kms.root_key);
	assert_int_equal(prove_root_key(&c->profiles[0], &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "default_crk_uuid in /etc/hpcs-for-luks.ini"));
}

static void test_the_first_ca_bundle_that_exists_counts(void **state)
{
	static const char *const bundles[] = { "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt",
					       "/etc/ssl/certs/ca-certificates.crt" };

	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++) {
		_cleanup_config_ struct config *c = NULL;

		tree_put(*state, bundles[i], "");
		c = good(*state, ALL);
		assert_string_equal(c->profiles[0].kms.ca_file, bundles[i]);
	}
}

static void test_who_else_may_read_or_change_it(void **state)
{
	bad(*state, ALL, 0644, "chmod 0600");
	bad(*state, ALL, 0604, "chmod 0600");
	bad(*state, ALL, 0601, "chmod 0600");
	bad(*state, ALL, 0660, "chmod go-w");
	tree_put_bytes(*state, INI, ALL, strlen(ALL), 0640);
	config_free(good(*state, ALL));
}

static void test_what_is_missing_or_wrong_is_named(void **state)
{
	bad(*state, MIN, 0600, "api_key");
	bad(*state, "[KP]\napi_key = k\nservice_instance_id = " I "\n", 0600, "endpoint_url");
	bad(*state, "[KP]\napi_key = k\nendpoint_url = https://h\n", 0600, "service_instance_id");
	bad(*state, "api_key = k\n", 0600, "section [KP]");
	bad(*state, "", 0600, "empty");
	bad(*state, MIN "api_key = AB0Cd EfG\n", 0600, "line 5: api_key is not an API key");
	bad(*state, MIN "api_key = AB0Cd\napi_key = AB0Cd\n", 0600, "line 6: api_key is given twice");
	bad(*state, ALL "endpoint_url = https://h\n", 0600, "line 7: endpoint_url is given twice");
	bad(*state, MIN "AB0CdEfG\n", 0600, "line 5: the line is not");
	bad(*state, "[KP]\nendpoint_url = http://h\n", 0600, "line 2: endpoint_url");
	bad(*state, "[KP]\nservice_instance_id = x\n", 0600, "line 2: service_instance_id is not");
	bad(*state, "[KP]\ndefault_crk_uuid = what is this\n", 0600, "line 2: default_crk_uuid is neither");
}

static void test_cexluks_conf_counts_where_both_are(void **state)
{
	_cleanup_config_ struct config *c = NULL, *old = NULL;
	struct verdict v = { 0 };

	tree_put_bytes(*state, INI, ALL, strlen(ALL), 0600);
	tree_put(*state, CONFIG_PATH, "");
	assert_int_equal(config_load(((struct tree *)*state)->root, NULL, &c, &v), OUTCOME_OK);
	assert_false(c->old_format);
	assert_int_equal(c->n_profiles, 0);
	assert_int_equal(config_load_old(((struct tree *)*state)->root, &old, &v), OUTCOME_OK);
	assert_true(old->old_format);
}

static void test_neither_is_nothing_to_do(void **state)
{
	_cleanup_config_ struct config *c = NULL;
	struct verdict v = { 0 };

	assert_int_equal(config_load(((struct tree *)*state)->root, NULL, &c, &v), OUTCOME_NOTHING_TO_DO);
	assert_non_null(strstr(v.cause, CONFIG_PATH));
	assert_null(c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_it_becomes_the_profile_default),
		TEST(test_python_took_all_this_too),
		TEST(test_a_tpm_is_a_source_and_no_key),
		TEST(test_a_placeholder_is_no_root_key_and_the_verdict_says_what_to_edit),
		TEST(test_the_first_ca_bundle_that_exists_counts),
		TEST(test_who_else_may_read_or_change_it),
		TEST(test_what_is_missing_or_wrong_is_named),
		TEST(test_cexluks_conf_counts_where_both_are),
		TEST(test_neither_is_nothing_to_do),
	};

	return cmocka_run_group_tests_name("op/config-old", tests, NULL, NULL);
}
