/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdlib.h>

#include "base/attributes.h"
#include "cex/keyblob.h"
#include "vectors.h"

#define XTS CEX_CIPHER_XTS
#define CBC CEX_CIPHER_CBC

/* Parses a heap copy of exactly @len bytes, so that the sanitizer sees every byte too many. */
static int parse(const unsigned char *key, size_t len, enum cex_cipher cipher,
		 struct cex_keyblob *ret)
{
	struct cex_reason reason = { "" };
	unsigned char *copy = malloc(len ? len : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, key, len);
	r = cex_keyblob_parse_bytes(copy, len, cipher, ret, &reason);
	free(copy);
	if (r) {
		assert_true(r == CEX_KEY_MALFORMED || r == CEX_KEY_NOT_SECURE);
		assert_true(strlen(reason.text) > 10);
	}
	return r;
}

static int parse_as(const unsigned char *key, size_t len, enum cex_cipher cipher)
{
	struct cex_keyblob blob;

	return parse(key, len, cipher, &blob);
}

static void assert_pattern(const struct cex_keyblob *blob, const char *digits)
{
	char text[CEX_MKVP_TEXT];

	cex_mkvp_text(&blob->mkvp, text);
	assert_string_equal(text, digits);
}

static void test_an_aesdata_token_gives_pattern_and_size(void **state)
{
	struct cex_keyblob blob;
	unsigned char key[64];

	(void)state;
	vector_aesdata(key);
	assert_int_equal(parse(key, sizeof(key), CBC, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_CCA_AESDATA);
	assert_true(cex_keyblob_is_secure(&blob));
	assert_false(blob.pair);
	assert_int_equal(blob.key_bits, 256);
	assert_false(blob.tvv_wrong);
	assert_pattern(&blob, "0123456789abcdef");
}

static void test_a_wrong_tvv_is_told_and_does_not_hide_the_key(void **state)
{
	struct cex_keyblob blob;
	unsigned char key[64];

	(void)state;
	vector_aesdata(key);
	key[63] ^= 1;
	assert_int_equal(parse(key, sizeof(key), CBC, &blob), 0);
	assert_true(blob.tvv_wrong);
	vector_aesdata(key);
	key[20] ^= 0x80;
	assert_int_equal(parse(key, sizeof(key), CBC, &blob), 0);
	assert_true(blob.tvv_wrong);
}

static void test_64_bytes_for_xts_are_a_clear_key_even_if_they_look_like_a_token(void **state)
{
	unsigned char key[64];

	(void)state;
	vector_aesdata(key);
	assert_int_equal(parse_as(key, sizeof(key), XTS), CEX_KEY_NOT_SECURE);
}

static void test_sizes_of_clear_keys_are_clear_keys(void **state)
{
	unsigned char key[64] = { 0x01, 0, 0, 0, 0x04 };

	(void)state;
	assert_int_equal(parse_as(key, 16, CBC), CEX_KEY_NOT_SECURE);
	assert_int_equal(parse_as(key, 24, CBC), CEX_KEY_NOT_SECURE);
	assert_int_equal(parse_as(key, 32, CBC), CEX_KEY_NOT_SECURE);
	assert_int_equal(parse_as(key, 32, XTS), CEX_KEY_NOT_SECURE);
	assert_int_equal(parse_as(key, 64, XTS), CEX_KEY_NOT_SECURE);
}

static void test_bytes_that_are_no_token_are_not_secure(void **state)
{
	unsigned char key[272];

	(void)state;
	memset(key, 0x77, sizeof(key));
	for (size_t len = 0; len <= sizeof(key); len++)
		assert_int_equal(parse_as(key, len, XTS), CEX_KEY_NOT_SECURE);
}

static void test_a_pair_of_aesdata_is_one_xts_key(void **state)
{
	struct cex_keyblob blob;
	unsigned char key[128];

	(void)state;
	vector_aesdata(key);
	vector_aesdata(key + 64);
	assert_int_equal(parse(key, sizeof(key), XTS, &blob), 0);
	assert_true(blob.pair);
	assert_int_equal(blob.token_size, 64);
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
}

static void test_aescipher_of_each_payload_format(void **state)
{
	static const struct {
		unsigned version, payload, bits;
	} rows[] = { { 0, 512, 128 }, { 0, 576, 192 }, { 0, 640, 256 }, { 1, 640, 0 } };
	struct cex_keyblob blob;
	unsigned char key[136];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		vector_aescipher(key, rows[i].version, rows[i].payload);
		assert_int_equal(parse(key, sizeof(key), CBC, &blob), 0);
		assert_int_equal(blob.kind, CEX_KEY_CCA_AESCIPHER);
		assert_int_equal(blob.key_bits, rows[i].bits);
		assert_int_equal(blob.hides_size, rows[i].version == 1);
		assert_pattern(&blob, "0123456789abcdef");
	}
}

static void test_an_xts_pair_of_aescipher_has_272_bytes(void **state)
{
	struct cex_keyblob blob;
	unsigned char key[272];

	(void)state;
	vector_aescipher(key, 1, 640);
	vector_aescipher(key + 136, 1, 640);
	assert_int_equal(parse(key, sizeof(key), XTS, &blob), 0);
	assert_true(blob.pair);
	assert_true(cex_keyblob_is_secure(&blob));
	assert_int_equal(blob.token_size, 136);
}

static void test_a_key_that_must_not_become_a_protected_key_is_malformed(void **state)
{
	unsigned char key[136];

	(void)state;
	vector_aescipher(key, 0, 640);
	key[50] = 0;
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
}

static void test_every_checked_field_of_aescipher_is_checked(void **state)
{
	static const unsigned char checked[] = { 2, 3, 8, 9, 26, 28, 30, 32, 33, 34, 35,
						 36, 38, 39, 41, 42, 43, 44, 49 };
	unsigned char key[136];

	(void)state;
	for (size_t i = 0; i < sizeof(checked); i++) {
		vector_aescipher(key, 0, 640);
		key[checked[i]] ^= 0x40;
		assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
	}
}

static void test_something_behind_a_short_token_is_malformed(void **state)
{
	unsigned char key[136], ep11[320];

	(void)state;
	vector_aescipher(key, 0, 512);
	key[135] = 1;
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
	vector_ep11(ep11);
	ep11[319] = 1;
	assert_int_equal(parse_as(ep11, sizeof(ep11), CBC), CEX_KEY_MALFORMED);
}

static void test_both_forms_of_ep11_give_16_bytes_of_pattern(void **state)
{
	struct cex_keyblob blob;
	unsigned char old[320], new[336];

	(void)state;
	vector_ep11(old);
	assert_int_equal(parse(old, sizeof(old), CBC, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_EP11_AES);
	assert_int_equal(blob.key_bits, 256);
	assert_false(blob.session_bound);
	assert_pattern(&blob, "0123456789abcdeff0e1d2c3b4a59687");
	vector_ep11_header(new);
	assert_int_equal(parse(new, sizeof(new), CBC, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_EP11_AES_HEADER);
	assert_pattern(&blob, "0123456789abcdeff0e1d2c3b4a59687");
	assert_true(cex_keyblob_is_secure(&blob));
}

static void test_a_session_bound_ep11_key_is_told(void **state)
{
	struct cex_keyblob blob;
	unsigned char old[320], new[336];

	(void)state;
	vector_ep11(old);
	old[31] = 1;
	assert_int_equal(parse(old, sizeof(old), CBC, &blob), 0);
	assert_true(blob.session_bound);
	vector_ep11_header(new);
	new[16] = 1;
	assert_int_equal(parse(new, sizeof(new), CBC, &blob), 0);
	assert_true(blob.session_bound);
}

static void test_ep11_without_magic_or_extractability_is_malformed(void **state)
{
	unsigned char key[336];

	(void)state;
	vector_ep11_header(key);
	key[80] = 0;
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
	vector_ep11_header(key);
	key[69] = 0;
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
	vector_ep11_header(key);
	put16(key + 2, 337);
	assert_int_equal(parse_as(key, sizeof(key), CBC), CEX_KEY_MALFORMED);
}

static void test_halves_must_belong_together(void **state)
{
	unsigned char key[272], mixed[128];

	(void)state;
	vector_aescipher(key, 0, 640);
	vector_aescipher(key + 136, 0, 512);
	assert_int_equal(parse_as(key, sizeof(key), XTS), CEX_KEY_MALFORMED);
	vector_aescipher(key + 136, 1, 640);
	assert_int_equal(parse_as(key, sizeof(key), XTS), CEX_KEY_MALFORMED);
	vector_aescipher(key + 136, 0, 640);
	key[136 + 10] ^= 1;
	assert_int_equal(parse_as(key, sizeof(key), XTS), CEX_KEY_MALFORMED);
	vector_aesdata(mixed);
	memset(mixed + 64, 0x77, 64);
	assert_int_equal(parse_as(mixed, sizeof(mixed), XTS), CEX_KEY_MALFORMED);
}

static void test_192_bits_are_no_xts_key(void **state)
{
	unsigned char key[272];

	(void)state;
	vector_aescipher(key, 0, 576);
	vector_aescipher(key + 136, 0, 576);
	assert_int_equal(parse_as(key, sizeof(key), XTS), CEX_KEY_MALFORMED);
}

static void test_a_truncated_key_is_never_a_secure_key(void **state)
{
	unsigned char key[672];

	(void)state;
	vector_ep11_header(key);
	vector_ep11_header(key + 336);
	for (size_t len = 0; len < sizeof(key); len++)
		assert_int_not_equal(parse_as(key, len, XTS), 0);
	assert_int_equal(parse_as(key, sizeof(key), XTS), 0);
	vector_aescipher(key, 1, 640);
	vector_aescipher(key + 136, 1, 640);
	for (size_t len = 0; len < 272; len++)
		assert_int_not_equal(parse_as(key, len, XTS), 0);
}

static void test_clear_and_protected_tokens_are_known_and_not_secure(void **state)
{
	unsigned char clear[48] = { [4] = 2, [11] = 3, [15] = 32 };
	unsigned char both[160] = { [4] = 1, [11] = 3, [15] = 64, [84] = 1, [91] = 3, [95] = 64 };
	struct cex_keyblob blob;

	(void)state;
	assert_int_equal(parse(clear, sizeof(clear), CBC, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_CLEAR);
	assert_int_equal(blob.key_bits, 256);
	assert_false(cex_keyblob_is_secure(&blob));
	assert_int_equal(parse(both, sizeof(both), XTS, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_PROTECTED);
	assert_true(blob.pair);
	assert_false(cex_keyblob_is_secure(&blob));
	clear[15] = 24;
	assert_int_equal(parse_as(clear, sizeof(clear), CBC), CEX_KEY_MALFORMED);
}

static void test_one_token_may_hold_a_whole_xts_key(void **state)
{
	unsigned char clear[80] = { [4] = 2, [11] = 11, [15] = 64 };
	unsigned char secret[44] = { [4] = 9, [9] = 8, [11] = 64 };
	struct cex_keyblob blob;

	(void)state;
	assert_int_equal(parse(clear, sizeof(clear), XTS, &blob), 0);
	assert_false(blob.pair);
	assert_int_equal(parse(secret, sizeof(secret), XTS, &blob), 0);
	assert_int_equal(blob.kind, CEX_KEY_PVSECRET);
	assert_false(cex_keyblob_is_secure(&blob));
	assert_int_equal(parse_as(secret, sizeof(secret), CBC), CEX_KEY_MALFORMED);
	secret[9] = 6;
	assert_int_equal(parse_as(secret, sizeof(secret), CBC), 0);
	secret[9] = 9;
	assert_int_equal(parse_as(secret, sizeof(secret), CBC), CEX_KEY_MALFORMED);
}

static void test_sizes_tell_kinds_without_opening(void **state)
{
	static const struct {
		size_t len;
		enum cex_cipher cipher;
		int r;
		enum cex_key_kind kind;
	} rows[] = {
		{ 272, XTS, 0, CEX_KEY_CCA_AESCIPHER },	  { 128, XTS, 0, CEX_KEY_CCA_AESDATA },
		{ 640, XTS, 0, CEX_KEY_EP11_AES },	  { 672, XTS, 0, CEX_KEY_EP11_AES_HEADER },
		{ 64, CBC, 0, CEX_KEY_CCA_AESDATA },	  { 136, CBC, 0, CEX_KEY_CCA_AESCIPHER },
		{ 64, XTS, CEX_KEY_NOT_SECURE, 0 },	  { 32, XTS, CEX_KEY_NOT_SECURE, 0 },
		{ 32, CBC, CEX_KEY_NOT_SECURE, 0 },	  { 44, XTS, CEX_KEY_NOT_SECURE, 0 },
		{ 0, CBC, CEX_KEY_NOT_SECURE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum cex_key_kind kind = 0;

		assert_int_equal(cex_key_size_kind(rows[i].len, rows[i].cipher, &kind), rows[i].r);
		if (!rows[i].r)
			assert_int_equal(kind, rows[i].kind);
	}
}

static void test_ciphers_are_told_by_their_spelling(void **state)
{
	enum cex_cipher cipher;

	(void)state;
	assert_true(cex_cipher_parse("paes-xts-plain64", &cipher));
	assert_int_equal(cipher, XTS);
	assert_true(cex_cipher_parse("capi:cbc(paes)-plain64", &cipher));
	assert_int_equal(cipher, CBC);
	assert_false(cex_cipher_parse("aes-xts-plain64", &cipher));
	assert_false(cex_cipher_parse("paes-ecb", &cipher));
	assert_false(cex_cipher_parse("", &cipher));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_aesdata_token_gives_pattern_and_size),
		cmocka_unit_test(test_a_wrong_tvv_is_told_and_does_not_hide_the_key),
		cmocka_unit_test(test_64_bytes_for_xts_are_a_clear_key_even_if_they_look_like_a_token),
		cmocka_unit_test(test_sizes_of_clear_keys_are_clear_keys),
		cmocka_unit_test(test_bytes_that_are_no_token_are_not_secure),
		cmocka_unit_test(test_a_pair_of_aesdata_is_one_xts_key),
		cmocka_unit_test(test_aescipher_of_each_payload_format),
		cmocka_unit_test(test_an_xts_pair_of_aescipher_has_272_bytes),
		cmocka_unit_test(test_a_key_that_must_not_become_a_protected_key_is_malformed),
		cmocka_unit_test(test_every_checked_field_of_aescipher_is_checked),
		cmocka_unit_test(test_something_behind_a_short_token_is_malformed),
		cmocka_unit_test(test_both_forms_of_ep11_give_16_bytes_of_pattern),
		cmocka_unit_test(test_a_session_bound_ep11_key_is_told),
		cmocka_unit_test(test_ep11_without_magic_or_extractability_is_malformed),
		cmocka_unit_test(test_halves_must_belong_together),
		cmocka_unit_test(test_192_bits_are_no_xts_key),
		cmocka_unit_test(test_a_truncated_key_is_never_a_secure_key),
		cmocka_unit_test(test_clear_and_protected_tokens_are_known_and_not_secure),
		cmocka_unit_test(test_one_token_may_hold_a_whole_xts_key),
		cmocka_unit_test(test_sizes_tell_kinds_without_opening),
		cmocka_unit_test(test_ciphers_are_told_by_their_spelling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
