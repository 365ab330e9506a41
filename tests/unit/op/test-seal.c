/* SPDX-License-Identifier: GPL-2.0-or-later */
/* credential seal, and the source "sealed:", over the fixture trees with a card that makes keys. */
#include "op/sealing-card.h"

#include "op/credential-set.h"
#include "op/credential.h"
#include "op/fake-pkey.h"
#include "op/image.h"
#include "op/seal.h"

#define ID   "01234567-89ab-cdef-0123-456789abcdef"
#define PROD "[kms prod]\nendpoint = https://a.test\ninstance = " ID "\nca-file = /ca\napi-key = "
#define DR   "[kms dr]\nendpoint = https://b.test\ninstance = " ID "\nca-file = /ca\napi-key = "

static struct fake_pkey fake;
static const struct cex_pkey_calls calls = FAKE_PKEY_CALLS(&fake);

static int setup(void **state)
{
	int r = seal_setup(state);
	struct tree *t = *state;

	fake = (struct fake_pkey){ .queues = { .n = 1, .list = { { 0x00, 0x47 } } } };
	cex_pkey_set_calls(&calls);
	cards_are(t, "emulated");
	tree_put(t, "/ca", "-----BEGIN CERTIFICATE-----\n");
	tree_put_bytes(t, "/key", "the-api-key\n", 12, 0600);
	return r;
}

static void config_is(struct tree *t, const char *text)
{
	tree_put(t, "/etc/cexluks/cexluks.conf", text);
}

static enum outcome seal(struct tree *t, const char *profile, const char *output, struct verdict *v)
{
	const struct seal_request request = { .sysroot = t->root, .profile = profile, .output = output,
					      .timeout_ms = 1000 };
	struct seal_result result;

	return op_seal(&request, &result, v);
}

static struct config *config_of(struct tree *t)
{
	struct config *c = NULL;
	struct verdict v = { 0 };

	if (config_load(t->root, NULL, &c, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	return c;
}

static enum outcome load(struct tree *t, struct config *c, struct verdict *v)
{
	return credential_load(t->root, &c->profiles[0], deadline_after(1000), v);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

/* What sealed_as_prod() left is where the configuration looks. */
static void sealed_as_prod(struct tree *t)
{
	struct verdict v = { 0 };

	config_is(t, PROD "file:/key\n");
	if (seal(t, "prod", NULL, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(unlink(tree_path(t, "/key")), 0);
	config_is(t, PROD "sealed:/etc/cexluks/prod.sealed\n");
}

static void test_a_sealed_key_replaces_the_file(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = NULL;
	struct verdict v = { 0 };

	sealed_as_prod(t);
	assert_int_equal(mode_of(tree_path(t, "/etc/cexluks/prod.sealed")), 0600);
	c = config_of(t);
	if (load(t, c, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(c->profiles[0].kms.n_api_keys, 1);
	assert_int_equal(secret_len(c->profiles[0].kms.api_keys[0]), 11);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[0]), "the-api-key", 11);
	assert_false(c->profiles[0].old_master_key);
	/* one token of 256 bits for CBC, made for this and nothing else */
	assert_int_equal(fake.makes, 1);
	assert_int_equal(fake.wish.size, 256);
	assert_int_equal(fake.wish.type, PKEY_TYPE_CCA_CIPHER);
}

static void test_nothing_is_overwritten_and_nothing_is_half_made(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };
	char there[PATH_MAX], new[PATH_MAX];

	(void)snprintf(there, sizeof(there), "%s/ca", t->root);
	(void)snprintf(new, sizeof(new), "%s/new", t->root);
	config_is(t, PROD "file:/key\n");
	assert_int_equal(seal(t, "prod", there, &v), OUTCOME_USAGE);
	assert_non_null(strstr(v.cause, "exists already"));
	assert_int_equal(seal(t, "prod", "relative", &v), OUTCOME_USAGE);
	assert_int_equal(seal(t, "dr", new, &v), OUTCOME_CONFIG_ERROR);
	assert_int_equal(fake.makes, 0);
	kernel.encrypt = CEX_CARD_ERROR;
	assert_int_equal(seal(t, "prod", new, &v), OUTCOME_CARD_OFFLINE);
	kernel.encrypt = 0;
	cards_are(t, "no-card");
	assert_int_equal(seal(t, "prod", new, &v), OUTCOME_NO_CARD);
	cards_are(t, "emulated");
	assert_int_equal(unlink(tree_path(t, "/key")), 0);
	assert_int_equal(seal(t, "prod", new, &v), OUTCOME_CREDENTIAL_MISSING);
	assert_int_equal(access(new, F_OK), -1);
}

static void test_the_file_is_for_its_owner_alone(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0660 };
	struct tree *t = *state;

	sealed_as_prod(t);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_config_ struct config *c = config_of(t);
		struct verdict v = { 0 };

		assert_int_equal(chmod(tree_path(t, "/etc/cexluks/prod.sealed"), modes[i]), 0);
		assert_int_equal(load(t, c, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.hint, "chmod 0600"));
		assert_int_equal(credential_look(t->root, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
	}
}

static void test_what_is_no_sealed_key_is_refused_by_name(void **state)
{
	static const char *const texts[] = { "", "the-api-key\n", "CEXLUKS" };
	struct tree *t = *state;
	char large[LIMIT_SEALED_KEY + 1] = "";

	sealed_as_prod(t);
	for (size_t i = 0; i <= ARRAY_SIZE(texts); i++) {
		_cleanup_config_ struct config *c = config_of(t);
		bool last = i == ARRAY_SIZE(texts);
		struct verdict v = { 0 };

		tree_put_bytes(t, "/etc/cexluks/prod.sealed", last ? large : texts[i],
			       last ? sizeof(large) : strlen(texts[i]), 0600);
		assert_int_equal(load(t, c, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.cause, "/etc/cexluks/prod.sealed"));
		assert_non_null(strstr(v.hint, "credential seal prod"));
		assert_int_equal(c->profiles[0].kms.n_api_keys, 0);
	}
}

/* Swapped files would send one service's key to the other one. */
static void test_another_profile_may_not_use_it(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = NULL;
	struct verdict v = { 0 };

	sealed_as_prod(t);
	config_is(t, DR "sealed:/etc/cexluks/prod.sealed\n");
	c = config_of(t);
	assert_int_equal(load(t, c, &v), OUTCOME_CREDENTIAL_UNUSABLE);
	assert_non_null(strstr(v.cause, "another profile"));
	assert_int_equal(c->profiles[0].kms.n_api_keys, 0);
}

static void test_a_card_that_refuses_is_not_passed_over(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *first = NULL, *second = NULL;
	struct verdict v = { 0 };

	sealed_as_prod(t);
	tree_put_bytes(t, "/spare", "spare", 5, 0600);
	cards_are(t, "deconfigured");
	config_is(t, PROD "sealed:/etc/cexluks/prod.sealed, file:/spare\n");
	first = config_of(t);
	assert_int_equal(load(t, first, &v), OUTCOME_CARD_OFFLINE);
	assert_int_equal(first->profiles[0].kms.n_api_keys, 0);
	/* behind another source it is only warned of */
	config_is(t, PROD "file:/spare, sealed:/etc/cexluks/prod.sealed\n");
	second = config_of(t);
	assert_int_equal(load(t, second, &v), OUTCOME_OK);
	assert_int_equal(second->profiles[0].kms.n_api_keys, 1);
}

static void note(const char *line, void *userdata)
{
	strcat(userdata, line);
	strcat(userdata, "|");
}

/* Images are made where no card is: the file is looked at, and nobody is asked to open it. */
static void test_an_image_takes_the_file_without_a_card(void **state)
{
	struct tree *t = *state;
	struct boot_request request = { .sysroot = t->root };
	struct verdict v = { 0 };
	char lines[512] = "";

	sealed_as_prod(t);
	cards_are(t, "no-ap-bus");
	fake.verifies = 0;
	if (op_image_files(&request, note, lines, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_string_equal(lines, "/etc/cexluks/cexluks.conf|/ca|/etc/cexluks/prod.sealed|");
	assert_int_equal(fake.verifies, 0);
	tree_put_bytes(t, "/etc/cexluks/prod.sealed", "broken", 6, 0600);
	assert_int_equal(op_image_files(&request, note, lines, &v), OUTCOME_CREDENTIAL_UNUSABLE);
}

/* --- renewal -------------------------------------------------------------------------------- */

static struct verdict last_told;
static unsigned times_told;

static void told(const char *source, const struct verdict *v)
{
	(void)source;
	last_told = *v;
	times_told++;
}

static enum outcome renew(struct tree *t, struct verdict *v)
{
	const struct credential_request request = { .sysroot = t->root, .profile = "prod", .timeout_ms = 1000,
						    .told = told };

	times_told = 0;
	return op_credential_renew(&request, v);
}

static char *sealed_bytes(struct tree *t)
{
	char *bytes = NULL;

	assert_int_equal(file_read(tree_path(t, "/etc/cexluks/prod.sealed"), LIMIT_SEALED_KEY, &bytes, NULL), 0);
	return bytes;
}

static void test_what_opens_with_the_old_master_key_is_sealed_anew(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = NULL, *after = NULL;
	_cleanup_free_ char *before = NULL, *renewed = NULL;
	struct verdict v = { 0 };

	sealed_as_prod(t);
	before = sealed_bytes(t);
	assert_int_equal(renew(t, &v), OUTCOME_NOTHING_TO_DO);
	assert_int_equal(times_told, 1);
	fake.old = true;
	fake.makes = 0;
	c = config_of(t);
	assert_int_equal(load(t, c, &v), OUTCOME_OK);
	assert_true(c->profiles[0].old_master_key);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[0]), "the-api-key", 11);
	if (renew(t, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(fake.makes, 1); /* a new secure key, not the old one again */
	renewed = sealed_bytes(t);
	assert_memory_not_equal(before, renewed, 76);
	fake.old = false;
	after = config_of(t);
	assert_int_equal(load(t, after, &v), OUTCOME_OK);
	assert_false(after->profiles[0].old_master_key);
	assert_memory_equal(secret_bytes(after->profiles[0].kms.api_keys[0]), "the-api-key", 11);
}

static void test_a_renewal_that_fails_leaves_the_seal_as_it_was(void **state)
{
	static const int errors[] = { EIO, EBUSY, ENODEV };
	struct tree *t = *state;
	_cleanup_free_ char *before = NULL;

	sealed_as_prod(t);
	before = sealed_bytes(t);
	fake.old = true;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		_cleanup_free_ char *now = NULL;
		struct verdict v = { 0 };

		fake.make_error = errors[i];
		assert_int_not_equal(renew(t, &v), OUTCOME_OK);
		assert_int_not_equal(v.outcome, OUTCOME_NOTHING_TO_DO);
		now = sealed_bytes(t);
		assert_memory_equal(before, now, 76 + 4 + 136 + 11 + 16);
	}
}

/* --- spares --------------------------------------------------------------------------------- */

static void test_a_spare_stands_behind_its_source_and_never_in_its_way(void **state)
{
	struct tree *t = *state;
	struct boot_request request = { .sysroot = t->root };
	_cleanup_config_ struct config *both = NULL, *broken = NULL, *alone = NULL;
	struct verdict v = { 0 };
	char lines[512] = "";

	config_is(t, PROD "file:/key, file:/b\n");
	tree_put_bytes(t, "/key.old", "before", 6, 0600);
	tree_put_bytes(t, "/b", "second", 6, 0600);
	both = config_of(t);
	assert_int_equal(load(t, both, &v), OUTCOME_OK);
	assert_int_equal(both->profiles[0].kms.n_api_keys, 3);
	assert_memory_equal(secret_bytes(both->profiles[0].kms.api_keys[1]), "before", 6);
	assert_memory_equal(secret_bytes(both->profiles[0].kms.api_keys[2]), "second", 6);
	assert_int_equal(op_image_files(&request, note, lines, &v), OUTCOME_OK);
	assert_string_equal(lines, "/etc/cexluks/cexluks.conf|/ca|/key|/key.old|/b|");
	tree_put_bytes(t, "/key.old", "before", 6, 0644);
	broken = config_of(t);
	assert_int_equal(load(t, broken, &v), OUTCOME_OK);
	assert_int_equal(broken->profiles[0].kms.n_api_keys, 2);
	/* what is in the way of its source is not made up for */
	tree_put_bytes(t, "/key", "the-api-key\n", 12, 0644);
	alone = config_of(t);
	assert_int_equal(load(t, alone, &v), OUTCOME_CREDENTIAL_UNUSABLE);
	assert_int_equal(alone->profiles[0].kms.n_api_keys, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, seal_teardown)
		T(test_a_sealed_key_replaces_the_file),
		T(test_nothing_is_overwritten_and_nothing_is_half_made),
		T(test_the_file_is_for_its_owner_alone),
		T(test_what_is_no_sealed_key_is_refused_by_name),
		T(test_another_profile_may_not_use_it),
		T(test_a_card_that_refuses_is_not_passed_over),
		T(test_an_image_takes_the_file_without_a_card),
		T(test_what_opens_with_the_old_master_key_is_sealed_anew),
		T(test_a_renewal_that_fails_leaves_the_seal_as_it_was),
		T(test_a_spare_stands_behind_its_source_and_never_in_its_way),
	};

	return cmocka_run_group_tests_name("op/seal", tests, NULL, NULL);
}
