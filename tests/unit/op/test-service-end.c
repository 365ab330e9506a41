/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HPCS is deleted on 28 March 2027, at its beginning in UTC. */
#include "unit.h"

#include "op/service-end.h"

#define END INT64_C(1806192000)
#define DAY 86400

static void test_only_hpcs_ends(void **state)
{
	int64_t days = -1;

	(void)state;
	assert_false(service_days_left(KMS_SERVICE_KEY_PROTECT, END, &days));
	assert_false(service_days_left(KMS_SERVICE_KEY_PROTECT_DEDICATED, END, &days));
	assert_int_equal(days, -1);
	assert_true(service_days_left(KMS_SERVICE_HPCS, END, &days));
}

static void test_days_are_whole_and_never_negative(void **state)
{
	static const struct {
		int64_t now, days;
	} rows[] = {
		{ END - 126 * DAY, 126 }, { END - 126 * DAY + 1, 125 }, { END - DAY, 1 },
		{ END - DAY + 1, 0 },	  { END, 0 },			{ END + 400 * DAY, 0 },
		{ 0, END / DAY },
	};
	int64_t days;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(service_days_left(KMS_SERVICE_HPCS, rows[i].now, &days));
		assert_int_equal(days, rows[i].days);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_hpcs_ends),
		cmocka_unit_test(test_days_are_whole_and_never_negative),
	};

	return cmocka_run_group_tests_name("op/service-end", tests, NULL, NULL);
}
