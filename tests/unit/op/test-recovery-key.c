/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recovery keys have systemd's form, and are never the same twice. */
#include "unit.h"

#include <string.h>

#include "op/recovery-key.h"

#define KEYS 64

static void test_it_has_eight_groups_of_eight(void **state)
{
	_cleanup_secret_ struct secret *key = NULL;

	(void)state;
	assert_int_equal(recovery_key_make(&key), 0);
	assert_int_equal(secret_len(key), RECOVERY_KEY_LEN);
	for (size_t i = 0; i < RECOVERY_KEY_LEN; i++)
		assert_int_equal(secret_bytes(key)[i] == '-', i % 9 == 8);
}

/* All sixteen letters, and no other, where 4096 were drawn: missing one by chance is hopeless. */
static void test_it_is_written_in_modhex(void **state)
{
	unsigned seen[256] = { 0 };
	unsigned letters = 0;

	(void)state;
	for (int n = 0; n < KEYS; n++) {
		_cleanup_secret_ struct secret *key = NULL;

		assert_int_equal(recovery_key_make(&key), 0);
		for (size_t i = 0; i < secret_len(key); i++)
			seen[secret_bytes(key)[i]]++;
	}
	for (const char *c = "cbdefghijklnrtuv"; *c; c++) {
		assert_true(seen[(unsigned char)*c] > 0);
		letters += seen[(unsigned char)*c];
	}
	assert_int_equal(seen['-'], 7 * KEYS);
	assert_int_equal(letters, 64 * KEYS);
}

static void test_no_two_are_the_same(void **state)
{
	struct secret *keys[KEYS];

	(void)state;
	for (size_t i = 0; i < KEYS; i++)
		assert_int_equal(recovery_key_make(&keys[i]), 0);
	for (size_t i = 0; i < KEYS; i++)
		for (size_t j = 0; j < i; j++)
			assert_false(secret_equal(keys[i], keys[j]));
	for (size_t i = 0; i < KEYS; i++)
		secret_free(keys[i]);
}

/* Each of the 64 places takes each of the 16 letters: nothing is fixed, no bits are lost. */
static void test_every_place_varies(void **state)
{
	unsigned char seen[RECOVERY_KEY_LEN][256] = { 0 };

	(void)state;
	for (int n = 0; n < 1000; n++) {
		_cleanup_secret_ struct secret *key = NULL;

		assert_int_equal(recovery_key_make(&key), 0);
		for (size_t i = 0; i < RECOVERY_KEY_LEN; i++)
			seen[i][secret_bytes(key)[i]] = 1;
	}
	for (size_t i = 0; i < RECOVERY_KEY_LEN; i++) {
		unsigned letters = 0;

		for (size_t c = 0; c < sizeof(seen[i]); c++)
			letters += seen[i][c];
		assert_int_equal(letters, i % 9 == 8 ? 1 : 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_has_eight_groups_of_eight),
		cmocka_unit_test(test_it_is_written_in_modhex),
		cmocka_unit_test(test_no_two_are_the_same),
		cmocka_unit_test(test_every_place_varies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
