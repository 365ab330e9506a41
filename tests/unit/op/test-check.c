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
		cmocka_unit_test(test_every_warning_has_a_word_of_its_own_and_a_hint),
	};

	STAGE_CHILD(argc, argv);
	log_setup_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests_name("op/check", tests, NULL, NULL);
}
