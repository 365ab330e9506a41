/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <limits.h>

#include "base/deadline.h"

static uint64_t fake_now;

static uint64_t fake(void)
{
	return fake_now;
}

static int setup(void **state)
{
	(void)state;
	fake_now = 1000;
	deadline_set_clock(fake);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	deadline_set_clock(NULL);
	return 0;
}

static void test_a_deadline_passes_exactly_when_it_is_reached(void **state)
{
	deadline_t d = deadline_after(50);

	(void)state;
	fake_now = 1049;
	assert_false(deadline_over(d));
	assert_int_equal(deadline_left(d), 1);
	assert_int_equal(deadline_poll_ms(d), 1);
	fake_now = 1050;
	assert_true(deadline_over(d));
	assert_int_equal(deadline_left(d), 0);
	assert_int_equal(deadline_poll_ms(d), 0);
	fake_now = 9999;
	assert_int_equal(deadline_left(d), 0);
}

static void test_never_never_passes(void **state)
{
	(void)state;
	fake_now = UINT64_MAX - 1;
	assert_false(deadline_over(DEADLINE_NEVER));
	assert_int_equal(deadline_poll_ms(DEADLINE_NEVER), -1);
	assert_true(deadline_left(DEADLINE_NEVER) == UINT64_MAX);
}

static void test_a_far_deadline_neither_wraps_nor_becomes_never(void **state)
{
	deadline_t d = deadline_after(UINT64_MAX);

	(void)state;
	assert_true(d != DEADLINE_NEVER);
	assert_false(deadline_over(d));
	assert_int_equal(deadline_poll_ms(d), INT_MAX);
	assert_int_equal(deadline_poll_ms(deadline_after((uint64_t)INT_MAX + 1)), INT_MAX);
}

static void test_the_earlier_of_two_counts(void **state)
{
	(void)state;
	assert_int_equal(deadline_earlier(5, 7), 5);
	assert_int_equal(deadline_earlier(7, 5), 5);
	assert_int_equal(deadline_earlier(DEADLINE_NEVER, 5), 5);
}

static void test_the_real_clock_does_not_go_back(void **state)
{
	uint64_t a, b;

	(void)state;
	deadline_set_clock(NULL);
	a = deadline_now();
	b = deadline_now();
	assert_true(a > 0);
	assert_true(b >= a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_deadline_passes_exactly_when_it_is_reached, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_never_never_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_far_deadline_neither_wraps_nor_becomes_never, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_the_earlier_of_two_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_real_clock_does_not_go_back, setup, teardown),
	};

	return cmocka_run_group_tests_name("base/deadline", tests, NULL, NULL);
}
