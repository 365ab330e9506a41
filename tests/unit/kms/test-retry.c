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

static void test_jitter_is_full_and_its_ceiling_doubles(void **state)
{
	uint64_t expected = LIMIT_RETRY_BASE_MS, ms = 0;

	(void)state;
	for (unsigned tries = 1; tries < 30; tries++) {
		assert_true(retry_delay(tries, HTTP_NO_RETRY_AFTER, 1000000, UINT32_MAX, &ms));
		assert_int_equal(ms, expected);
		assert_true(retry_delay(tries, HTTP_NO_RETRY_AFTER, 1000000, 0, &ms));
		assert_int_equal(ms, 0);
		expected = expected * 2 > LIMIT_RETRY_CAP_MS ? LIMIT_RETRY_CAP_MS : expected * 2;
	}
}

static void test_retry_after_is_honoured_and_capped(void **state)
{
	uint64_t ms = 0;

	(void)state;
	assert_true(retry_delay(1, 3000, 60000, 0, &ms));
	assert_int_equal(ms, 3000);
	assert_true(retry_delay(1, 3000, 60000, UINT32_MAX, &ms));
	assert_int_equal(ms, 3000 + LIMIT_RETRY_BASE_MS);
	assert_true(retry_delay(1, UINT64_MAX - 1, 60000, 0, &ms));
	assert_int_equal(ms, LIMIT_RETRY_AFTER_MS);
	assert_false(retry_delay(1, 20000, 10000, 0, &ms));
}

static void test_no_wait_reaches_beyond_the_budget(void **state)
{
	(void)state;
	for (uint64_t left = 0; left < 20000; left += 37) {
		uint64_t ms = 0;

		if (retry_delay(9, HTTP_NO_RETRY_AFTER, left, UINT32_MAX, &ms))
			assert_true(ms < left);
		else
			assert_true(left < 300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retry_after_takes_seconds),
		cmocka_unit_test(test_retry_after_takes_dates),
		cmocka_unit_test(test_retry_after_nonsense_is_none),
		cmocka_unit_test(test_jitter_is_full_and_its_ceiling_doubles),
		cmocka_unit_test(test_retry_after_is_honoured_and_capped),
		cmocka_unit_test(test_no_wait_reaches_beyond_the_budget),
	};

	return cmocka_run_group_tests_name("kms/retry", tests, NULL, NULL);
}
