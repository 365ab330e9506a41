/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verification patterns of volumes in files, with cards from the fixtures and a cipher that obeys. */
#include "op/card-stage.h"

#include "luks/pattern.h"
#include "op/pattern.h"

#define OTHER	"cd6b103236fbd87dba93e9001e29bc3d5e885d6abd1577e3e0e0a5f49e444894"
#define STORED(pattern)                                                                            \
	"{\"type\":\"paes-verification-pattern\",\"keyslots\":[],\"verification-pattern\":\"" pattern \
	"\"}"

static unsigned asked, encryptions;
static int busy; /* so many times the cipher takes the key not */

static enum outcome ask(const char *device, void *userdata, struct secret **ret, struct verdict *v)
{
	(void)device;
	(void)v;
	asked++;
	*ret = secret_of(userdata);
	return OUTCOME_OK;
}

static enum outcome refuse(const char *device, void *userdata, struct secret **ret, struct verdict *v)
{
	(void)userdata;
	(void)ret;
	asked++;
	return verdict_set(v, OUTCOME_USAGE, "no passphrase for %s", device);
}

static int encrypt_when_ready(const char *name, const struct secret *key, const unsigned char *in,
			      unsigned char *out, size_t len)
{
	encryptions++;
	return busy-- > 0 ? CEX_BUSY : kernel_encrypt(name, key, in, out, len);
}

static int setup(void **state)
{
	int r = key_setup(state);

	asked = encryptions = 0;
	busy = 0;
	cex_skcipher_set(encrypt_when_ready);
	return r;
}

static struct pattern_request request_of(const struct stage *s)
{
	static char human[] = HUMAN;

	return (struct pattern_request){
		.sysroot = s->tree->root,
		.volume = s->disk->path,
		.timeout_ms = 20000,
		.ask = ask,
		.userdata = human,
	};
}

/* The volume of most tests, with up to two tokens. */
static void begin(struct stage *s, const char *passphrase, const char *a, const char *b)
{
	struct blob key = blob_pair();

	volume_is(s, &key, passphrase, GOOD_CARDS);
	cex_skcipher_set(encrypt_when_ready);
	stage_tokens(s, a, b, NULL);
}

static enum outcome store(struct stage *s, struct verdict *v)
{
	const struct pattern_request request = request_of(s);

	return op_pattern_set(&request, v);
}

static enum outcome verify(struct stage *s, struct verdict *v)
{
	const struct pattern_request request = request_of(s);

	return op_pattern_verify(&request, v);
}

static void expect_stored(struct stage *s, const char *pattern)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	char stored[LUKS_PATTERN_SIZE] = "";

	assert_int_equal(luks_device_open(s->disk->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_int_equal(luks_pattern_get(header, stored, &reason), pattern ? 0 : LUKS_NOT_BOUND);
	assert_string_equal(stored, pattern ? pattern : "");
}

static void test_with_a_card_binding_nobody_is_asked(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	begin(s, PUBLIC, CARD, NULL);
	assert_int_equal(store(s, &v), OUTCOME_OK);
	assert_non_null(strstr(v.cause, PATTERN " stored"));
	expect_stored(s, PATTERN);
	assert_int_equal(verify(s, &v), OUTCOME_OK);
	assert_int_equal(asked, 0);
}

static void test_without_one_a_passphrase_opens_the_keyslot(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	begin(s, HUMAN, NULL, NULL);
	assert_int_equal(store(s, &v), OUTCOME_OK);
	expect_stored(s, PATTERN);
	assert_int_equal(verify(s, &v), OUTCOME_OK);
	assert_int_equal(asked, 2);
}

static void test_a_binding_that_does_not_open_is_no_reason_to_give_up(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	begin(s, HUMAN, CARD, NULL);
	assert_int_equal(store(s, &v), OUTCOME_OK);
	assert_int_equal(asked, 1);
}

static void test_the_same_pattern_is_not_written_again(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };
	struct print before;

	begin(s, PUBLIC, CARD, STORED(PATTERN));
	before = fingerprint(s->disk->path);
	assert_int_equal(store(s, &v), OUTCOME_NOTHING_TO_DO);
	assert_same_print(before, fingerprint(s->disk->path));
}

static void test_another_pattern_is_replaced_and_shown_after_the_backup(void **state)
{
	struct stage *s = *state;
	struct pattern_request request;
	struct verdict v = { 0 };
	struct stat st;
	char backup[128];

	begin(s, PUBLIC, CARD, STORED(OTHER));
	(void)snprintf(backup, sizeof(backup), "%s/backup", s->tree->root);
	request = request_of(s);
	request.header_backup = backup;
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_OK);
	assert_non_null(strstr(v.cause, PATTERN " stored, in place of " OTHER));
	assert_int_equal(stat(backup, &st), 0);
	expect_stored(s, PATTERN);
}

static void test_without_the_backup_that_was_asked_for_nothing_changes(void **state)
{
	struct stage *s = *state;
	struct pattern_request request;
	struct verdict v = { 0 };
	struct print before;

	begin(s, PUBLIC, CARD, STORED(OTHER));
	before = fingerprint(s->disk->path);
	request = request_of(s);
	request.header_backup = s->disk->path; /* exists */
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_USAGE);
	assert_same_print(before, fingerprint(s->disk->path));
}

static void test_a_dry_run_computes_and_changes_nothing(void **state)
{
	struct stage *s = *state;
	struct pattern_request request;
	struct verdict v = { 0 };
	struct print before;

	begin(s, PUBLIC, CARD, NULL);
	before = fingerprint(s->disk->path);
	request = request_of(s);
	request.dry_run = true;
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_OK);
	assert_non_null(strstr(v.cause, PATTERN " would be stored"));
	assert_int_equal(encryptions, 1);
	assert_same_print(before, fingerprint(s->disk->path));
}

static void test_another_key_than_the_pinned_one_is_a_mismatch_that_changes_nothing(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };
	struct print before;

	begin(s, PUBLIC, CARD, STORED(OTHER));
	before = fingerprint(s->disk->path);
	assert_int_equal(verify(s, &v), OUTCOME_PATTERN_MISMATCH);
	assert_non_null(strstr(v.cause, OTHER));
	assert_non_null(strstr(v.cause, PATTERN));
	assert_same_print(before, fingerprint(s->disk->path));
}

static void test_without_a_stored_pattern_there_is_nothing_to_verify(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	begin(s, HUMAN, NULL, NULL);
	assert_int_equal(verify(s, &v), OUTCOME_NOT_BOUND);
	assert_non_null(strstr(v.hint, "cexluks pattern set"));
	assert_int_equal(asked, 0);
}

static void test_two_patterns_or_one_that_is_none_are_refused(void **state)
{
	static const char *const wrong[][2] = {
		{ STORED(PATTERN), STORED(OTHER) },
		{ STORED("abc"), NULL },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct verdict v = { 0 };

		begin(s, HUMAN, wrong[i][0], wrong[i][1]);
		assert_int_equal(store(s, &v), OUTCOME_HEADER_REFUSED);
		assert_int_equal(verify(s, &v), OUTCOME_HEADER_REFUSED);
	}
	assert_int_equal(asked, 0);
}

static void test_volumes_that_no_card_protects_have_no_pattern(void **state)
{
	const struct blob keys[] = { blob_lookalike(), blob_protected(), blob_mixed_masters(),
				     blob_truncated(), blob_wrong_checksum() };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct verdict v = { 0 };

		volume_is(s, &keys[i], PUBLIC, GOOD_CARDS);
		cex_skcipher_set(encrypt_when_ready);
		stage_tokens(s, CARD, NULL, NULL);
		assert_int_equal(store(s, &v), OUTCOME_NOT_A_SECURE_KEY);
		assert_non_null(strstr(v.cause, i < 2 ? "is no secure key: " : "is broken: "));
		expect_stored(s, NULL);
	}
	assert_int_equal(asked, 0);
	assert_int_equal(encryptions, 0);
}

static void test_other_ciphers_are_told_so(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	assert_int_equal(store(s, &v), OUTCOME_NOT_A_SECURE_KEY); /* the stage's own volume */
	assert_non_null(strstr(v.cause, "its cipher is aes-xts-plain64"));
	assert_int_equal(asked, 0);
}

static void test_obstacles_of_the_cards_are_outcomes_at_once(void **state)
{
	static const struct {
		const char *cards;
		enum outcome outcome;
	} rows[] = {
		{ "no-ap-bus", OUTCOME_NO_AP_BUS },
		{ "no-card", OUTCOME_NO_CARD },
		{ "deconfigured", OUTCOME_CARD_OFFLINE },
		{ "master-key-new-only", OUTCOME_MASTER_KEY_NOT_SET },
		{ "handler-missing", OUTCOME_MODULE_MISSING },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };
		uint64_t begun;

		volume_is(s, &key, PUBLIC, rows[i].cards);
		cex_skcipher_set(encrypt_when_ready);
		stage_tokens(s, CARD, NULL, NULL);
		begun = deadline_now();
		assert_int_equal(store(s, &v), rows[i].outcome);
		assert_true(deadline_now() - begun < LIMIT_CARD_BUSY_TRIES * LIMIT_CARD_BUSY_MS / 2);
		expect_stored(s, NULL);
	}
	assert_int_equal(encryptions, 0);
}

static void test_an_old_master_key_is_good_enough(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	struct verdict v = { 0 };

	volume_is(s, &key, PUBLIC, "master-key-old");
	kernel.old = true;
	stage_tokens(s, CARD, NULL, NULL);
	assert_int_equal(store(s, &v), OUTCOME_OK);
}

static void test_a_card_that_is_busy_gets_another_try(void **state)
{
	struct stage *s = *state;
	struct verdict v = { 0 };

	begin(s, PUBLIC, CARD, NULL);
	busy = 2;
	assert_int_equal(store(s, &v), OUTCOME_OK);
	assert_int_equal(encryptions, 3);
}

static void test_patience_with_a_busy_card_ends_with_the_timeout(void **state)
{
	struct stage *s = *state;
	struct pattern_request request;
	struct verdict v = { 0 };

	begin(s, PUBLIC, CARD, NULL);
	busy = 1000;
	request = request_of(s);
	request.timeout_ms = 300;
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_CARD_OFFLINE);
	assert_int_equal(encryptions, 2);
	expect_stored(s, NULL);
}

static void test_a_passphrase_that_is_wrong_or_not_given_ends_it(void **state)
{
	static char wrong[] = "wrong";
	struct stage *s = *state;
	struct pattern_request request;
	struct verdict v = { 0 };

	begin(s, HUMAN, NULL, NULL);
	request = request_of(s);
	request.userdata = wrong;
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_WRONG_PASSPHRASE);
	request.ask = refuse;
	assert_int_equal(op_pattern_set(&request, &v), OUTCOME_USAGE);
}

static void test_what_is_neither_device_nor_mapping_is_missing(void **state)
{
	static const char *const names[] = { "/dev/mapper/cexluks-no-such", "/nowhere/at/all" };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct pattern_request request = request_of(s);
		struct verdict v = { 0 };
		enum outcome o;

		request.volume = names[i];
		o = op_pattern_verify(&request, &v);
		assert_true(o == OUTCOME_DEVICE_MISSING || o == OUTCOME_DEVICE_MAPPER);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, key_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_with_a_card_binding_nobody_is_asked),
		TEST(test_without_one_a_passphrase_opens_the_keyslot),
		TEST(test_a_binding_that_does_not_open_is_no_reason_to_give_up),
		TEST(test_the_same_pattern_is_not_written_again),
		TEST(test_another_pattern_is_replaced_and_shown_after_the_backup),
		TEST(test_without_the_backup_that_was_asked_for_nothing_changes),
		TEST(test_a_dry_run_computes_and_changes_nothing),
		TEST(test_another_key_than_the_pinned_one_is_a_mismatch_that_changes_nothing),
		TEST(test_without_a_stored_pattern_there_is_nothing_to_verify),
		TEST(test_two_patterns_or_one_that_is_none_are_refused),
		TEST(test_volumes_that_no_card_protects_have_no_pattern),
		TEST(test_other_ciphers_are_told_so),
		TEST(test_obstacles_of_the_cards_are_outcomes_at_once),
		TEST(test_an_old_master_key_is_good_enough),
		TEST(test_a_card_that_is_busy_gets_another_try),
		TEST(test_patience_with_a_busy_card_ends_with_the_timeout),
		TEST(test_a_passphrase_that_is_wrong_or_not_given_ends_it),
		TEST(test_what_is_neither_device_nor_mapping_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
