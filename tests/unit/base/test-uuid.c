/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <string.h>

#include "base/uuid.h"

#define UUID "96fa7ba7-5229-4f32-a9d3-849404febb0e"

static void test_one_shape_is_valid_in_either_case(void **state)
{
	static const char *const bad[] = {
		"",
		"x",
		"96fa7ba752294f32a9d3849404febb0e",
		"96fa7ba7-5229-4f32-a9d3-849404febb0",
		UUID "0",
		UUID "\n",
		" " UUID,
		"96fa7ba7-5229-4f32-a9d3-849404febb0g",
		"96fa7ba7_5229-4f32-a9d3-849404febb0e",
		"96fa7ba-75229-4f32-a9d3-849404febb0e",
		"{96fa7ba7-5229-4f32-a9d3-849404febb0e}",
		"../../../../../../../../etc/passwd12",
	};

	(void)state;
	assert_true(uuid_is_valid(UUID));
	assert_true(uuid_is_valid("96FA7BA7-5229-4F32-A9D3-849404FEBB0E"));
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (uuid_is_valid(bad[i]))
			fail_msg("valid: %s", bad[i]);
}

static void test_abbreviations_match_from_the_beginning_only(void **state)
{
	(void)state;
	assert_true(uuid_matches(UUID, UUID));
	assert_true(uuid_matches(UUID, "luks-" UUID));
	assert_true(uuid_matches(UUID, "96fa"));
	assert_true(uuid_matches(UUID, "luks-96FA7BA7-5"));
	assert_false(uuid_matches(UUID, ""));
	assert_false(uuid_matches(UUID, "luks-"));
	assert_false(uuid_matches(UUID, "fa7b"));
	assert_false(uuid_matches(UUID, UUID "0"));
	assert_false(uuid_matches(UUID, "LUKS-96fa"));
}

static void test_equality_ignores_case(void **state)
{
	(void)state;
	assert_true(uuid_equal(UUID, "96FA7BA7-5229-4F32-A9D3-849404FEBB0E"));
	assert_false(uuid_equal(UUID, "96FA7BA7-5229-4F32-A9D3-849404FEBB0F"));
}

static void test_random_ones_are_version_4_and_differ(void **state)
{
	char a[UUID_SIZE], b[UUID_SIZE];

	(void)state;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(uuid_random(a), 0);
		assert_int_equal(uuid_random(b), 0);
		assert_true(uuid_is_valid(a));
		assert_int_equal(a[14], '4');
		assert_non_null(strchr("89ab", a[19]));
		assert_string_not_equal(a, b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_shape_is_valid_in_either_case),
		cmocka_unit_test(test_abbreviations_match_from_the_beginning_only),
		cmocka_unit_test(test_equality_ignores_case),
		cmocka_unit_test(test_random_ones_are_version_4_and_differ),
	};

	return cmocka_run_group_tests_name("base/uuid", tests, NULL, NULL);
}
