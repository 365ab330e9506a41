/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "cex/hex.h"
#include "cex/pattern.h"
#include "cex/skcipher.h"

/* zkey's algorithm over keys 00 01 02 …: computed with OpenSSL, cex-pkey reference 6.2. */
static const struct {
	const char *cipher;
	size_t len;
	const char *pattern;
} vectors[] = {
	{ "xts(aes)", 64,
	  "cd6b103236fbd87dba93e9001e29bc3d5e885d6abd1577e3e0e0a5f49e444894" },
	{ "xts(aes)", 32,
	  "f071a2b402c105ea37024133e24d6ef6212e8cc0175e1b6b32657d54f159daf6" },
	{ "cbc(aes)", 32,
	  "f29000b62a499fd0a9f39a6add2e7780d4e96925c0bfcffb52f8a187ee774aab" },
};

static struct secret *counting_key(size_t len)
{
	struct secret *key = NULL;

	assert_int_equal(secret_new(len, &key), 0);
	for (size_t i = 0; i < len; i++)
		secret_data(key)[i] = (unsigned char)i;
	return key;
}

static const char *asked_for;
static int answer;

static int fake_cipher(const char *name, const struct secret *key, const unsigned char *in,
		       unsigned char *out, size_t len)
{
	asked_for = name;
	assert_int_equal(secret_len(key), 64);
	assert_int_equal(len, 32);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(in[i], 0);
		out[i] = (unsigned char)(0xf0 + i);
	}
	return answer;
}

static int restore(void **state)
{
	(void)state;
	cex_skcipher_set(NULL);
	return 0;
}

static void test_the_pattern_is_32_zero_bytes_through_paes(void **state)
{
	_cleanup_secret_ struct secret *key = counting_key(64);
	char pattern[CEX_PATTERN_SIZE];

	(void)state;
	cex_skcipher_set(fake_cipher);
	answer = 0;
	assert_int_equal(cex_pattern_compute(key, CEX_CIPHER_XTS, pattern), 0);
	assert_string_equal(asked_for, "xts(paes)");
	assert_string_equal(pattern,
			    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b0c0d0e0f");
	assert_int_equal(cex_pattern_compute(key, CEX_CIPHER_CBC, pattern), 0);
	assert_string_equal(asked_for, "cbc(paes)");
}

static void test_a_failing_cipher_gives_no_pattern(void **state)
{
	_cleanup_secret_ struct secret *key = counting_key(64);
	char pattern[CEX_PATTERN_SIZE] = "untouched";

	(void)state;
	cex_skcipher_set(fake_cipher);
	answer = CEX_NO_QUEUE;
	assert_int_equal(cex_pattern_compute(key, CEX_CIPHER_XTS, pattern), CEX_NO_QUEUE);
	assert_string_equal(pattern, "untouched");
}

/* With the kernel's plain AES, which must give the same pattern as paes over the same key. */
static void test_the_kernels_aes_gives_zkeys_patterns(void **state)
{
	static const unsigned char zeros[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
		_cleanup_secret_ struct secret *key = counting_key(vectors[i].len);
		unsigned char out[32];
		char text[CEX_PATTERN_SIZE];
		int r = cex_skcipher_encrypt(vectors[i].cipher, key, zeros, out, sizeof(out));

		if (r == CEX_MODULE_MISSING || r == -EPERM || r == -EACCES) {
			print_message("skip: the kernel offers no %s to programs here\n",
				      vectors[i].cipher);
			skip();
		}
		assert_int_equal(r, 0);
		cex_hex_text(out, sizeof(out), text);
		assert_string_equal(text, vectors[i].pattern);
	}
}

static void test_a_kernel_without_the_cipher_lacks_a_module(void **state)
{
	_cleanup_secret_ struct secret *key = counting_key(64);
	unsigned char buf[16] = { 0 };
	int r = cex_skcipher_encrypt("xts(cexluks-none)", key, buf, buf, sizeof(buf));

	(void)state;
	if (r == -EPERM || r == -EACCES) {
		print_message("skip: AF_ALG is not allowed here\n");
		skip();
	}
	assert_int_equal(r, CEX_MODULE_MISSING);
}

static void test_wrong_sizes_are_our_own_mistakes(void **state)
{
	_cleanup_secret_ struct secret *key = counting_key(64);
	unsigned char buf[SKCIPHER_MAX + 16] = { 0 };

	(void)state;
	assert_int_equal(cex_skcipher_encrypt("xts(aes)", key, buf, buf, 0), -EINVAL);
	assert_int_equal(cex_skcipher_encrypt("xts(aes)", key, buf, buf, 17), -EINVAL);
	assert_int_equal(cex_skcipher_encrypt("xts(aes)", key, buf, buf, sizeof(buf)), -EINVAL);
}

static void test_patterns_are_64_lower_case_digits(void **state)
{
	char text[CEX_PATTERN_SIZE + 1];

	(void)state;
	memcpy(text, vectors[0].pattern, CEX_PATTERN_SIZE);
	assert_true(cex_pattern_is_valid(text));
	text[5] = 'A';
	assert_false(cex_pattern_is_valid(text));
	text[5] = '\0';
	assert_false(cex_pattern_is_valid(text));
	memcpy(text, vectors[0].pattern, CEX_PATTERN_SIZE);
	text[64] = '0';
	text[65] = '\0';
	assert_false(cex_pattern_is_valid(text));
	assert_false(cex_pattern_is_valid(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_the_pattern_is_32_zero_bytes_through_paes, restore),
		cmocka_unit_test_teardown(test_a_failing_cipher_gives_no_pattern, restore),
		cmocka_unit_test(test_the_kernels_aes_gives_zkeys_patterns),
		cmocka_unit_test(test_a_kernel_without_the_cipher_lacks_a_module),
		cmocka_unit_test(test_wrong_sizes_are_our_own_mistakes),
		cmocka_unit_test(test_patterns_are_64_lower_case_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
