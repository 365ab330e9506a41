/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libcryptsetup is told: two errnos and no third, by the helper's table of outcomes. */
#include "unit.h"

#include <errno.h>

#include "base/program.h"
#include "op/outcome.h"
#include "plugin/answer.h"

static void test_what_may_come_back_is_absent_and_the_rest_unusable(void **state)
{
	(void)state;
	for (enum outcome o = OUTCOME_USAGE; o < OUTCOMES; o++) {
		bool absent = outcome_is_worth_another_try(o) || outcome_is_about_cards(o);

		if (plugin_answer(PROGRAM_FAILED, outcome_exit_code(o)) != (absent ? -EAGAIN : -ENOENT))
			fail_msg("%s", outcome_word(o));
	}
}

static void test_no_status_stops_other_tokens(void **state)
{
	(void)state;
	for (int status = 1; status < 256; status++) {
		int e = plugin_answer(PROGRAM_FAILED, status);

		assert_true(e == -EAGAIN || e == -ENOENT);
	}
	assert_int_equal(plugin_answer(PROGRAM_FAILED, 128 + 9), -ENOENT);
}

static void test_what_became_of_the_program_is_an_answer_too(void **state)
{
	(void)state;
	assert_int_equal(plugin_answer(PROGRAM_TIMEOUT, 0), -EAGAIN);
	assert_int_equal(plugin_answer(PROGRAM_MISSING, 0), -ENOENT);
	assert_int_equal(plugin_answer(PROGRAM_SILENT, 0), -ENOENT);
	assert_int_equal(plugin_answer(PROGRAM_TOO_MUCH, 0), -ENOENT);
	assert_int_equal(plugin_answer(-ENOMEM, 0), -ENOENT);
	assert_int_equal(plugin_answer(-EMFILE, 12), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_may_come_back_is_absent_and_the_rest_unusable),
		cmocka_unit_test(test_no_status_stops_other_tokens),
		cmocka_unit_test(test_what_became_of_the_program_is_an_answer_too),
	};

	return cmocka_run_group_tests_name("plugin/answer", tests, NULL, NULL);
}
