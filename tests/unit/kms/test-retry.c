/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kms/http.h"
#include "kms/retry.h"

static uint64_t parse(const char *text)
{
	return retry_after_parse(text, strlen(text));
}

static void test_retry_after_takes_seconds(void **state)
{
	(void)state;
	assert_int_equal(parse("0"), 0);
	assert_int_equal(parse(" 7\r\n"), 7000);
	assert_int_equal(parse("120"), 120000);
	assert_true(parse("999999999999999999999999999999") > LIMIT_RETRY_AFTER_MS);
	assert_true(parse("999999999999999999999999999999") != HTTP_NO_RETRY_AFTER);
}

static void test_retry_after_takes_dates(void **state)
{
	time_t soon = time(NULL) + 20;
	struct tm tm;
	char text[64];
	uint64_t ms;

	(void)state;
	assert_non_null(gmtime_r(&soon, &tm));
	assert_true(strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
	ms = parse(text);
	assert_true(ms >= 15000 && ms <= 20000);
	assert_int_equal(parse("Thu, 01 Jan 1970 00:00:01 GMT"), 0);
}

static void test_retry_after_nonsense_is_none(void **state)
{
	static const char *const texts[] = { "",      " ",     "-1",   "+5",	"1.5",	 "1e3",
					     "0x10",  "5s",    "5 6",  "soon", "junk", "\r\n",
					     "1;2",   "1,2",   "NaN",  "inf" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (parse(texts[i]) != HTTP_NO_RETRY_AFTER)
			fail_msg("took '%s' for %llu ms", texts[i],
				 (unsigned long long)parse(texts[i]));
	assert_true(retry_after_parse("1\0002", 3) == HTTP_NO_RETRY_AFTER);
}

/* UINT64_MAX: there is no time for another try. */
static uint64_t delay(unsigned tries, uint64_t retry_after_ms, uint64_t left_ms, uint32_t random)
{
	const struct retry_state state = { .tries = tries,
					   .retry_after_ms = retry_after_ms,
					   .left_ms = left_ms };
	uint64_t ms = UINT64_MAX;

	return retry_delay(&state, random, &ms) ? ms : UINT64_MAX;
}

static void test_jitter_is_full_and_its_ceiling_doubles(void **state)
{
	uint64_t expected = LIMIT_RETRY_BASE_MS;

	(void)state;
	for (unsigned tries = 1; tries < 30; tries++) {
		assert_int_equal(delay(tries, HTTP_NO_RETRY_AFTER, 1000000, UINT32_MAX), expected);
		assert_int_equal(delay(tries, HTTP_NO_RETRY_AFTER, 1000000, 0), 0);
		expected = expected * 2 > LIMIT_RETRY_CAP_MS ? LIMIT_RETRY_CAP_MS : expected * 2;
	}
}

static void test_a_full_service_is_asked_later(void **state)
{
	struct retry_state full = { .tries = 1,
				    .throttled = true,
				    .retry_after_ms = HTTP_NO_RETRY_AFTER,
				    .left_ms = 1000000 };
	uint64_t ms = 0;

	(void)state;
	assert_true(retry_delay(&full, UINT32_MAX, &ms));
	assert_int_equal(ms, 4 * LIMIT_RETRY_BASE_MS);
	full.tries = 9;
	assert_true(retry_delay(&full, UINT32_MAX, &ms));
	assert_int_equal(ms, LIMIT_RETRY_CAP_MS);
}

static void test_retry_after_is_honoured_spread_and_capped(void **state)
{
	(void)state;
	assert_int_equal(delay(1, 3000, 60000, 0), 3000);
	assert_int_equal(delay(1, 3000, 60000, UINT32_MAX), 6000);
	assert_int_equal(delay(1, 0, 60000, UINT32_MAX), LIMIT_RETRY_BASE_MS);
	assert_int_equal(delay(1, UINT64_MAX - 1, 60000, 0), LIMIT_RETRY_AFTER_MS);
	/* not so far that nothing is left of the budget */
	assert_int_equal(delay(1, 30000, 40000, UINT32_MAX), 35000);
	assert_int_equal(delay(1, 20000, 10000, 0), UINT64_MAX);
}

static void test_no_wait_reaches_beyond_the_budget(void **state)
{
	(void)state;
	for (uint64_t left = 0; left < 20000; left += 37) {
		uint64_t ms = delay(9, HTTP_NO_RETRY_AFTER, left, UINT32_MAX);

		assert_true(ms == UINT64_MAX ? left < 300 : ms < left);
		ms = delay(9, 5000, left, UINT32_MAX);
		assert_true(ms == UINT64_MAX ? left < 5300 : ms < left);
	}
}

static void test_pauses_behind_the_prompt_grow_up_to_their_cap(void **state)
{
	(void)state;
	assert_int_equal(retry_pause(0, UINT32_MAX), 1000 + 4 * LIMIT_RETRY_BASE_MS);
	assert_int_equal(retry_pause(3, UINT32_MAX), 1000 + 32 * LIMIT_RETRY_BASE_MS);
	for (unsigned round = 0; round < 100; round++) {
		assert_int_equal(retry_pause(round, 0), 1000);
		assert_true(retry_pause(round, UINT32_MAX) <= 1000 + LIMIT_RETRY_PAUSE_MS);
		assert_true(retry_pause(round, UINT32_MAX) >= retry_pause(round / 2, UINT32_MAX));
	}
	assert_int_equal(retry_pause(99, UINT32_MAX), 1000 + LIMIT_RETRY_PAUSE_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_after_takes_seconds),
		cmocka_unit_test(test_retry_after_takes_dates),
		cmocka_unit_test(test_retry_after_nonsense_is_none),
		cmocka_unit_test(test_jitter_is_full_and_its_ceiling_doubles),
		cmocka_unit_test(test_a_full_service_is_asked_later),
		cmocka_unit_test(test_retry_after_is_honoured_spread_and_capped),
		cmocka_unit_test(test_no_wait_reaches_beyond_the_budget),
		cmocka_unit_test(test_pauses_behind_the_prompt_grow_up_to_their_cap),
	};

	return cmocka_run_group_tests_name("kms/retry", tests, NULL, NULL);
}
