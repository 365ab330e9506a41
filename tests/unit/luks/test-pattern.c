/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>

#include "base/limits.h"
#include "luks/header.h"
#include "luks/pattern.h"
#include "luks/scratch.h"

#define FIRST	   "599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2"
#define SECOND	   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TOKEN(hex) "{\"type\":\"paes-verification-pattern\",\"keyslots\":[]," \
		   "\"verification-pattern\":\"" hex "\"}"

/* Small enough for two keyslots in the scratch volume's header. */
#define KEY_SIZE 136

static int make(void **state)
{
	*state = scratch_new("paes", "xts-plain64", KEY_SIZE);
	return 0;
}

static int drop(void **state)
{
	scratch_free(*state);
	return 0;
}

static struct crypt_device *by_others(const struct scratch *s)
{
	struct crypt_device *cd = NULL;

	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	return cd;
}

static void put_token(const struct scratch *s, int id, const char *json)
{
	struct crypt_device *cd = by_others(s);

	assert_int_equal(crypt_token_json_set(cd, id, json), id);
	crypt_free(cd);
}

static void assert_token(const struct scratch *s, int id, const char *json)
{
	struct crypt_device *cd = by_others(s);
	const char *text = NULL;

	if (json) {
		assert_int_equal(crypt_token_json_get(cd, id, &text), id);
		assert_string_equal(text, json);
	} else {
		assert_true(crypt_token_json_get(cd, id, &text) < 0);
	}
	crypt_free(cd);
}

static int get(const struct scratch *s, char pattern[static LUKS_PATTERN_SIZE])
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	int r;

	assert_int_equal(luks_device_open(s->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	r = luks_pattern_get(header, pattern, &reason);
	assert_int_equal(r == LUKS_REFUSED, reason.text[0] != '\0');
	return r;
}

static int put(const struct scratch *s, const char *pattern)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason = { "" };

	assert_int_equal(luks_device_open(s->path, &device), 0);
	return luks_pattern_set(device, pattern, &reason);
}

static void test_a_pattern_is_read_back_as_zkey_would_write_it(void **state)
{
	const struct scratch *s = *state;
	char pattern[LUKS_PATTERN_SIZE] = "untouched";

	scratch_reset(s);
	assert_int_equal(get(s, pattern), LUKS_NOT_BOUND);
	assert_string_equal(pattern, "untouched");
	assert_int_equal(put(s, FIRST), 0);
	assert_token(s, 0, TOKEN(FIRST));
	assert_int_equal(get(s, pattern), 0);
	assert_string_equal(pattern, FIRST);
}

static void test_a_second_pattern_replaces_the_first_at_its_number(void **state)
{
	const struct scratch *s = *state;
	char pattern[LUKS_PATTERN_SIZE];
	struct print before;

	scratch_reset(s);
	put_token(s, 0, "{\"type\":\"other\",\"keyslots\":[\"0\"],\"verification-pattern\":\"x\"}");
	put_token(s, 3, TOKEN(FIRST));
	assert_int_equal(put(s, SECOND), 0);
	assert_token(s, 1, NULL);
	assert_token(s, 3, TOKEN(SECOND));
	assert_int_equal(get(s, pattern), 0);
	assert_string_equal(pattern, SECOND);
	before = fingerprint(s->path);
	assert_int_equal(put(s, SECOND), 0);
	assert_same_print(before, fingerprint(s->path));
}

static void test_two_patterns_are_refused_and_left_alone(void **state)
{
	const struct scratch *s = *state;
	char pattern[LUKS_PATTERN_SIZE];
	struct print before;

	scratch_reset(s);
	put_token(s, 0, TOKEN(FIRST));
	put_token(s, 1, TOKEN(FIRST));
	before = fingerprint(s->path);
	assert_int_equal(get(s, pattern), LUKS_REFUSED);
	assert_int_equal(put(s, SECOND), LUKS_REFUSED);
	assert_same_print(before, fingerprint(s->path));
}

static void test_what_is_no_pattern_is_refused_and_can_be_replaced(void **state)
{
	static const char *const bad[] = {
		TOKEN("599c2fc2"),
		TOKEN("599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2"),
		TOKEN(FIRST "00"),
		TOKEN("599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fg2"),
		"{\"type\":\"paes-verification-pattern\",\"keyslots\":[]}",
		"{\"type\":\"paes-verification-pattern\",\"keyslots\":[],\"verification-pattern\":5}",
	};
	const struct scratch *s = *state;
	char pattern[LUKS_PATTERN_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		scratch_reset(s);
		put_token(s, 0, bad[i]);
		assert_int_equal(get(s, pattern), LUKS_REFUSED);
		assert_int_equal(put(s, FIRST), 0);
		assert_token(s, 0, TOKEN(FIRST));
	}
}

static void test_what_is_no_pattern_is_never_stored(void **state)
{
	const struct scratch *s = *state;
	struct print before;

	scratch_reset(s);
	before = fingerprint(s->path);
	assert_int_equal(put(s, ""), -EINVAL);
	assert_int_equal(put(s, FIRST "0"), -EINVAL);
	assert_int_equal(put(s, "599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2599C2FC2"),
			 -EINVAL);
	assert_same_print(before, fingerprint(s->path));
}

static void test_a_pattern_beside_that_of_an_integrity_key_is_read(void **state)
{
	const struct scratch *s = *state;
	char pattern[LUKS_PATTERN_SIZE];

	scratch_reset(s);
	put_token(s, 0,
		  "{\"type\":\"paes-verification-pattern\",\"keyslots\":[],\"verification-pattern\":"
		  "\"" FIRST "\",\"integrity-verification-pattern\":\"" SECOND "\"}");
	assert_int_equal(get(s, pattern), 0);
	assert_string_equal(pattern, FIRST);
}

/* zkey-cryptsetup reencipher --staged leaves an unbound keyslot and a token that names it. */
static void test_a_reencipherment_under_way_stays_as_it_is(void **state)
{
	static const char pending[] =
		"{\"type\":\"paes-reencipher\",\"keyslots\":[\"1\"],\"verification-pattern\":"
		"\"" FIRST "\",\"original-keyslot\":0,\"unbound-keyslot\":1}";
	const struct scratch *s = *state;
	char key[KEY_SIZE], pattern[LUKS_PATTERN_SIZE];
	struct crypt_device *cd;

	scratch_reset(s);
	cd = by_others(s);
	memset(key, 0xa5, sizeof(key));
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_keyslot_add_by_key(cd, 1, key, sizeof(key), HUMAN, HUMAN_LEN,
						  CRYPT_VOLUME_KEY_NO_SEGMENT),
			 1);
	crypt_free(cd);
	put_token(s, 0, pending);
	assert_int_equal(get(s, pattern), LUKS_NOT_BOUND);
	assert_int_equal(put(s, SECOND), 0);
	assert_token(s, 0, pending);
	assert_token(s, 1, TOKEN(SECOND));
	cd = by_others(s);
	assert_int_equal(crypt_keyslot_status(cd, 1), CRYPT_SLOT_UNBOUND);
	crypt_free(cd);
}

static void test_without_a_free_number_there_is_no_space(void **state)
{
	const struct scratch *s = *state;

	scratch_reset(s);
	for (int id = 0; id < LIMIT_TOKENS; id++)
		put_token(s, id, "{\"type\":\"other\",\"keyslots\":[]}");
	assert_int_equal(put(s, FIRST), LUKS_NO_SPACE);
	put_token(s, 7, TOKEN(FIRST));
	assert_int_equal(put(s, SECOND), 0);
	assert_token(s, 7, TOKEN(SECOND));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pattern_is_read_back_as_zkey_would_write_it),
		cmocka_unit_test(test_a_second_pattern_replaces_the_first_at_its_number),
		cmocka_unit_test(test_two_patterns_are_refused_and_left_alone),
		cmocka_unit_test(test_what_is_no_pattern_is_refused_and_can_be_replaced),
		cmocka_unit_test(test_what_is_no_pattern_is_never_stored),
		cmocka_unit_test(test_a_pattern_beside_that_of_an_integrity_key_is_read),
		cmocka_unit_test(test_a_reencipherment_under_way_stays_as_it_is),
		cmocka_unit_test(test_without_a_free_number_there_is_no_space),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
