/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The layout of a sealed API key; what it is locked with does not matter here. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/sealed.h"

#define PROFILE "prod"
#define TOKEN	"a secure key"
#define BOX	"an API key, then the tag of it"

static const unsigned char salt[SEALED_SALT] = { 1, 2, 3 }, nonce[AEAD_NONCE] = { 9, 8, 7 };

static struct sealed example(void)
{
	return (struct sealed){
		.salt = salt,
		.nonce = nonce,
		.profile = PROFILE,
		.profile_len = strlen(PROFILE),
		.token = (const unsigned char *)TOKEN,
		.token_len = strlen(TOKEN),
		.box_len = strlen(BOX),
	};
}

static size_t write_example(unsigned char *ret)
{
	const struct sealed s = example();

	assert_int_equal(sealed_write_head(&s, ret), 0);
	memcpy(ret + sealed_head_len(&s), BOX, strlen(BOX));
	return sealed_head_len(&s) + strlen(BOX);
}

/* In a piece of memory of its own, so that a sanitizer sees who reads behind the end. */
static int parse(const unsigned char *bytes, size_t len, struct sealed *ret, const char **why)
{
	_cleanup_free_ unsigned char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	if (len)
		memcpy(exact, bytes, len);
	return sealed_parse(exact, len, ret, why);
}

static void test_what_was_written_is_read(void **state)
{
	unsigned char bytes[LIMIT_SEALED_KEY];
	size_t len = write_example(bytes);
	struct sealed s;
	const char *why;

	(void)state;
	assert_int_equal(sealed_parse(bytes, len, &s, &why), 0);
	assert_memory_equal(s.salt, salt, sizeof(salt));
	assert_memory_equal(s.nonce, nonce, sizeof(nonce));
	assert_int_equal(s.profile_len, strlen(PROFILE));
	assert_memory_equal(s.profile, PROFILE, s.profile_len);
	assert_int_equal(s.token_len, strlen(TOKEN));
	assert_memory_equal(s.token, TOKEN, s.token_len);
	assert_int_equal(s.box_len, strlen(BOX));
	assert_memory_equal(s.box, BOX, s.box_len);
	assert_ptr_equal(s.box, bytes + sealed_head_len(&s));
}

/* The same bytes on every machine. */
static void test_numbers_are_big_endian(void **state)
{
	static const unsigned char head[] = { 'C', 'E', 'X', 'L', 'U', 'K', 'S', 0, 0, 1, 0, 4, 0, 12, 0, 14, 1, 2, 3 };
	unsigned char bytes[LIMIT_SEALED_KEY];

	(void)state;
	(void)write_example(bytes);
	assert_memory_equal(bytes, head, sizeof(head));
	assert_memory_equal(bytes + 76, PROFILE TOKEN BOX, strlen(PROFILE TOKEN BOX));
}

static void test_every_other_length_is_refused(void **state)
{
	unsigned char bytes[LIMIT_SEALED_KEY] = { 0 };
	size_t whole = write_example(bytes);
	struct sealed s;
	const char *why;

	(void)state;
	for (size_t len = 0; len < sizeof(bytes); len++)
		if (len != whole && (parse(bytes, len, &s, &why) != -EBADMSG || !why[0]))
			fail_msg("%zu of %zu bytes", len, whole);
}

static void test_what_is_no_such_file_says_so(void **state)
{
	static const struct {
		size_t at;
		unsigned char value;
		const char *why;
	} rows[] = {
		{ 0, 'c', "no sealed API key" }, { 7, '1', "no sealed API key" }, { 8, 1, "version" },
		{ 9, 2, "version" },		 { 9, 0, "version" },		  { 10, 1, "limits" },
		{ 11, 0, "limits" },		 { 12, 2, "limits" },		  { 13, 0, "limits" },
		{ 14, 5, "limits" },		 { 15, 0, "limits" },		  { 11, 5, "cut" },
		{ 13, 11, "cut" },		 { 15, 15, "cut" },
	};
	struct sealed s;
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char bytes[LIMIT_SEALED_KEY];
		size_t len = write_example(bytes);

		bytes[rows[i].at] = rows[i].value;
		if (parse(bytes, len, &s, &why) != -EBADMSG || !strstr(why, rows[i].why))
			fail_msg("row %zu", i);
	}
}

static void test_what_could_not_be_read_is_not_written(void **state)
{
	static const struct {
		size_t profile_len, token_len, box_len;
	} rows[] = {
		{ 0, 1, 17 }, { LIMIT_ID + 1, 1, 17 }, { 1, 0, 17 }, { 1, LIMIT_SEALED_TOKEN + 1, 17 },
		{ 1, 1, 16 }, { 1, 1, LIMIT_API_KEY_MAX + AEAD_TAG + 1 },
	};
	unsigned char bytes[LIMIT_SEALED_KEY];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct sealed s = example();

		s.profile_len = rows[i].profile_len;
		s.token_len = rows[i].token_len;
		s.box_len = rows[i].box_len;
		if (sealed_write_head(&s, bytes) != -EINVAL)
			fail_msg("row %zu", i);
	}
}

/* Test case 14 of McGrew and Viega, The Galois/Counter Mode of Operation. */
static void test_the_box_is_aes_256_gcm(void **state)
{
	static const unsigned char key_bytes[AEAD_KEY] = { 0 }, zero_nonce[AEAD_NONCE] = { 0 };
	static const unsigned char expected[] = {
		0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d, 0x18,
		0xd0, 0xd1, 0xc8, 0xa7, 0x99, 0x99, 0x6b, 0xf0, 0x26, 0x5b, 0x98, 0xb5, 0xd4, 0x8a, 0xb9, 0x19,
	};
	_cleanup_secret_ struct secret *key = NULL, *plain = NULL, *back = NULL, *none = NULL;
	unsigned char box[32];
	struct aead aead = { .nonce = zero_nonce, .beside = "", .beside_len = 0 };

	(void)state;
	assert_int_equal(secret_new(AEAD_KEY, &key), 0);
	assert_int_equal(secret_new(16, &plain), 0);
	memcpy(secret_data(key), key_bytes, AEAD_KEY);
	memset(secret_data(plain), 0, 16);
	aead.key = key;
	assert_int_equal(aead_seal(&aead, plain, box), 0);
	assert_memory_equal(box, expected, sizeof(expected));
	assert_int_equal(aead_open(&aead, box, sizeof(box), &back), 0);
	assert_true(secret_equal(back, plain));
	aead.beside = "x";
	aead.beside_len = 1;
	assert_int_equal(aead_open(&aead, box, sizeof(box), &none), -EBADMSG);
	assert_int_equal(aead_open(&aead, box, AEAD_TAG, &none), -EBADMSG);
	assert_null(none);
	aead.key = plain;
	assert_int_equal(aead_seal(&aead, plain, box), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_written_is_read),
		cmocka_unit_test(test_numbers_are_big_endian),
		cmocka_unit_test(test_every_other_length_is_refused),
		cmocka_unit_test(test_what_is_no_such_file_says_so),
		cmocka_unit_test(test_what_could_not_be_read_is_not_written),
		cmocka_unit_test(test_the_box_is_aes_256_gcm),
	};

	return cmocka_run_group_tests_name("base/sealed", tests, NULL, NULL);
}
