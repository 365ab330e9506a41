/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table that units, hooks and the manual rely on. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "op/outcome.h"

/* design section 9, in its order; the card's warnings come with the card. */
static const char *const words[] = {
	"ok",		      "nothing-to-do",	     "usage",		 "no-permission",
	"config-error",	      "device-missing",	     "device-busy",	 "header-refused",
	"not-bound",	      "last-way-in",	     "no-network",	 "dns-failed",
	"tls-untrusted",      "tls-clock",	     "credential-missing", "credential-unusable",
	"iam-refused",	      "kms-unreachable",     "kms-refused",	 "kms-key-gone",
	"kms-key-disabled",   "kms-bad-ciphertext",  "kms-throttled",	 "no-ap-bus",
	"no-card",	      "card-offline",	     "card-wrong-mode",	 "queue-in-use",
	"master-key-not-set", "master-key-unknown",  "module-missing",	 "not-a-secure-key",
	"pattern-mismatch",   "wrong-passphrase",    "device-mapper",	 "image-stale",
	"image-incomplete",   "bootloader-stale",    "timeout",		 "internal",
};

static void test_the_words_are_those_of_the_design(void **state)
{
	(void)state;
	assert_int_equal(OUTCOMES, ARRAY_SIZE(words));
	for (unsigned i = 0; i < OUTCOMES; i++)
		assert_string_equal(outcome_word((enum outcome)i), words[i]);
}

static void test_every_exit_code_but_0_stands_for_one_outcome(void **state)
{
	int seen[256] = { 0 };

	(void)state;
	for (unsigned i = 0; i < OUTCOMES; i++) {
		int code = outcome_exit_code((enum outcome)i);

		assert_in_range(code, 0, 125); /* what a shell can tell from a signal */
		assert_int_not_equal(code, 1); /* a crash of something else */
		assert_true(!code || !seen[code]);
		seen[code]++;
	}
	assert_int_equal(seen[0], 2);
	assert_int_equal(outcome_exit_code(OUTCOME_OK), 0);
	assert_int_equal(outcome_exit_code(OUTCOME_NOTHING_TO_DO), 0);
	assert_int_equal(outcome_exit_code(OUTCOME_USAGE), 2);
}

static void test_a_refusal_is_final_and_every_failure_has_a_next_step(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOMES; i++) {
		enum outcome o = (enum outcome)i;

		if (outcome_is_refusal(o))
			assert_false(outcome_is_worth_another_try(o));
		assert_true(o <= OUTCOME_USAGE || outcome_hint(o)[0]);
	}
	assert_true(outcome_is_refusal(OUTCOME_HEADER_REFUSED));
	assert_true(outcome_is_refusal(OUTCOME_NOT_A_SECURE_KEY));
	assert_true(outcome_is_refusal(OUTCOME_PATTERN_MISMATCH));
	assert_false(outcome_is_refusal(OUTCOME_TLS_UNTRUSTED)); /* that is the network's failure */
}

static void test_hints_fit_the_console(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OUTCOMES; i++) {
		const char *hint = outcome_hint((enum outcome)i);

		if (strlen("cexluks:   next: ") + strlen(hint) > 76)
			fail_msg("%s: \"%s\"", words[i], hint);
		for (const char *p = hint; *p; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
	}
}

/* ".It Sy WORD , CODE [, retried]" */
static void test_the_manual_has_each_word_with_code_and_retry(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	if (file_read("docs/man/cexluks-outcomes.7", 1u << 20, &text, NULL) < 0) {
		print_message("SKIP: not started in the source tree\n");
		skip();
	}
	for (unsigned i = 0; i < OUTCOMES; i++) {
		enum outcome o = (enum outcome)i;
		char line[96];

		(void)snprintf(line, sizeof(line), "\n.It Sy %s , No %d%s\n", words[i],
			       outcome_exit_code(o),
			       outcome_is_worth_another_try(o) ? " , No retried" : "");
		if (!strstr(text, line))
			fail_msg("no line \"%s\"", line + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_words_are_those_of_the_design),
		cmocka_unit_test(test_every_exit_code_but_0_stands_for_one_outcome),
		cmocka_unit_test(test_a_refusal_is_final_and_every_failure_has_a_next_step),
		cmocka_unit_test(test_hints_fit_the_console),
		cmocka_unit_test(test_the_manual_has_each_word_with_code_and_retry),
	};

	return cmocka_run_group_tests_name("op/outcome", tests, NULL, NULL);
}
