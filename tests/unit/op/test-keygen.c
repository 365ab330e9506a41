/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New keys over the fixture trees, with a pkey device that makes the tokens of the vectors. */
#include "op/paes.h"

#include "cex/fixture.h"
#include "op/fake-pkey.h"
#include "op/keygen.h"

static struct fake_pkey fake;
static const struct cex_pkey_calls calls = FAKE_PKEY_CALLS(&fake);

struct made {
	struct keygen_result result;
	struct verdict v;
};

static void made_done(struct made *made)
{
	volume_key_done(&made->result.key);
}

#define MADE _cleanup_(made_done) struct made

static int setup(void **state)
{
	(void)state;
	fake = (struct fake_pkey){ .queues = { { { 0, 0x47 }, { 0, 0x48 }, { 1, 0x47 } }, 3 } };
	cex_pkey_set_calls(&calls);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cex_pkey_set_calls(NULL);
	return 0;
}

static enum outcome keygen(struct made *made, const char *tree, const char *type, const char *apqns)
{
	const struct keygen_request request = { tree, type, 0, true, apqns };

	return op_keygen(&request, &made->result, &made->v);
}

static void expect_text(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' lacks '%s'", text, part);
}

/* Of its two CCA domains each has another master key. */
#define DIFFERENT FIXTURE("cca-and-ep11")

static void test_by_default_it_is_an_aescipher_pair_of_256_bits(void **state)
{
	MADE made = { 0 };

	(void)state;
	assert_int_equal(keygen(&made, FIXTURE("emulated"), NULL, NULL), OUTCOME_OK);
	assert_string_equal(made.result.key_type, "CCA-AESCIPHER");
	assert_false(made.result.chose_ep11);
	assert_int_equal(secret_len(made.result.key.key), 272);
	assert_true(made.result.key.secure && made.result.key.blob.pair);
	assert_int_equal(fake.wish.size, 256);
	assert_int_equal(fake.wish.keygenflags, 0);
	assert_int_equal(fake.makes, 2);
	assert_int_equal(fake.verifies, 2);
	assert_int_equal(made.result.apqns.n, 3);
}

static void test_words_that_mean_nothing_are_usage_and_reach_no_card(void **state)
{
	static const struct keygen_request wrong[] = {
		{ FIXTURE("emulated"), "CCA-DES", 0, true, NULL },
		{ FIXTURE("emulated"), "", 0, true, NULL },
		{ FIXTURE("emulated"), NULL, 192, true, NULL },
		{ FIXTURE("emulated"), NULL, 512, false, NULL },
		{ FIXTURE("emulated"), NULL, 0, true, "00.0047 01.0047" },
		{ FIXTURE("emulated"), NULL, 0, true, "" },
		{ FIXTURE("emulated"), NULL, 0, true, "00.0047,00.0047" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		MADE made = { 0 };

		assert_int_equal(op_keygen(&wrong[i], &made.result, &made.v), OUTCOME_USAGE);
		assert_null(made.result.key.key);
	}
	assert_int_equal(fake.makes, 0);
}

static void test_192_bits_are_for_cbc(void **state)
{
	const struct keygen_request request = { FIXTURE("emulated"), "cca-aesdata", 192, false, NULL };
	MADE made = { 0 };

	(void)state;
	assert_int_equal(op_keygen(&request, &made.result, &made.v), OUTCOME_OK);
	assert_int_equal(fake.wish.size, 192);
	assert_int_equal(fake.wish.type, PKEY_TYPE_CCA_DATA);
	assert_int_equal(secret_len(made.result.key.key), 64);
}

static void test_queues_with_different_master_keys_are_improper(void **state)
{
	MADE made = { 0 };

	(void)state;
	assert_int_equal(keygen(&made, DIFFERENT, NULL, NULL), OUTCOME_MASTER_KEY_UNKNOWN);
	expect_text(made.v.cause, "master key setup is improper");
	expect_text(made.v.cause, "00.0047 0123456789abcdef, 00.0048 fedcba9876543210");
	expect_text(made.v.hint, "--apqns 00.0047");
	assert_int_equal(fake.makes, 0);
}

static void test_an_online_queue_without_a_master_key_is_improper(void **state)
{
	struct tree *tree = tree_new();
	MADE made = { 0 }, named = { 0 };

	(void)state;
	cards_are(tree, "two-cards-one-offline");
	tree_put(tree, "/sys/devices/ap/card00/00.0048/mkvps",
		 "AES NEW: empty 0x0000000000000000\nAES CUR: invalid 0x0000000000000000\n"
		 "AES OLD: invalid 0x0000000000000000\n");
	assert_int_equal(keygen(&made, tree->root, NULL, NULL), OUTCOME_MASTER_KEY_NOT_SET);
	expect_text(made.v.cause, "improper: 00.0048 master key not set");
	expect_text(made.v.hint, "--apqns 00.0047");
	assert_int_equal(fake.makes, 0);
	assert_int_equal(keygen(&named, tree->root, NULL, "00.0047"), OUTCOME_OK);
	tree_free(tree);
}

static void test_named_queues_alone_count(void **state)
{
	MADE made = { 0 };

	(void)state;
	assert_int_equal(keygen(&made, DIFFERENT, NULL, "0.47"), OUTCOME_OK);
	assert_int_equal(fake.wish_queues.n, 1);
	assert_int_equal(fake.wish_queues.list[0].domain, 0x47);
}

static void test_a_named_queue_must_be_there_and_fit(void **state)
{
	static const struct {
		const char *tree, *apqns;
		enum outcome outcome;
		const char *part;
	} rows[] = {
		{ FIXTURE("cca-and-ep11"), "00.0047,00.0049", OUTCOME_NO_CARD, "no domain 00.0049" },
		{ FIXTURE("cca-and-ep11"), "05.0047", OUTCOME_NO_CARD, "no domain 05.0047" },
		{ FIXTURE("cca-and-ep11"), "00.0047,01.0047", OUTCOME_CARD_WRONG_MODE, "01.0047 wrong mode" },
		{ FIXTURE("two-cards-one-offline"), "00.0047,01.0047", OUTCOME_CARD_OFFLINE,
		  "01.0047 offline" },
		{ FIXTURE("no-ap-bus"), "00.0047", OUTCOME_NO_AP_BUS, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		MADE made = { 0 };

		assert_int_equal(keygen(&made, rows[i].tree, NULL, rows[i].apqns), rows[i].outcome);
		expect_text(made.v.cause, rows[i].part);
	}
	assert_int_equal(fake.makes, 0);
}

static void test_what_is_offline_and_not_named_is_left_out(void **state)
{
	MADE made = { 0 };

	(void)state;
	assert_int_equal(keygen(&made, FIXTURE("two-cards-one-offline"), NULL, NULL), OUTCOME_OK);
	for (size_t i = 0; i < fake.wish_queues.n; i++)
		assert_int_equal(fake.wish_queues.list[i].card, 0);
}

static void test_each_obstacle_has_its_outcome(void **state)
{
	static const struct {
		const char *tree;
		enum outcome outcome;
	} rows[] = {
		{ FIXTURE("no-ap-bus"), OUTCOME_NO_AP_BUS },
		{ FIXTURE("no-card"), OUTCOME_NO_CARD },
		{ FIXTURE("accelerator-only"), OUTCOME_CARD_WRONG_MODE },
		{ FIXTURE("passed-through"), OUTCOME_QUEUE_IN_USE },
		{ FIXTURE("deconfigured"), OUTCOME_CARD_OFFLINE },
		{ FIXTURE("master-key-new-only"), OUTCOME_MASTER_KEY_NOT_SET },
		{ FIXTURE("handler-missing"), OUTCOME_MODULE_MISSING },
		{ FIXTURE("no-queue-driver"), OUTCOME_MODULE_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		MADE made = { 0 };

		assert_int_equal(keygen(&made, rows[i].tree, NULL, NULL), rows[i].outcome);
		assert_true(made.v.cause[0]);
		assert_true(verdict_hint_text(&made.v)[0]);
	}
	assert_int_equal(fake.makes, 0);
}

/* A tree of the test's own: the EP11 card of another, alone. */
static struct tree *ep11_only(void)
{
	struct tree *tree = tree_new();
	char command[512];

	cards_are(tree, "cca-and-ep11");
	(void)snprintf(command, sizeof(command), "rm -r %s/sys/devices/ap/card00", tree->root);
	assert_int_equal(system(command), 0);
	fake.queues = (struct cex_apqns){ { { 1, 0x47 } }, 1 };
	return tree;
}

static void test_with_ep11_domains_only_it_is_an_ep11_key_and_said_so(void **state)
{
	struct tree *tree = ep11_only();
	MADE made = { 0 }, asked = { 0 }, impossible = { 0 };

	(void)state;
	assert_int_equal(keygen(&made, tree->root, NULL, NULL), OUTCOME_OK);
	assert_true(made.result.chose_ep11);
	assert_string_equal(made.result.key_type, "EP11-AES");
	assert_int_equal(secret_len(made.result.key.key), 672);
	assert_int_equal(keygen(&asked, tree->root, "ep11-aes", NULL), OUTCOME_OK);
	assert_false(asked.result.chose_ep11);
	assert_int_equal(keygen(&impossible, tree->root, "CCA-AESDATA", NULL), OUTCOME_CARD_WRONG_MODE);
	expect_text(impossible.v.hint, "CCA coprocessor");
	tree_free(tree);
}

static void test_kernels_that_know_only_the_older_ep11_form_make_that(void **state)
{
	struct tree *tree = ep11_only();
	MADE made = { 0 };

	(void)state;
	fake.unknown_type = PKEY_TYPE_EP11_AES;
	assert_int_equal(keygen(&made, tree->root, NULL, NULL), OUTCOME_OK);
	assert_int_equal(secret_len(made.result.key.key), 640);
	assert_int_equal(made.result.key.blob.kind, CEX_KEY_EP11_AES);
	tree_free(tree);
}

static void test_what_the_kernel_says_becomes_an_outcome(void **state)
{
	static const struct {
		int list, make, verify;
		enum outcome outcome;
	} rows[] = {
		{ ENODEV, 0, 0, OUTCOME_MODULE_MISSING },  { 0, ENODEV, 0, OUTCOME_MODULE_MISSING },
		{ 0, EBUSY, 0, OUTCOME_CARD_OFFLINE },	   { 0, EIO, 0, OUTCOME_CARD_OFFLINE },
		{ 0, EINVAL, 0, OUTCOME_MODULE_MISSING }, { ENOTTY, 0, 0, OUTCOME_MODULE_MISSING },
		{ 0, EACCES, 0, OUTCOME_NO_PERMISSION },   { 0, ENOMEM, 0, OUTCOME_INTERNAL },
		{ 0, 0, EBUSY, OUTCOME_CARD_OFFLINE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		MADE made = { 0 };

		(void)setup(NULL);
		fake.list_error = rows[i].list;
		fake.make_error = rows[i].make;
		fake.verify_error = rows[i].verify;
		assert_int_equal(keygen(&made, FIXTURE("emulated"), NULL, NULL), rows[i].outcome);
	}
}

static void test_queues_that_the_kernel_does_not_list_are_not_used(void **state)
{
	MADE made = { 0 }, none = { 0 };

	(void)state;
	fake.queues = (struct cex_apqns){ { { 0, 0x48 }, { 7, 0x47 } }, 2 };
	assert_int_equal(keygen(&made, FIXTURE("two-cards-one-offline"), NULL, NULL), OUTCOME_OK);
	assert_int_equal(fake.wish_queues.n, 1);
	assert_int_equal(fake.wish_queues.list[0].domain, 0x48);
	fake.queues = (struct cex_apqns){ { { 7, 0x47 } }, 1 };
	assert_int_equal(keygen(&none, FIXTURE("emulated"), NULL, NULL), OUTCOME_MODULE_MISSING);
	assert_int_equal(fake.makes, 2);
}

static void test_without_the_device_a_module_is_missing(void **state)
{
	struct tree *tree = tree_new();
	MADE made = { 0 };

	(void)state;
	cex_pkey_set_calls(NULL);
	cards_are(tree, "before-the-split");
	assert_int_equal(unlink(tree_path(tree, "/dev/pkey")), 0);
	assert_int_equal(keygen(&made, tree->root, NULL, NULL), OUTCOME_MODULE_MISSING);
	expect_text(made.v.cause, "/dev/pkey");
	tree_free(tree);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_by_default_it_is_an_aescipher_pair_of_256_bits),
		TEST(test_words_that_mean_nothing_are_usage_and_reach_no_card),
		TEST(test_192_bits_are_for_cbc),
		TEST(test_queues_with_different_master_keys_are_improper),
		TEST(test_an_online_queue_without_a_master_key_is_improper),
		TEST(test_named_queues_alone_count),
		TEST(test_a_named_queue_must_be_there_and_fit),
		TEST(test_what_is_offline_and_not_named_is_left_out),
		TEST(test_each_obstacle_has_its_outcome),
		TEST(test_with_ep11_domains_only_it_is_an_ep11_key_and_said_so),
		TEST(test_kernels_that_know_only_the_older_ep11_form_make_that),
		TEST(test_what_the_kernel_says_becomes_an_outcome),
		TEST(test_queues_that_the_kernel_does_not_list_are_not_used),
		TEST(test_without_the_device_a_module_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
