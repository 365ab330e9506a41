/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cards come and go while they are looked at: files vanish, are empty or hold something else. */
#include "op/paes.h"

#include <signal.h>
#include <sys/wait.h>

#include "base/attributes.h"
#include "cex/find.h"

#define CARD  "/sys/devices/ap/card00"
#define QUEUE CARD "/00.0047"

static int setup(void **state)
{
	struct tree *tree = tree_new();

	cards_are(tree, "emulated");
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	tree_free(*state);
	return 0;
}

/* Looks as a verb does, for a key under the tree's master key. */
static enum cex_condition look(const struct tree *tree)
{
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_CCA, vector_mkvp);
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, &mkvp);
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_modules modules;
	struct cex_reason reason = { "" };
	struct cex_apqn apqn;

	assert_int_equal(cex_bus_load(tree->root, &bus), 0);
	assert_int_equal(cex_modules_load(tree->root, &modules), 0);
	for (size_t i = 0; i < bus->n_cards; i++)
		assert_true(bus->cards[i].n_queues <= LIMIT_AP_QUEUES);
	return cex_find(bus, &modules, &want, &apqn, &reason);
}

/* What a file may be instead of what it should; NULL: nothing at all. */
static const struct {
	const char *text;
	size_t len;
} instead[] = {
	{ NULL, 0 },
	{ "", 0 },
	{ "\n", 1 },
	{ "\0\0\0\0", 4 },
	{ "\xff\xfe\x80\n", 4 },
	{ "-1\n", 3 },
	{ "99999999999999999999\n", 21 },
	{ "AES CUR: valid 0x0123456789abcde", 32 }, /* cut */
	{ "AES CUR: valid 0x0123456789abcdeg\n", 34 },
	{ "AES CUR: invalid 0x0123456789abcdef\n", 36 },
};

static void put_instead(struct tree *tree, const char *name, size_t which)
{
	if (instead[which].text)
		tree_put_bytes(tree, name, instead[which].text, instead[which].len, 0644);
	else
		(void)unlink(tree_path(tree, name));
}

static void test_without_what_makes_it_usable_a_queue_is_not_usable(void **state)
{
	static const char *const needed[] = { CARD "/online", CARD "/ap_functions", QUEUE "/online",
					      QUEUE "/mkvps" };
	struct tree *tree = *state;

	assert_int_equal(look(tree), CEX_OK);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
		_cleanup_free_ char *good = NULL;
		size_t len;

		assert_int_equal(file_read(tree_path(tree, needed[i]), 4096, &good, &len), 0);
		for (size_t j = 0; j < ARRAY_SIZE(instead); j++) {
			enum cex_condition condition;

			put_instead(tree, needed[i], j);
			condition = look(tree);
			if (condition == CEX_OK || condition == CEX_MASTER_KEY_OLD)
				fail_msg("%s, instead %zu: usable", needed[i], j);
		}
		tree_put_bytes(tree, needed[i], good, len, 0644);
		assert_int_equal(look(tree), CEX_OK);
	}
}

static void test_without_what_is_only_shown_it_stays_usable(void **state)
{
	static const char *const shown[] = { CARD "/type",	     CARD "/serialnr",
					     CARD "/request_count",  CARD "/hwtype",
					     CARD "/depth",	     QUEUE "/request_count",
					     QUEUE "/pendingq_count" };
	struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		for (size_t j = 0; j < ARRAY_SIZE(instead); j++) {
			put_instead(tree, shown[i], j);
			if (look(tree) != CEX_OK)
				fail_msg("%s, instead %zu: not usable", shown[i], j);
		}
}

static void test_folders_in_place_of_files_are_no_values(void **state)
{
	struct tree *tree = *state;

	assert_int_equal(unlink(tree_path(tree, QUEUE "/mkvps")), 0);
	assert_int_equal(mkdir(tree_path(tree, QUEUE "/mkvps"), 0755), 0);
	assert_int_equal(look(tree), CEX_MASTER_KEY_NOT_SET);
}

/* Until it is killed: takes things away, puts something else there, and puts them back. */
static void disturb(struct tree *tree, const char *mkvps, const char *online)
{
	char card[PATH_MAX], gone[PATH_MAX];

	(void)snprintf(card, sizeof(card), "%s" CARD, tree->root);
	(void)snprintf(gone, sizeof(gone), "%s/gone", tree->root);
	for (size_t i = 0;; i++) {
		put_instead(tree, QUEUE "/mkvps", i % ARRAY_SIZE(instead));
		put_instead(tree, QUEUE "/online", i % ARRAY_SIZE(instead));
		(void)rename(card, gone);
		(void)rename(gone, card);
		tree_put(tree, QUEUE "/mkvps", mkvps);
		tree_put(tree, QUEUE "/online", online);
	}
}

static void test_while_everything_changes_it_is_either_usable_or_not(void **state)
{
	_cleanup_free_ char *mkvps = NULL, *online = NULL;
	struct tree *tree = *state;
	unsigned usable = 0, not_usable = 0;
	pid_t pid;

	assert_int_equal(file_read(tree_path(tree, QUEUE "/mkvps"), 4096, &mkvps, NULL), 0);
	assert_int_equal(file_read(tree_path(tree, QUEUE "/online"), 4096, &online, NULL), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		disturb(tree, mkvps, online);
	for (unsigned i = 0; i < 20000 && (i < 300 || !usable || !not_usable); i++) {
		bool now = look(tree) == CEX_OK;

		usable += now;
		not_usable += !now;
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(usable && not_usable); /* or nothing was disturbed */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_without_what_makes_it_usable_a_queue_is_not_usable),
		TEST(test_without_what_is_only_shown_it_stays_usable),
		TEST(test_folders_in_place_of_files_are_no_values),
		TEST(test_while_everything_changes_it_is_either_usable_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
