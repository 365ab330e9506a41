/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Volumes that somebody else opened, before us, behind the prompt or with our answer: they count as open
 * only if they are what was checked, under each of their names.
 */
#include "op/fake-mapper.h"

#include "base/log.h"
#include "op/aftermath.h"
#include "op/card-stage.h"

#define OWNER	"[volume root]\nuuid = " U "\nbindings = keyfile:/etc/luks/cex.key\n"
#define REQUIRE "[cexluks]\nrequire = secure-key\n"
#define PAES	"paes-xts-plain64"
#define AES	"aes-xts-plain64"

static struct stage *begin(void **state)
{
	static char run[96];
	struct stage *s = *state;

	mapper_begin(s);
	(void)snprintf(run, sizeof(run), "%s/run", s->tree->root);
	aftermath_set_run_dir(run);
	return s;
}

static int teardown(void **state)
{
	memset(&mapper, 0, sizeof(mapper));
	luks_holder_set_sysfs(NULL);
	aftermath_set_run_dir(NULL);
	return key_teardown(state);
}

enum kind { SECURE, CLEAR, ORDINARY };

static void disk_is(struct stage *s, enum kind kind, const char *token)
{
	struct blob pair = blob_pair(), clear = blob_lookalike();
	const struct scratch_secrets ordinary = { clear.bytes, clear.len, PUBLIC, PUBLIC_LEN };

	if (kind != ORDINARY) {
		volume_is(s, kind == SECURE ? &pair : &clear, PUBLIC, "no-card");
	} else {
		scratch_format_with(s->disk->path, "aes", "xts-plain64", &ordinary);
		scratch_read(s->disk->path, s->disk->image);
	}
	stage_tokens(s, token, NULL, NULL);
}

static const struct {
	const char *config, *token, *cmdline;
	enum kind kind;
	enum outcome outcome;
	bool warned;
} rows[] = {
	/* whoever has the disk could have made these, and systemd opened them with a file that all have */
	{ OWNER, NULL, "", ORDINARY, OUTCOME_NOT_A_SECURE_KEY, false },
	{ OWNER, NULL, "", CLEAR, OUTCOME_NOT_A_SECURE_KEY, false },
	{ PROD "[volume root]\nuuid = " U "\nbindings = kms:prod, keyfile:/etc/luks/cex.key\n",
	  TOKEN("prod", "right"), "", ORDINARY, OUTCOME_NOT_A_SECURE_KEY, false },
	{ "", CARD, "", ORDINARY, OUTCOME_NOT_A_SECURE_KEY, false },
	{ "", CARD, "", CLEAR, OUTCOME_NOT_A_SECURE_KEY, false },
	{ REQUIRE PROD, TOKEN("prod", "right"), "", ORDINARY, OUTCOME_NOT_A_SECURE_KEY, false },
	{ REQUIRE PROD, TOKEN("prod", "right"), "", CLEAR, OUTCOME_NOT_A_SECURE_KEY, false },
	{ ROOT "cipher = " PAES "\n", NULL, "", ORDINARY, OUTCOME_HEADER_REFUSED, false },
	{ ROOT "verification-pattern = " PATTERN "\n", NULL, "", ORDINARY, OUTCOME_PATTERN_MISMATCH, false },
	/* and these are open */
	{ OWNER, NULL, "", SECURE, OUTCOME_OK, false },
	{ "", CARD, "", SECURE, OUTCOME_OK, false },
	{ REQUIRE PROD, TOKEN("prod", "right"), "", SECURE, OUTCOME_OK, false },
	{ PROD, TOKEN("prod", "right"), "", ORDINARY, OUTCOME_OK, false },
	{ PROD, TOKEN("prod", "right"), "", CLEAR, OUTCOME_OK, false },
	{ ROOT "verification-pattern = " PATTERN "\n", NULL, "", SECURE, OUTCOME_OK, true },
	{ PROD, TOKEN("prod", "right"), "rd.cexluks.pattern=96fa=00", CLEAR, OUTCOME_OK, true },
};

static void test_an_open_volume_must_be_what_could_have_been_opened(void **state)
{
	struct stage *s = begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;

		disk_is(s, rows[i].kind, rows[i].token);
		mapper_opened(s, 0, "root", rows[i].kind == ORDINARY ? AES : PAES);
		stage_begin(s, rows[i].config, rows[i].cmdline, "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = stage_run(s, 5000);
		if (a->verdict.outcome != rows[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome), a->verdict.cause);
		assert_int_equal(a->state, rows[i].outcome ? ATTEMPT_REFUSED : ATTEMPT_OPENED);
		assert_int_equal(a->unchecked_key, rows[i].warned);
		stage_strike(s);
	}
}

static void test_behind_the_prompt_only_what_fits_is_done_with(void **state)
{
	struct stage *s = begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		disk_is(s, rows[i].kind, rows[i].token);
		mapper_opened(s, 0, "root", rows[i].kind == ORDINARY ? AES : PAES);
		stage_begin(s, rows[i].config, rows[i].cmdline, "root UUID=" U "\n", ATTEMPT_ANSWER);
		aftermath_drop_decided(s->setup.config, s->setup.cmdline, s->setup.plan);
		if (s->setup.plan->n_volumes != (rows[i].outcome ? 1 : 0))
			fail_msg("row %zu", i);
		stage_strike(s);
	}
	/* closed: still to do; refused: no more */
	mapper.mappings[0].name = NULL;
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ANSWER);
	aftermath_drop_decided(s->setup.config, s->setup.cmdline, s->setup.plan);
	assert_int_equal(s->setup.plan->n_volumes, 1);
	assert_int_equal(aftermath_refuse(&s->setup.plan->volumes[0]), 0);
	aftermath_drop_decided(s->setup.config, s->setup.cmdline, s->setup.plan);
	assert_int_equal(s->setup.plan->n_volumes, 0);
}

/* systemd may open it by any name that crypttab and command line have for it. */
static void test_each_name_of_a_volume_is_compared(void **state)
{
	static const struct {
		const char *names[2];
		const char *ciphers[2];
		enum outcome outcome;
	} opened[] = {
		{ { "root" }, { AES }, OUTCOME_OK },
		{ { "second" }, { AES }, OUTCOME_OK },
		{ { NAME }, { AES }, OUTCOME_OK },
		{ { "root" }, { "aes-xts-plain" }, OUTCOME_HEADER_REFUSED },
		{ { "second" }, { "aes-xts-plain" }, OUTCOME_HEADER_REFUSED },
		{ { NAME }, { "aes-xts-plain" }, OUTCOME_HEADER_REFUSED },
		{ { "root", "second" }, { AES, "aes-xts-plain" }, OUTCOME_HEADER_REFUSED },
	};
	struct stage *s = begin(state);

	disk_is(s, ORDINARY, TOKEN("prod", "right"));
	for (size_t i = 0; i < ARRAY_SIZE(opened); i++) {
		const struct attempt *a;

		memset(mapper.mappings, 0, sizeof(mapper.mappings));
		for (size_t k = 0; k < 2; k++)
			if (opened[i].names[k])
				mapper_opened(s, k, opened[i].names[k], opened[i].ciphers[k]);
		stage_begin(s, PROD, "rd.luks.name=" U "=second", "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = stage_run(s, 5000);
		if (a->verdict.outcome != opened[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome), a->verdict.cause);
		stage_strike(s);
	}
}

/* systemd got the passphrase and opened something else with it, under its own name for the volume. */
static void test_what_our_answer_opened_is_compared_under_each_name(void **state)
{
	static const char *const ciphers[] = { PAES, AES };
	struct stage *s = begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++) {
		struct attempt *a;

		disk_is(s, SECURE, CARD);
		stage_begin(s, "", "rd.luks.name=" U "=second", "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = &s->round.attempts[0];
		attempt_look(a);
		assert_int_equal(a->state, ATTEMPT_MAY_START);
		a->answered = true;
		a->state = ATTEMPT_HAS_ANSWERED;
		mapper_opened(s, 0, "second", ciphers[i]);
		attempt_answer(a);
		assert_int_equal(a->state, i ? ATTEMPT_REFUSED : ATTEMPT_OPENED);
		mapper.mappings[0].name = NULL;
		stage_strike(s);
	}
}

/* The mapping here cannot be closed, as one that is mounted. */
static void test_a_refused_volume_that_stays_open_ends_the_boot(void **state)
{
	static const char *const names[] = { NULL, "root", "second" };
	struct stage *s = begin(state);

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct attempt *a;

		disk_is(s, ORDINARY, NULL);
		memset(&mapper, 0, sizeof(mapper));
		if (names[i])
			mapper_opened(s, 0, names[i], AES);
		stage_begin(s, OWNER, "rd.luks.name=" U "=second", "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = &s->round.attempts[0];
		(void)stage_run(s, 5000);
		assert_int_equal(a->state, ATTEMPT_REFUSED);
		aftermath_refuse_pending(s->setup.config, a);
		assert_true(aftermath_is_refused(a->want));
		assert_int_equal(mapper.ended, names[i] ? 1 : 0);
		s->setup.config->on_refusal = ON_REFUSAL_PROMPT;
		aftermath_refuse_pending(s->setup.config, a);
		assert_int_equal(mapper.ended, names[i] ? 1 : 0);
		stage_strike(s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, key_setup, teardown)
		T(test_an_open_volume_must_be_what_could_have_been_opened),
		T(test_behind_the_prompt_only_what_fits_is_done_with),
		T(test_each_name_of_a_volume_is_compared),
		T(test_what_our_answer_opened_is_compared_under_each_name),
		T(test_a_refused_volume_that_stays_open_ends_the_boot),
	};

	STAGE_CHILD(argc, argv);
	log_setup_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests_name("op/aftermath", tests, NULL, NULL);
}
