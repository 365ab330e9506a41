/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/paes.h"

#include "base/attributes.h"
#include "luks/scratch.h"

static enum outcome take(const struct blob *b, const char *cipher, struct volume_key *key,
			 struct verdict *v)
{
	return volume_key_take(blob_secret(b), cipher, key, v);
}

static void test_only_what_a_master_key_wraps_is_secure(void **state)
{
	const struct {
		struct blob blob;
		const char *cipher;
		enum outcome outcome;
		bool secure;
		const char *cause;
	} rows[] = {
		{ blob_pair(), "paes-xts-plain64", OUTCOME_OK, true, "CCA-AESCIPHER" },
		{ blob_ep11(false), "paes-xts-plain64", OUTCOME_OK, true, "EP11-AES" },
		{ blob_lookalike(), "paes-cbc-plain64", OUTCOME_OK, true, "CCA-AESDATA" },
		{ blob_lookalike(), "paes-xts-plain64", OUTCOME_OK, false, "no secure key: 64 bytes" },
		{ blob_protected(), "paes-xts-plain64", OUTCOME_OK, false, "a protected key" },
		{ blob_clear_token(), "paes-xts-plain64", OUTCOME_OK, false, "a clear key" },
		{ blob_truncated(), "paes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "broken" },
		{ blob_mixed_masters(), "paes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false,
		  "different master keys" },
		{ blob_mixed_kinds(), "paes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "same kind" },
		{ blob_wrong_checksum(), "paes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "TVV" },
		{ blob_ep11(true), "paes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "session" },
		{ blob_pair(), "aes-xts-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "aes-xts" },
		{ blob_pair(), "paes-ctr-plain64", OUTCOME_NOT_A_SECURE_KEY, false, "paes-ctr" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_volume_key_ struct volume_key key = { 0 };
		struct verdict v = { 0 };

		if (take(&rows[i].blob, rows[i].cipher, &key, &v) != rows[i].outcome ||
		    key.secure != rows[i].secure || !strstr(v.cause, rows[i].cause))
			fail_msg("row %zu: %s: %s", i, outcome_word(v.outcome), v.cause);
	}
}

static void test_what_is_no_secure_key_is_never_verified(void **state)
{
	struct blob b = blob_lookalike();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	kernel_begin();
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	assert_int_equal(volume_key_verify(&key, FIXTURES "two-cards-one-offline", NULL, &v),
			 OUTCOME_NOT_A_SECURE_KEY);
	assert_int_equal(kernel.asked, 0);
	kernel_end();
}

static void test_each_obstacle_names_the_master_key_and_the_queues(void **state)
{
	static const struct {
		const char *tree;
		enum outcome outcome;
		const char *cause;
	} rows[] = {
		{ "two-cards-one-offline", OUTCOME_OK, "00.0047" },
		{ "master-key-old", OUTCOME_OK, "00.0047" },
		{ "no-ap-bus", OUTCOME_NO_AP_BUS, "/sys/bus/ap" },
		{ "no-card", OUTCOME_NO_CARD, "wants master key 0123456789abcdef: no card" },
		{ "accelerator-only", OUTCOME_CARD_WRONG_MODE, "0123456789abcdef: 02.0047 in accelerator mode" },
		{ "passed-through", OUTCOME_QUEUE_IN_USE, "in use" },
		{ "deconfigured", OUTCOME_CARD_OFFLINE, "00.0047 deconfig, 03.0047 chkstop" },
		{ "master-key-new-only", OUTCOME_MASTER_KEY_NOT_SET, "wants master key 0123456789abcdef: 00.0047 has none" },
		{ "handler-missing", OUTCOME_MODULE_MISSING, "pkey_cca" },
	};
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	kernel_begin();
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char tree[PATH_MAX];

		(void)snprintf(tree, sizeof(tree), FIXTURES "%s", rows[i].tree);
		if (volume_key_verify(&key, tree, NULL, &v) != rows[i].outcome ||
		    !strstr(v.cause, rows[i].cause))
			fail_msg("%s: %s: %s", rows[i].tree, outcome_word(v.outcome), v.cause);
		/* the kernel is asked only where sysfs has nothing to say */
		assert_int_equal(kernel.asked, rows[i].outcome == OUTCOME_OK ? 2 : 0);
		kernel.asked = 0;
	}
	kernel_end();
}

static void test_another_master_key_is_named(void **state)
{
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	memset(b.bytes + 10, 0x11, 8);
	memset(b.bytes + 136 + 10, 0x11, 8);
	kernel_begin();
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	assert_int_equal(volume_key_verify(&key, FIXTURES "emulated", NULL, &v),
			 OUTCOME_MASTER_KEY_UNKNOWN);
	assert_string_equal(v.cause,
			    "wants master key 1111111111111111: 00.0047 has 0123456789abcdef");
	kernel_end();
}

static void write_mkvps(struct tree *t, const char *text)
{
	tree_put(t, "/sys/devices/ap/card00/00.0047/mkvps", text);
}

/* The domain is the right one, only its registers are not: then that is what to do. */
static void test_a_master_key_in_the_new_register_is_to_be_set(void **state)
{
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct tree *t = tree_new();
	struct verdict v = { 0 };

	(void)state;
	cards_are(t, "emulated");
	write_mkvps(t, "AES NEW: full 0x0123456789abcdef\nAES CUR: valid 0x1111111111111111\n"
		       "AES OLD: invalid 0x0000000000000000\n");
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	assert_int_equal(volume_key_verify(&key, t->root, NULL, &v), OUTCOME_MASTER_KEY_UNKNOWN);
	assert_string_equal(v.cause, "wants master key 0123456789abcdef: 00.0047 has it as NEW");
	assert_string_equal(v.hint, "set the master key");
	write_mkvps(t, "AES NEW: empty 0x0000000000000000\nAES CUR: valid 0x1111111111111111\n");
	assert_int_equal(volume_key_verify(&key, t->root, NULL, &v), OUTCOME_MASTER_KEY_UNKNOWN);
	assert_string_equal(v.hint, "");
	tree_free(t);
}

static void test_a_card_of_another_mode_or_age_says_which(void **state)
{
	struct blob b = blob_ep11(false), data = blob_pair();
	_cleanup_volume_key_ struct volume_key ep11 = { 0 }, cca = { 0 };
	struct tree *t = tree_new();
	struct verdict v = { 0 };

	(void)state;
	cards_are(t, "emulated");
	assert_int_equal(take(&b, "paes-xts-plain64", &ep11, &v), OUTCOME_OK);
	assert_int_equal(take(&data, "paes-xts-plain64", &cca, &v), OUTCOME_OK);
	assert_int_equal(volume_key_verify(&ep11, t->root, NULL, &v), OUTCOME_CARD_WRONG_MODE);
	assert_non_null(strstr(v.cause, "00.0047 in CCA mode"));
	tree_put(t, "/sys/devices/ap/card00/type", "CEX5C\n");
	assert_int_equal(volume_key_verify(&cca, t->root, NULL, &v), OUTCOME_CARD_WRONG_MODE);
	assert_non_null(strstr(v.cause, "00.0047 is a CEX5C"));
	tree_free(t);
}

/* The kernel asked for it when the cipher was set up, so that it would be there if it were anywhere. */
static void test_what_the_kernel_refused_for_want_of_a_module_says_so(void **state)
{
	struct verdict v = { 0 };

	(void)state;
	assert_int_equal(volume_key_refused(FIXTURES "no-ap-bus", "no", &v), OUTCOME_MODULE_MISSING);
	assert_non_null(strstr(v.cause, "paes_s390"));
	assert_int_equal(volume_key_refused(FIXTURES "emulated", "no", &v), OUTCOME_DEVICE_MAPPER);
	assert_string_equal(v.cause, "a card could, but no");
}

static void test_the_kernel_has_the_last_word(void **state)
{
	static const struct {
		const char *tree;
		int verify;
		enum outcome outcome;
		const char *cause;
	} rows[] = {
		{ "two-cards-one-offline", -EBUSY, OUTCOME_CARD_OFFLINE, "busy" },
		{ "two-cards-one-offline", -EIO, OUTCOME_CARD_OFFLINE, "error of the card" },
		{ "two-cards-one-offline", -EINVAL, OUTCOME_NOT_A_SECURE_KEY, "refused" },
		{ "two-cards-one-offline", -ENODEV, OUTCOME_CARD_OFFLINE, "gone" },
		{ "emulated", -ENODEV, OUTCOME_MODULE_MISSING, "pkey_cca" },
		{ "two-cards-one-offline", -ENOTTY, OUTCOME_MODULE_MISSING, "not known" },
		{ "two-cards-one-offline", -ENOMEM, OUTCOME_INTERNAL, "pkey" },
	};
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	kernel_begin();
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char tree[PATH_MAX];

		(void)snprintf(tree, sizeof(tree), FIXTURES "%s", rows[i].tree);
		kernel.verify = rows[i].verify;
		if (volume_key_verify(&key, tree, NULL, &v) != rows[i].outcome ||
		    !strstr(v.cause, rows[i].cause))
			fail_msg("row %zu: %s: %s", i, outcome_word(v.outcome), v.cause);
	}
	kernel_end();
}

static void test_an_old_master_key_is_told(void **state)
{
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct cex_verified found = { .old = false };
	struct verdict v = { 0 };

	(void)state;
	kernel_begin();
	kernel.old = true;
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	assert_int_equal(volume_key_verify(&key, FIXTURES "master-key-old", &found, &v), OUTCOME_OK);
	assert_true(found.old);
	assert_int_equal(found.apqn.domain, 0x47);
	kernel_end();
}

static void test_a_pattern_that_cannot_be_had_now_may_be_had_later(void **state)
{
	static const struct {
		int encrypt;
		enum outcome outcome;
	} rows[] = {
		{ 0, OUTCOME_OK },
		{ CEX_BUSY, OUTCOME_CARD_OFFLINE },
		{ CEX_REFUSED, OUTCOME_CARD_OFFLINE }, /* EINVAL: kernels up to 6.15 mean anything */
		{ CEX_CARD_ERROR, OUTCOME_CARD_OFFLINE },
		{ CEX_NO_QUEUE, OUTCOME_NO_CARD },
		{ CEX_MODULE_MISSING, OUTCOME_MODULE_MISSING },
	};
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };
	char pattern[CEX_PATTERN_SIZE] = "";
	struct verdict v = { 0 };

	(void)state;
	kernel_begin();
	assert_int_equal(take(&b, "paes-xts-plain64", &key, &v), OUTCOME_OK);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		kernel.encrypt = rows[i].encrypt;
		assert_int_equal(volume_key_pattern(&key, pattern, &v), rows[i].outcome);
	}
	assert_string_equal(pattern, PATTERN);
	kernel_end();
}

static void test_a_keyslot_gives_what_it_holds(void **state)
{
	struct blob b = blob_pair();
	const struct scratch_secrets what = { b.bytes, b.len, HUMAN, HUMAN_LEN };
	struct scratch *disk = scratch_new("paes", "xts-plain64", 64);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN), *wrong = secret_of("wrong");
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	scratch_format_with(disk->path, "paes", "xts-plain64", &what);
	assert_int_equal(luks_device_open(disk->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, NULL), 0);
	assert_int_equal(volume_key_read(header, 0, wrong, &key, &v), OUTCOME_WRONG_PASSPHRASE);
	assert_int_equal(volume_key_read(header, 3, human, &key, &v), OUTCOME_NOT_BOUND);
	assert_null(key.key);
	assert_int_equal(volume_key_read(header, 0, human, &key, &v), OUTCOME_OK);
	assert_true(key.secure);
	assert_int_equal(secret_len(key.key), b.len);
	scratch_free(disk);
}

static void test_no_clear_volume_key_leaves_its_header(void **state)
{
	struct scratch *disk = scratch_new("aes", "xts-plain64", 64);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict v = { 0 };

	(void)state;
	assert_int_equal(luks_device_open(disk->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, NULL), 0);
	assert_int_equal(volume_key_read(header, 0, human, &key, &v), OUTCOME_NOT_A_SECURE_KEY);
	assert_null(key.key);
	assert_non_null(strstr(v.cause, "aes-xts-plain64"));
	scratch_free(disk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_a_master_key_wraps_is_secure),
		cmocka_unit_test(test_what_is_no_secure_key_is_never_verified),
		cmocka_unit_test(test_each_obstacle_names_the_master_key_and_the_queues),
		cmocka_unit_test(test_another_master_key_is_named),
		cmocka_unit_test(test_a_master_key_in_the_new_register_is_to_be_set),
		cmocka_unit_test(test_a_card_of_another_mode_or_age_says_which),
		cmocka_unit_test(test_what_the_kernel_refused_for_want_of_a_module_says_so),
		cmocka_unit_test(test_the_kernel_has_the_last_word),
		cmocka_unit_test(test_an_old_master_key_is_told),
		cmocka_unit_test(test_a_pattern_that_cannot_be_had_now_may_be_had_later),
		cmocka_unit_test(test_a_keyslot_gives_what_it_holds),
		cmocka_unit_test(test_no_clear_volume_key_leaves_its_header),
	};

	return cmocka_run_group_tests_name("op/volume-key", tests, NULL, NULL);
}
