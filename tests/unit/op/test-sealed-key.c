/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An API key that a card keeps: what comes out, and for whom it does not. */
#include "op/sealing-card.h"

#include <errno.h>

#include "base/sealed.h"
#include "op/sealed-key.h"

#define API_KEY "the-api-key"
#define GOOD	FIXTURES "two-cards-one-offline"

static struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(strlen(text), &s), 0);
	memcpy(secret_data(s), text, strlen(text));
	return s;
}

static void lock_is(const struct blob *b, struct volume_key *ret)
{
	struct verdict v = { 0 };

	if (volume_key_take(blob_secret(b), "paes-cbc-plain64", ret, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
}

static struct blob blob_single(void)
{
	struct blob b = { .len = 136 };

	vector_aescipher_256(b.bytes);
	return b;
}

static struct sealed_key make_for(const struct blob *b, const char *sysroot, const char *uuid)
{
	_cleanup_volume_key_ struct volume_key lock = { 0 };
	_cleanup_secret_ struct secret *api_key = secret_of(API_KEY);
	struct sealed_key sealed = { .what = "/prod.sealed", .profile = "prod", .uuid = uuid,
				     .device = uuid ? "/dev/v" : NULL };
	struct verdict v = { 0 };

	lock_is(b, &lock);
	if (sealed_key_make(&lock, api_key, sysroot, &sealed, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	return sealed;
}

static struct sealed_key make(const struct blob *b, const char *sysroot)
{
	return make_for(b, sysroot, NULL);
}

static struct sealed_key sealed_by_aescipher(void)
{
	const struct blob b = blob_single();

	return make(&b, GOOD);
}

/* Nothing comes out, and the outcome is not one that would make the volume's own key look wrong. */
static enum outcome refused(const struct sealed_key *sealed, const char *sysroot, struct verdict *v)
{
	struct secret *key = NULL;
	bool old = false;
	enum outcome o = sealed_key_open(sealed, sysroot, &old, &key, v);

	if (o == OUTCOME_OK || key || outcome_is_refusal(o) || strncmp(v->cause, "/prod.sealed", 12) != 0)
		fail_msg("%s: %s", outcome_word(o), v->cause);
	return o;
}

static void test_what_was_sealed_comes_out_again(void **state)
{
	struct blob locks[] = { blob_single(), { .len = 64 } };

	(void)state;
	vector_aesdata(locks[1].bytes);
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		_cleanup_secret_ struct secret *key = NULL;
		struct sealed_key sealed;
		struct verdict v = { 0 };
		bool old = true;

		sealed = make(&locks[i], GOOD);
		if (sealed_key_open(&sealed, GOOD, &old, &key, &v) != OUTCOME_OK)
			fail_msg("row %zu: %s", i, v.cause);
		assert_int_equal(secret_len(key), strlen(API_KEY));
		assert_memory_equal(secret_bytes(key), API_KEY, strlen(API_KEY));
		assert_false(old);
		assert_int_equal(sealed_key_look(&sealed, &v), OUTCOME_OK);
	}
}

/* Made by another implementation of base/sealed.h, in Python: both read the same format. */
static void test_the_format_is_what_its_header_says(void **state)
{
	static const unsigned char box[] = {
		0x63, 0x87, 0xb0, 0x20, 0xc8, 0x05, 0x10, 0x16, 0x3e, 0xc2, 0xe8, 0x9a, 0x7c, 0x1c,
		0xab, 0xa1, 0xdb, 0xfa, 0x45, 0xd9, 0x94, 0x6e, 0x67, 0x7e, 0x58, 0x47, 0xd8,
	};
	const struct blob b = blob_single();
	unsigned char salt[SEALED_SALT], nonce[AEAD_NONCE];
	const struct sealed parts = { .salt = salt, .nonce = nonce, .profile = "prod", .profile_len = 4,
				      .token = b.bytes, .token_len = b.len, .box_len = sizeof(box) };
	struct sealed_key sealed = { .what = "/prod.sealed", .profile = "prod" };
	_cleanup_secret_ struct secret *key = NULL;
	struct verdict v = { 0 };
	bool old;

	(void)state;
	for (unsigned char i = 0; i < SEALED_SALT; i++)
		salt[i] = i;
	for (unsigned char i = 0; i < AEAD_NONCE; i++)
		nonce[i] = (unsigned char)(100 + i);
	assert_int_equal(sealed_write_head(&parts, sealed.bytes), 0);
	memcpy(sealed.bytes + sealed_head_len(&parts), box, sizeof(box));
	sealed.len = sealed_head_len(&parts) + sizeof(box);
	if (sealed_key_open(&sealed, GOOD, &old, &key, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_memory_equal(secret_bytes(key), API_KEY, strlen(API_KEY));
}

/* In a header: for the volume with that UUID, and neither for another one nor as a file. */
static void test_what_a_header_carries_is_bound_to_its_volume(void **state)
{
	static const char one[] = "96fa7ba7-5229-4f32-a9d3-849404febb0e", other[] = "96fa7ba7-5229-4f32-a9d3-849404febb0f";
	static const struct {
		const char *made, *opened;
	} wrong[] = { { one, other }, { one, NULL }, { NULL, one } };
	const struct blob b = blob_single();
	struct sealed_key sealed = make_for(&b, GOOD, one);
	_cleanup_secret_ struct secret *key = NULL;
	struct verdict v = { 0 };
	bool old;

	(void)state;
	assert_int_equal(sealed_key_open(&sealed, GOOD, &old, &key, &v), OUTCOME_OK);
	assert_memory_equal(secret_bytes(key), API_KEY, strlen(API_KEY));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		sealed = make_for(&b, GOOD, wrong[i].made);
		sealed.uuid = wrong[i].opened;
		sealed.device = wrong[i].opened ? "/dev/v" : NULL;
		assert_int_equal(refused(&sealed, GOOD, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_true(!wrong[i].opened == !strstr(v.hint, "--header /dev/v"));
	}
}

static void test_no_two_are_alike_and_none_shows_the_key(void **state)
{
	struct sealed_key a = sealed_by_aescipher(), b = sealed_by_aescipher();
	struct sealed x, y;
	const char *why;

	(void)state;
	assert_int_equal(sealed_parse(a.bytes, a.len, &x, &why), 0);
	assert_int_equal(sealed_parse(b.bytes, b.len, &y, &why), 0);
	assert_memory_not_equal(x.salt, y.salt, SEALED_SALT);
	assert_memory_not_equal(x.nonce, y.nonce, AEAD_NONCE);
	assert_memory_not_equal(x.box, y.box, x.box_len);
	assert_null(memmem(a.bytes, a.len, API_KEY, 6));
}

static void test_a_flipped_bit_anywhere_is_refused(void **state)
{
	struct sealed_key sealed = sealed_by_aescipher();

	(void)state;
	for (size_t i = 0; i < 8 * sealed.len; i++) {
		struct verdict v = { 0 };

		sealed.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
		(void)refused(&sealed, GOOD, &v);
		sealed.bytes[i / 8] ^= (unsigned char)(1u << i % 8);
	}
}

static void test_any_other_length_is_refused(void **state)
{
	struct sealed_key sealed = sealed_by_aescipher();
	size_t whole = sealed.len;

	(void)state;
	for (sealed.len = 0; sealed.len < sizeof(sealed.bytes); sealed.len++) {
		struct verdict v = { 0 };

		if (sealed.len == whole)
			continue;
		assert_int_equal(refused(&sealed, GOOD, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_int_equal(sealed_key_look(&sealed, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.hint, "cexluks credential seal prod"));
	}
}

/* A key of one service never goes to another one, whoever changes the files' names. */
static void test_another_profile_gets_nothing(void **state)
{
	struct sealed_key sealed = sealed_by_aescipher();
	static const char *const names[] = { "dr", "pro", "prod2", "Prod" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct verdict v = { 0 };

		sealed.profile = names[i];
		assert_int_equal(refused(&sealed, GOOD, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.cause, "another profile"));
	}
	/* nor when the name inside is changed as well: "prod" to "prof" */
	sealed.profile = "prof";
	sealed.bytes[76 + 3] = 'f';
	{
		struct verdict v = { 0 };

		assert_int_equal(refused(&sealed, GOOD, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.cause, "was changed"));
	}
}

static void test_what_cards_lack_is_said(void **state)
{
	static const struct {
		const char *cards;
		enum outcome outcome;
		const char *cause;
	} rows[] = {
		{ "no-ap-bus", OUTCOME_NO_AP_BUS, "/sys/bus/ap" },
		{ "no-card", OUTCOME_NO_CARD, "no card" },
		{ "deconfigured", OUTCOME_CARD_OFFLINE, "00.0047" },
		{ "master-key-new-only", OUTCOME_MASTER_KEY_NOT_SET, "0123456789abcdef" },
		{ "handler-missing", OUTCOME_MODULE_MISSING, "pkey_cca" },
	};
	struct sealed_key sealed = sealed_by_aescipher();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };
		char sysroot[PATH_MAX];

		(void)snprintf(sysroot, sizeof(sysroot), FIXTURES "%s", rows[i].cards);
		if (refused(&sealed, sysroot, &v) != rows[i].outcome || !strstr(v.cause, rows[i].cause))
			fail_msg("%s: %s: %s", rows[i].cards, outcome_word(v.outcome), v.cause);
		assert_true(verdict_hint_text(&v)[0]);
	}
}

/* The master key was changed, and the one before is there no more, or it is another domain: stolen, it is useless. */
static void test_another_master_key_opens_nothing(void **state)
{
	struct sealed_key sealed = sealed_by_aescipher();
	struct tree *t = *state;
	struct verdict v = { 0 };

	cards_are(t, "emulated");
	tree_put(t, "/sys/devices/ap/card00/00.0047/mkvps",
		 "AES NEW: empty 0x0000000000000000\nAES CUR: valid 0xfedcba9876543210\n"
		 "AES OLD: valid 0xaaaaaaaaaaaaaaaa\n");
	assert_int_equal(refused(&sealed, t->root, &v), OUTCOME_MASTER_KEY_UNKNOWN);
	assert_non_null(strstr(v.cause, "wants master key 0123456789abcdef"));
	assert_non_null(strstr(v.hint, "cexluks credential seal prod"));
	assert_int_equal(kernel.asked, 1); /* by make() */
}

static void test_the_old_master_key_opens_and_says_so(void **state)
{
	struct sealed_key sealed = sealed_by_aescipher();
	_cleanup_secret_ struct secret *key = NULL;
	struct verdict v = { 0 };
	bool old = false;

	(void)state;
	kernel.old = true;
	assert_int_equal(sealed_key_open(&sealed, FIXTURES "master-key-old", &old, &key, &v), OUTCOME_OK);
	assert_true(old);
	assert_memory_equal(secret_bytes(key), API_KEY, strlen(API_KEY));
}

/* Whoever made that file knows the key; no card was asked. */
static void test_clear_bytes_for_a_lock_are_refused(void **state)
{
	const struct blob blobs[] = {
		{ .len = 32 }, /* the kernel takes them without a word */
		{ .len = 16 }, blob_clear_token(), blob_protected(), blob_wrong_checksum(), { .len = 100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		_cleanup_secret_ struct secret *api_key = secret_of(API_KEY);
		struct volume_key lock = { .key = blob_secret(&blobs[i]), .cipher = CEX_CIPHER_CBC };
		struct sealed_key sealed = { .what = "/prod.sealed", .profile = "prod" };
		struct verdict v = { 0 };

		assert_int_equal(sealed_key_make(&lock, api_key, GOOD, &sealed, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_true(sealed.len > 0); /* it was written, and not accepted */
		assert_int_equal(refused(&sealed, GOOD, &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.cause, "no secure key"));
		volume_key_done(&lock);
	}
	assert_int_equal(kernel.asked, 0);
}

static void test_a_cipher_or_card_that_fails_is_told(void **state)
{
	static const struct {
		int encrypt, verify;
		enum outcome outcome;
	} rows[] = {
		{ CEX_MODULE_MISSING, 0, OUTCOME_MODULE_MISSING },
		{ CEX_REFUSED, 0, OUTCOME_CARD_OFFLINE },
		{ CEX_CARD_ERROR, 0, OUTCOME_CARD_OFFLINE },
		{ -ENOMEM, 0, OUTCOME_INTERNAL },
		{ 0, -EINVAL, OUTCOME_CREDENTIAL_UNUSABLE },
		{ 0, -EBUSY, OUTCOME_CARD_OFFLINE },
	};
	struct sealed_key sealed = sealed_by_aescipher();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };

		kernel.encrypt = rows[i].encrypt;
		kernel.verify = rows[i].verify;
		if (refused(&sealed, GOOD, &v) != rows[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(v.outcome), v.cause);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, seal_setup, seal_teardown)
		T(test_what_was_sealed_comes_out_again),
		T(test_the_format_is_what_its_header_says),
		T(test_what_a_header_carries_is_bound_to_its_volume),
		T(test_no_two_are_alike_and_none_shows_the_key),
		T(test_a_flipped_bit_anywhere_is_refused),
		T(test_any_other_length_is_refused),
		T(test_another_profile_gets_nothing),
		T(test_what_cards_lack_is_said),
		T(test_another_master_key_opens_nothing),
		T(test_the_old_master_key_opens_and_says_so),
		T(test_clear_bytes_for_a_lock_are_refused),
		T(test_a_cipher_or_card_that_fails_is_told),
	};

	return cmocka_run_group_tests_name("op/sealed-key", tests, NULL, NULL);
}
