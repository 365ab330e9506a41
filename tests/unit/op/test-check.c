/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far ATTEMPT_PROVE goes, and what the words of warnings are. */
#include "op/card-stage.h"

#include "base/log.h"
#include "op/check.h"

#define CRYPTTAB "root UUID=" U "\n"

/* No device mapper is there, so whoever would activate ends in another verdict. */
static void test_a_proof_opens_the_keyslot_and_activates_nothing(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;

	volume_is(s, &key, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_PROVE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_OK);
	assert_non_null(strstr(a->verdict.cause, "opens keyslot 0"));
	assert_int_equal(a->n_queues, 2);
	assert_false(a->old_master_key);
	assert_null(a->key.key);
	assert_int_equal(kernel.asked, 2); /* both halves, once */
}

static void test_a_proof_tells_what_may_stop_to_work(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;

	volume_is(s, &key, PUBLIC, "master-key-old");
	kernel.old = true;
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_PROVE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_OK);
	assert_true(a->old_master_key);
	assert_int_equal(a->n_queues, 1);
}

/* The boot would wait for the operator; here now counts. */
static void test_a_proof_does_not_wait_for_a_card(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;
	uint64_t began;

	volume_is(s, &key, PUBLIC, "no-card");
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_PROVE);
	began = deadline_now();
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_NO_CARD);
	assert_null(strstr(a->verdict.hint, "a passphrase cannot"));
	assert_true(deadline_now() - began < 5000);
}

static void test_a_proof_refuses_what_the_boot_refuses(void **state)
{
	struct blob clear = blob_lookalike();
	struct stage *s = *state;
	const struct attempt *a;

	volume_is(s, &clear, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_PROVE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_NOT_A_SECURE_KEY);
	stage_strike(s);

	volume_is(s, &clear, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "[cexluks]\nopen = systemd\n", "", CRYPTTAB, ATTEMPT_PROVE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(a->verdict.cause, "passphrase is public"));
}

/* That one binding works must not hide that another one does not. */
static void test_one_binding_is_proved_without_the_others(void **state)
{
	static const enum outcome expected[] = { OUTCOME_OK, OUTCOME_KMS_KEY_GONE };
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (int i = 0; i < 2; i++) {
		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		stage_tokens(s, CARD, TOKEN("prod", "gone"), NULL);
		stage_begin(s, PROD, "", CRYPTTAB, ATTEMPT_PROVE);
		s->round.attempts[0].only = i;
		assert_int_equal(stage_run(s, 20000)->verdict.outcome, expected[i]);
		stage_strike(s);
	}
}

/* The verdict of the whole; what was found is in @found. @config: NULL: there is none. */
static enum outcome look(struct stage *s, const char *config, const char *crypttab, bool offline,
			 struct check *found)
{
	const struct check_request request = {
		.sysroot = s->tree->root, .timeout_ms = 20000, .offline = offline
	};
	struct verdict v = { 0 };

	if (config)
		tree_put(s->tree, "/etc/cexluks/cexluks.conf", config);
	tree_put(s->tree, "/proc/cmdline", "");
	tree_put(s->tree, "/etc/crypttab", crypttab);
	(void)op_check(&request, found, &v);
	return v.outcome;
}

static const struct check_finding *finding(const struct check *found, const char *subject)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->findings[i].volume[0] && !strcmp(found->findings[i].subject, subject))
			return &found->findings[i];
	return NULL;
}

static void test_what_systemd_cannot_open_is_no_way_in_also_offline(void **state)
{
	static const struct {
		const char *crypttab, *token, *subject;
		enum outcome expected;
	} rows[] = {
		{ CRYPTTAB, CARD, "card", OUTCOME_OK },
		{ "root UUID=" U " none tpm2-device=auto\n", CARD, "card", OUTCOME_CONFIG_ERROR },
		{ "root UUID=" U " none tpm2-device=auto\n", TOKEN("prod", "right"), "kms:prod", OUTCOME_NOT_BOUND },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct check found = { 0 };

		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		stage_tokens(s, rows[i].token, NULL, NULL);
		assert_int_equal(look(s, PROD, rows[i].crypttab, true, &found), rows[i].expected);
		assert_non_null(finding(&found, rows[i].subject));
		assert_string_equal(finding(&found, rows[i].subject)->word, outcome_word(rows[i].expected));
		assert_int_equal(found.n_opening, rows[i].expected == OUTCOME_OK);
		check_done(&found);
	}
}

static void test_without_a_configuration_nothing_bound_opens(void **state)
{
	static const struct {
		const char *config, *token;
		enum outcome expected;
	} rows[] = {
		{ NULL, NULL, OUTCOME_NOTHING_TO_DO },
		{ NULL, CARD, OUTCOME_CONFIG_ERROR },
		{ "", CARD, OUTCOME_OK },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct check found = { 0 };

		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		stage_tokens(s, rows[i].token, NULL, NULL);
		/* nothing names the volume: it is found */
		assert_int_equal(look(s, rows[i].config, "", true, &found), rows[i].expected);
		assert_int_equal(found.n_opening, rows[i].expected == OUTCOME_OK);
		assert_int_equal(found.n > 0, rows[i].expected != OUTCOME_NOTHING_TO_DO);
		check_done(&found);
	}
}

/* --- by the cards of another machine -------------------------------------------------------- */

#define REGISTER(name, state, pattern) \
	"{\"register\":\"" name "\",\"state\":\"" state "\",\"pattern\":\"" pattern "\"}"
#define QUEUE(id, usable, use, registers)                                                          \
	"{\"id\":\"" id "\",\"use\":\"" use "\",\"usable\":" usable ",\"master_keys\":[" registers "]}"
#define CARDS(mode, queues) \
	"{\"outcome\":\"ok\",\"cards\":[{\"id\":\"00\",\"type\":\"CEX8C\",\"mode\":\"" mode "\",\"queues\":[" queues "]}]}"
#define OURS   REGISTER("AES CUR", "valid", "0x0123456789abcdef") "," REGISTER("AES OLD", "invalid", "-")
#define OTHERS REGISTER("AES CUR", "valid", "0xfedcba9876543210") "," REGISTER("AES OLD", "invalid", "-")
#define WAS_OURS \
	REGISTER("AES CUR", "valid", "0xfedcba9876543210") "," REGISTER("AES OLD", "valid", "0x0123456789abcdef")
#define NONE REGISTER("AES CUR", "invalid", "-")

static bool has_warning(const struct check *found, const char *word)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->findings[i].level == CHECK_WARNING && !strcmp(found->findings[i].word, word))
			return true;
	return false;
}

/* Here no card is at all, so whatever is said is said of those in the file. */
static void test_the_cards_of_another_machine_count_instead(void **state)
{
	static const struct {
		const char *file;
		enum outcome expected;
		bool single, old;
	} rows[] = {
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "true", "usable", OURS) "," QUEUE("00.0048", "true", "usable", OURS)),
		  OUTCOME_OK, false, false },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "true", "usable", OURS) "," QUEUE("00.0048", "true", "usable", OTHERS)),
		  OUTCOME_OK, true, false },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "true", "usable", WAS_OURS)), OUTCOME_OK, true, true },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "true", "usable", OTHERS)), OUTCOME_MASTER_KEY_UNKNOWN, false, false },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "false", "offline", OURS)), OUTCOME_CARD_OFFLINE, false, false },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "false", "master key not set", NONE)), OUTCOME_MASTER_KEY_NOT_SET, false,
		  false },
		{ CARDS("EP11-Coproc", QUEUE("00.0047", "true", "usable", OURS)), OUTCOME_CARD_WRONG_MODE, false, false },
		{ "{\"outcome\":\"no-card\",\"cards\":[]}", OUTCOME_NO_CARD, false, false },
		{ "{\"outcome\":\"ok\"}", OUTCOME_USAGE, false, false },
		{ CARDS("CCA", ""), OUTCOME_USAGE, false, false },
		{ CARDS("CCA-Coproc", QUEUE("0.47", "true", "usable", OURS)), OUTCOME_USAGE, false, false },
		{ CARDS("CCA-Coproc", QUEUE("00.0047", "1", "usable", OURS)), OUTCOME_USAGE, false, false },
		{ "cards", OUTCOME_USAGE, false, false },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *file = NULL;
		struct check found = { 0 };
		struct verdict v = { 0 };

		volume_is(s, &key, PUBLIC, "no-ap-bus");
		stage_tokens(s, CARD, NULL, NULL);
		tree_put(s->tree, "/etc/cexluks/cexluks.conf", "");
		tree_put(s->tree, "/proc/cmdline", "");
		tree_put(s->tree, "/etc/crypttab", CRYPTTAB);
		tree_put(s->tree, "/cards.json", rows[i].file);
		assert_true(asprintf(&file, "%s/cards.json", s->tree->root) > 0);
		(void)op_check(&(struct check_request){ .sysroot = s->tree->root, .timeout_ms = 20000, .cards = file }, &found, &v);
		if (v.outcome != rows[i].expected)
			print_message("row %zu: %s: %s\n", i, outcome_word(v.outcome), v.cause);
		assert_int_equal(v.outcome, rows[i].expected);
		assert_int_equal(found.n_opening, rows[i].expected == OUTCOME_OK);
		assert_int_equal(has_warning(&found, "single-queue"), rows[i].single);
		assert_int_equal(has_warning(&found, "master-key-old"), rows[i].old);
		assert_int_equal(kernel.asked, 0);
		check_done(&found);
	}
}

static void test_every_warning_has_a_word_of_its_own_and_a_hint(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WARNINGS; i++) {
		const char *word = warning_word((enum warning)i);

		assert_non_null(word);
		assert_true(warning_hint((enum warning)i)[0]);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(word, warning_word((enum warning)k));
		for (unsigned k = 0; k < OUTCOMES; k++)
			assert_string_not_equal(word, outcome_word((enum outcome)k));
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, key_setup, key_teardown)
		T(test_a_proof_opens_the_keyslot_and_activates_nothing),
		T(test_a_proof_tells_what_may_stop_to_work),
		T(test_a_proof_does_not_wait_for_a_card),
		T(test_a_proof_refuses_what_the_boot_refuses),
		T(test_one_binding_is_proved_without_the_others),
		T(test_what_systemd_cannot_open_is_no_way_in_also_offline),
		T(test_without_a_configuration_nothing_bound_opens),
		T(test_the_cards_of_another_machine_count_instead),
		cmocka_unit_test(test_every_warning_has_a_word_of_its_own_and_a_hint),
	};

	STAGE_CHILD(argc, argv);
	log_setup_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests_name("op/check", tests, NULL, NULL);
}
