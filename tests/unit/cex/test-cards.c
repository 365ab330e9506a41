/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb "cards" over the fixture trees: standard output must be what lies beside each tree, and what
 * volumes on this machine would be said to need.
 */
#include "luks/scratch.h"

#include <errno.h>

#include "base/attributes.h"
#include "fixture.h"
#include "op/capture.h"
#include "op/cards.h"

/* The verb over a tree; the exit code. */
static int run(const char *tree, const char *option, char **ret)
{
	char program[] = "cexluks", verb[] = "cards", sysroot[] = "--sysroot", where[128], how[16] = "";
	char *argv[] = { program, verb, sysroot, where, option ? how : NULL, NULL };

	(void)snprintf(where, sizeof(where), "%s", tree);
	(void)snprintf(how, sizeof(how), "%s", option ? option : "");
	return capture_verb(argv, ret);
}

/* CEXLUKS_EXPECT=write records instead of comparing; look at the difference before you commit it. */
static void expect(const char *tree, const char *option, const char *file, int exit_code)
{
	_cleanup_free_ char *text = NULL, *wanted = NULL;
	char path[256];

	assert_int_equal(run(tree, option, &text), exit_code);
	(void)snprintf(path, sizeof(path), "%s/%s", tree, file);
	if (getenv("CEXLUKS_EXPECT"))
		assert_int_equal(file_write_atomic(path, text, strlen(text), 0644), 0);
	assert_int_equal(file_read(path, OUTPUT_MAX, &wanted, NULL), 0);
	if (strcmp(text, wanted) != 0)
		print_error("%s is not what was printed\n", path);
	assert_string_equal(text, wanted);
}

static const struct {
	const char *tree;
	enum outcome outcome;
} trees[] = {
	{ FIXTURE("two-cards-one-offline"), OUTCOME_OK },
	{ FIXTURE("cca-and-ep11"), OUTCOME_OK },
	{ FIXTURE("before-the-split"), OUTCOME_OK },
	{ FIXTURE("secure-guest"), OUTCOME_OK },
	{ FIXTURE("master-key-old"), OUTCOME_OK },
	{ FIXTURE("emulated"), OUTCOME_OK },
	{ FIXTURE("no-ap-bus"), OUTCOME_NO_AP_BUS },
	{ FIXTURE("no-card"), OUTCOME_NO_CARD },
	{ FIXTURE("accelerator-only"), OUTCOME_CARD_WRONG_MODE },
	{ FIXTURE("passed-through"), OUTCOME_QUEUE_IN_USE },
	{ FIXTURE("deconfigured"), OUTCOME_CARD_OFFLINE },
	{ FIXTURE("master-key-new-only"), OUTCOME_MASTER_KEY_NOT_SET },
	{ FIXTURE("handler-missing"), OUTCOME_MODULE_MISSING },
	{ FIXTURE("no-queue-driver"), OUTCOME_MODULE_MISSING },
	{ FIXTURE("garbage"), OUTCOME_MASTER_KEY_NOT_SET },
};

static int setup(void **state)
{
	(void)state;
	json_setup();
	return 0;
}

static void test_each_tree_prints_what_is_expected_and_ends_with_its_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trees); i++) {
		int code = outcome_exit_code(trees[i].outcome);

		expect(trees[i].tree, NULL, "expected-cards.txt", code);
		expect(trees[i].tree, "-V", "expected-cards-V.txt", code);
		expect(trees[i].tree, "--json", "expected-cards.json", code);
	}
}

static void test_what_is_printed_holds_no_control_characters(void **state)
{
	_cleanup_free_ char *text = NULL, *json = NULL;

	(void)state;
	(void)run(FIXTURE("garbage"), "-V", &text);
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || (*p >= ' ' && *p <= '~'));
	(void)run(FIXTURE("garbage"), "--json", &json);
	assert_int_equal(json_check(json, strcspn(json, "\n"), 8), 0);
}

static void test_only_verbs_that_know_it_take_the_short_option(void **state)
{
	char program[] = "cexluks", verb[] = "list", option[] = "-V";
	char *argv[] = { program, verb, option, NULL };

	(void)state;
	assert_int_equal(verb_main(3, argv), outcome_exit_code(OUTCOME_USAGE));
}

/* One volume behind a by-uuid link, and the cards of @tree. */
struct machine {
	struct scratch *volume;
	char folder[32], link[128];
	struct cards cards;
	struct verdict v;
};

static void machine_new(struct machine *m, const char *mode, size_t key_size, const char *tree)
{
	const struct cards_request request = { tree, true };

	*m = (struct machine){ .folder = "/tmp/cexluks-uuid-XXXXXX" };
	m->volume = scratch_new("paes", mode, key_size);
	assert_non_null(mkdtemp(m->folder));
	(void)snprintf(m->link, sizeof(m->link), "%s/%s", m->folder, SCRATCH_UUID);
	assert_int_equal(symlink(m->volume->path, m->link), 0);
	luks_device_set_by_uuid(m->folder);
	(void)op_cards(&request, &m->cards, &m->v);
	luks_device_set_by_uuid(NULL);
}

static void machine_done(struct machine *m)
{
	cards_done(&m->cards);
	assert_int_equal(unlink(m->link), 0);
	assert_int_equal(rmdir(m->folder), 0);
	scratch_free(m->volume);
}

static unsigned candidates_for(const struct machine *m, const struct cards_volume *volume)
{
	unsigned n = 0;

	for (size_t i = 0; i < m->cards.bus->n_cards; i++)
		for (size_t j = 0; j < m->cards.bus->cards[i].n_queues; j++)
			n += cards_use(&m->cards, &m->cards.bus->cards[i],
				       &m->cards.bus->cards[i].queues[j], volume) == CARDS_MAY_OPEN;
	return n;
}

/* Number of queues that may open the one volume. */
static unsigned candidates(const struct machine *m)
{
	assert_int_equal(m->cards.n_volumes, 1);
	return candidates_for(m, &m->cards.volumes[0]);
}

static void test_a_paes_volume_may_be_opened_by_usable_queues_of_its_kind(void **state)
{
	const struct cards_volume ep11 = { .secure = true, .kind = CEX_KEY_EP11_AES_HEADER };
	_cleanup_(machine_done) struct machine cipher = { 0 }, data = { 0 };

	(void)state;
	machine_new(&cipher, "xts-plain64", 272, FIXTURE("two-cards-one-offline"));
	assert_int_equal(candidates(&cipher), 2);
	assert_true(cipher.cards.volumes[0].secure);
	assert_int_equal(cipher.cards.volumes[0].kind, CEX_KEY_CCA_AESCIPHER);
	machine_new(&data, "xts-plain64", 128, FIXTURE("cca-and-ep11"));
	assert_int_equal(candidates(&data), 2);
	assert_int_equal(data.cards.volumes[0].kind, CEX_KEY_CCA_AESDATA);
	assert_int_equal(candidates_for(&data, &ep11), 1);
}

static void test_nothing_may_open_a_volume_without_handler_module_or_card(void **state)
{
	_cleanup_(machine_done) struct machine handler = { 0 }, none = { 0 };

	(void)state;
	machine_new(&handler, "xts-plain64", 272, FIXTURE("handler-missing"));
	assert_int_equal(candidates(&handler), 0);
	machine_new(&none, "xts-plain64", 272, FIXTURE("no-ap-bus"));
	assert_int_equal(candidates(&none), 0);
	assert_int_equal(none.v.outcome, OUTCOME_NO_AP_BUS);
}

static void test_64_bytes_for_xts_are_never_called_protected(void **state)
{
	_cleanup_(machine_done) struct machine m = { 0 };

	(void)state;
	machine_new(&m, "xts-plain64", 64, FIXTURE("emulated"));
	assert_int_equal(candidates(&m), 0);
	assert_false(m.cards.volumes[0].secure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_tree_prints_what_is_expected_and_ends_with_its_outcome),
		cmocka_unit_test(test_what_is_printed_holds_no_control_characters),
		cmocka_unit_test(test_only_verbs_that_know_it_take_the_short_option),
		cmocka_unit_test(test_a_paes_volume_may_be_opened_by_usable_queues_of_its_kind),
		cmocka_unit_test(test_nothing_may_open_a_volume_without_handler_module_or_card),
		cmocka_unit_test(test_64_bytes_for_xts_are_never_called_protected),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
