/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"

static int decode(const char *text, size_t max, struct secret **ret)
{
	return base64_decode_secret(text, strlen(text), max, ret);
}

static void test_the_vectors_of_the_standard_go_both_ways(void **state)
{
	static const char *const pairs[][2] = { /* RFC 4648 section 10 */
		{ "f", "Zg==" },     { "fo", "Zm8=" },	   { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		_cleanup_secret_ struct secret *plain = NULL, *text = NULL;
		size_t len = strlen(pairs[i][0]);

		assert_int_equal(decode(pairs[i][1], 100, &plain), 0);
		assert_int_equal(secret_len(plain), len);
		assert_memory_equal(secret_bytes(plain), pairs[i][0], len);
		assert_int_equal(base64_encode_secret(plain, &text), 0);
		assert_int_equal(secret_len(text), strlen(pairs[i][1]));
		assert_string_equal((const char *)secret_bytes(text), pairs[i][1]);
	}
}

static void test_every_byte_value_survives(void **state)
{
	_cleanup_secret_ struct secret *all = NULL, *text = NULL, *again = NULL;

	(void)state;
	assert_int_equal(secret_new(256, &all), 0);
	for (int i = 0; i < 256; i++)
		secret_data(all)[i] = (unsigned char)i;
	assert_int_equal(base64_encode_secret(all, &text), 0);
	assert_int_equal(
		base64_decode_secret((const char *)secret_bytes(text), secret_len(text), 256, &again), 0);
	assert_true(secret_equal(all, again));
}

static void test_anything_but_strict_base64_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	    "Z",	"Zg",	    "Zg=",	"Zg===",    "=",	"====",
		"Zg==\n",   " Zg==",	"Zg ==",    "Z\ng==",	"Zh==",	    "Zm9=",	"Zm8",
		"Zg==Zg==", "Zm=v",	"Z===",	    "Zm9v-",	"Zm9_",	    "Zm9-",	"Zm9.",
		"Zm\xc3\xb6", "Zm9v====", "=Zm9", "Zm9v\r\n\r\n",
	};
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (base64_is_valid(bad[i], strlen(bad[i])))
			fail_msg("valid: '%s'", bad[i]);
		assert_int_equal(decode(bad[i], 100, &s), -EBADMSG);
	}
	assert_false(base64_is_valid("Zm\0v", 4));
	assert_null(s);
}

static void test_no_two_texts_decode_to_the_same_byte(void **state)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned valid = 0;

	(void)state;
	for (int a = 0; a < 64; a++)
		for (int b = 0; b < 64; b++) {
			char text[] = { alphabet[a], alphabet[b], '=', '=' };

			valid += base64_is_valid(text, 4);
		}
	assert_int_equal(valid, 256);
}

static void test_the_limit_counts_decoded_bytes(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	assert_int_equal(decode("Zm9vYg==", 3, &s), -EFBIG);
	assert_int_equal(decode("Zm9vYmFyZm9v", 3, &s), -EFBIG);
	assert_int_equal(decode("Zm9vYg==", 4, &s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_vectors_of_the_standard_go_both_ways),
		cmocka_unit_test(test_every_byte_value_survives),
		cmocka_unit_test(test_anything_but_strict_base64_is_refused),
		cmocka_unit_test(test_no_two_texts_decode_to_the_same_byte),
		cmocka_unit_test(test_the_limit_counts_decoded_bytes),
	};

	return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
