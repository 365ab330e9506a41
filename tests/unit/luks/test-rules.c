/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real headers, changed as somebody with the disk would change them; each rule has its own change. */
#include "unit.h"

#include <errno.h>

#include "base/limits.h"
#include "luks/bind.h"
#include "luks/context.h"
#include "luks/header.h"
#include "luks/rules.h"
#include "luks/scratch.h"
#include "luks/volume.h"

#define OURS                                                                                       \
	"{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"kms\",\"profile\":\"prod\"," \
	"\"key\":\"abcd\",\"ciphertext\":\"AAAA\",\"aad\":false,\"serial\":1,"                     \
	"\"created\":\"2026-11-22T10:00:00Z\"}"

static int make(void **state)
{
	*state = scratch_new("aes", "xts-plain64", 64);
	return 0;
}

static int drop(void **state)
{
	scratch_free(*state);
	return 0;
}

static cJSON *text(const char *s)
{
	return cJSON_CreateString(s);
}

static cJSON *json(const char *s)
{
	cJSON *item = cJSON_Parse(s);

	assert_non_null(item);
	return item;
}

static cJSON *segment(cJSON *root)
{
	return at(root, "segments", "0", NULL);
}

static cJSON *keyslot(cJSON *root)
{
	return at(root, "keyslots", "0", NULL);
}

/* --- what the header says about data ------------------------------------------------------- */

static void null_segment(cJSON *root)
{
	set(segment(root), "encryption", text("cipher_null-ecb"));
}

static void null_word_segment(cJSON *root)
{
	set(segment(root), "encryption", text("null"));
}

static void unknown_segment_cipher(cJSON *root)
{
	set(segment(root), "encryption", text("aes-ecb"));
}

static void capi_segment(cJSON *root)
{
	set(segment(root), "encryption", text("capi:xts(aes)-plain64"));
}

static void random_iv_segment(cJSON *root)
{
	set(segment(root), "encryption", text("aes-cbc-null"));
}

static void key_too_short_for_cipher(cJSON *root)
{
	set(segment(root), "encryption", text("aes-cbc-essiv:sha256"));
}

static void paes_with_a_clear_key_size(cJSON *root)
{
	set(keyslot(root), "key_size", cJSON_CreateNumber(32));
	set(segment(root), "encryption", text("paes-xts-plain64"));
}

static void linear_segment(cJSON *root)
{
	set(segment(root), "type", text("linear"));
}

static void second_segment(cJSON *root)
{
	set(segment(root), "size", text("1048576"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "segments"), "1",
			      json("{\"type\":\"linear\",\"offset\":\"3145728\",\"size\":\"dynamic\"}"));
}

static void second_crypt_segment(cJSON *root)
{
	cJSON *copy;

	set(segment(root), "size", text("524288"));
	copy = cJSON_Duplicate(segment(root), 1);
	set(copy, "offset", text("3145728"));
	set(copy, "size", text("dynamic"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "segments"), "1", copy);
	cJSON_AddItemToArray(at(root, "digests", "0", "segments"), text("1"));
}

static void backup_flag(cJSON *root)
{
	set(segment(root), "flags", json("[\"backup-final\"]"));
}

static void integrity(cJSON *root)
{
	set(segment(root), "integrity",
	    json("{\"type\":\"hmac(sha256)\",\"journal_encryption\":\"none\","
		 "\"journal_integrity\":\"none\"}"));
}

static void unknown_segment_member(cJSON *root)
{
	set(segment(root), "driver", text("x"));
}

static void segment_inside_the_header(cJSON *root)
{
	set(segment(root), "offset", text("16384"));
}

static void segment_inside_the_keyslots(cJSON *root)
{
	set(segment(root), "offset", text("65536"));
}

static void segment_inside_a_sector(cJSON *root)
{
	set(segment(root), "offset", text("2097153"));
}

static void huge_offset(cJSON *root)
{
	set(segment(root), "offset", text("9223372036854775807"));
}

static void size_of_nothing(cJSON *root)
{
	set(segment(root), "size", text("0"));
}

static void size_of_half_a_sector(cJSON *root)
{
	set(segment(root), "size", text("1048832"));
}

static void odd_sector_size(cJSON *root)
{
	set(segment(root), "sector_size", cJSON_CreateNumber(1536));
}

static void large_sector_size(cJSON *root)
{
	set(segment(root), "sector_size", cJSON_CreateNumber(8192));
}

static void huge_iv_tweak(cJSON *root)
{
	set(segment(root), "iv_tweak", text("9223372036854775807"));
}

/* --- states and extensions ------------------------------------------------------------------ */

static void reencrypt_requirement(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "requirements",
	    json("{\"mandatory\":[\"online-reencrypt-v2\"]}"));
}

static void unknown_requirement(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "requirements", json("{\"mandatory\":[\"x\"]}"));
}

static void unknown_flag(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "flags", json("[\"do-not-encrypt\"]"));
}

static void unknown_config_member(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "extra", text("x"));
}

static void reencrypt_keyslot(cJSON *root)
{
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "keyslots"), "1",
			      json("{\"type\":\"reencrypt\",\"mode\":\"reencrypt\",\"direction\":"
				   "\"forward\",\"key_size\":1,\"area\":{\"type\":\"none\",\"offset\":"
				   "\"557056\",\"size\":\"4096\"}}"));
}

static void unknown_root_member(cJSON *root)
{
	cJSON_AddItemToObject(root, "extra", json("{}"));
}

/* --- digests ---------------------------------------------------------------------------------- */

static void unknown_digest_type(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "type", text("none"));
}

static void unknown_digest_member(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "extra", text("x"));
}

static void dear_digest(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "iterations", cJSON_CreateNumber(LIMIT_PBKDF2_ANY + 1.0));
}

static void digest_of_an_unknown_hash(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "hash", text("x"));
}

static void digest_of_a_longer_hash(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "hash", text("sha512"));
}

static void digest_cut_short(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "digest", text("AAAA"));
}

static void digest_salt_cut_short(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "salt", text("AAAA"));
}

static void second_digest_for_the_segment(cJSON *root)
{
	cJSON *copy = cJSON_Duplicate(at(root, "digests", "0", NULL), 1);

	set(copy, "keyslots", json("[]"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "digests"), "1", copy);
}

static void no_digest_for_the_segment(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "segments", json("[]"));
}

/* --- keyslots --------------------------------------------------------------------------------- */

static void null_keyslot(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "encryption", text("cipher_null-ecb"));
}

static void capi_keyslot(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "encryption", text("capi:xts(aes)-plain64"));
}

static void ecb_keyslot(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "encryption", text("aes-ecb"));
}

static void area_key_size(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "key_size", cJSON_CreateNumber(16));
}

static void unknown_area_member(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "extra", text("x"));
}

static void area_type(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "type", text("journal"));
}

static void unknown_keyslot_member(cJSON *root)
{
	set(keyslot(root), "extra", text("x"));
}

static void unknown_kdf(cJSON *root)
{
	set(keyslot(root), "kdf", json("{\"type\":\"scrypt\",\"salt\":\"QUJD\"}"));
}

static void unknown_kdf_member(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "kdf"), "extra", text("x"));
}

static void many_cpus(cJSON *root)
{
	set(keyslot(root), "kdf", json("{\"type\":\"argon2id\",\"salt\":\"QUJD\",\"time\":4,"
				       "\"memory\":65536,\"cpus\":65}"));
}

static void few_stripes(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "af"), "stripes", cJSON_CreateNumber(1));
}

static void unknown_af(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "af"), "type", text("plain"));
}

static void odd_priority(cJSON *root)
{
	set(keyslot(root), "priority", cJSON_CreateNumber(7));
}

static void slots_of_two_sizes(cJSON *root)
{
	cJSON *copy = cJSON_Duplicate(keyslot(root), 1);

	set(copy, "key_size", cJSON_CreateNumber(32));
	set(cJSON_GetObjectItem(copy, "area"), "offset", text("557056"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "keyslots"), "1", copy);
	cJSON_AddItemToArray(at(root, "digests", "0", "keyslots"), text("1"));
}

static void offset_with_a_leading_zero(cJSON *root)
{
	set(segment(root), "offset", text("03145728"));
}

static void offset_with_a_space(cJSON *root)
{
	set(segment(root), "offset", text(" 3145728"));
}

static void flags_that_are_no_list(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "flags", text("x"));
}

static void requirements_that_are_no_object(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "requirements", text("x"));
}

static void requirement_that_is_no_list(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "requirements", json("{\"mandatory\":\"x\"}"));
}

static void huge_json_size(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "json_size", text("8388608"));
}

static void huge_keyslots_size(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "keyslots_size", text("268435456"));
}

static void digest_of_two_segments(cJSON *root)
{
	set(at(root, "digests", "0", NULL), "segments", json("[\"0\",\"0\"]"));
}

static void foreign_digest_without_a_list(cJSON *root)
{
	cJSON *copy = cJSON_Duplicate(at(root, "digests", "0", NULL), 1);

	set(copy, "keyslots", json("[]"));
	set(copy, "segments", text("0"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "digests"), "1", copy);
}

static void unknown_af_member(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "af"), "extra", text("x"));
}

static void area_behind_the_header(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "offset", text("2129920"));
}

static void area_larger_than_the_header(cJSON *root)
{
	set(cJSON_GetObjectItem(keyslot(root), "area"), "size", text("1152921504606846976"));
}

static void keyslot_number_out_of_range(cJSON *root)
{
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "keyslots"), "40",
			      cJSON_Duplicate(keyslot(root), 1));
}

static void keyslots_that_are_no_object(cJSON *root)
{
	set(root, "keyslots", text("x"));
	set(at(root, "digests", "0", NULL), "keyslots", json("[]"));
}

/* --- tokens ------------------------------------------------------------------------------------ */

static void our_token_with_a_place(cJSON *root)
{
	cJSON *token = json(OURS);

	set(token, "endpoint", text("https://evil.example"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "tokens"), "0", token);
}

static void our_keyslot_too_dear(cJSON *root)
{
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "tokens"), "0", json(OURS));
	set(cJSON_GetObjectItem(keyslot(root), "kdf"), "iterations",
	    cJSON_CreateNumber(LIMIT_PBKDF2_ITERATIONS + 1.0));
}

static void our_token_for_no_keyslot(cJSON *root)
{
	cJSON *token = json(OURS);

	set(token, "keyslots", json("[\"1\"]"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "tokens"), "0", token);
}

static void deep_token(cJSON *root)
{
	cJSON_AddItemToObject(
		cJSON_GetObjectItem(root, "tokens"), "0",
		json("{\"type\":\"x\",\"keyslots\":[],\"a\":[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]}"));
}

struct change {
	const char *what;
	void (*edit)(cJSON *root);
	const char *reason; /* a part of it */
};

#define REFUSED(edit, reason) { #edit, edit, reason }

static const struct change changes[] = {
	REFUSED(null_segment, "unexpected cipher 'cipher_null-ecb'"),
	REFUSED(null_word_segment, "unexpected cipher 'null'"),
	REFUSED(unknown_segment_cipher, "unexpected cipher"),
	REFUSED(capi_segment, "unexpected cipher"),
	REFUSED(random_iv_segment, "unexpected cipher"),
	REFUSED(key_too_short_for_cipher, "does not fit"),
	REFUSED(paes_with_a_clear_key_size, "does not fit"),
	REFUSED(linear_segment, "not of type 'crypt'"),
	REFUSED(second_segment, "exactly one data segment"),
	REFUSED(second_crypt_segment, "exactly one data segment"),
	REFUSED(backup_flag, "unknown member"),
	REFUSED(integrity, "unknown member"),
	REFUSED(unknown_segment_member, "unknown member"),
	REFUSED(segment_inside_the_header, "overlaps"),
	REFUSED(segment_inside_the_keyslots, "overlaps"),
	REFUSED(segment_inside_a_sector, "inside a sector"),
	REFUSED(huge_offset, "no number"),
	REFUSED(size_of_nothing, "size makes no sense"),
	REFUSED(size_of_half_a_sector, "size makes no sense"),
	REFUSED(odd_sector_size, "sector size"),
	REFUSED(large_sector_size, "sector size"),
	REFUSED(huge_iv_tweak, "no number"),
	REFUSED(reencrypt_requirement, "something special"),
	REFUSED(unknown_requirement, "something special"),
	REFUSED(unknown_flag, "unknown flag"),
	REFUSED(unknown_config_member, "config has an unknown member"),
	REFUSED(reencrypt_keyslot, "not an ordinary one"),
	REFUSED(unknown_root_member, "metadata has an unknown member"),
	REFUSED(unknown_digest_type, "not of type 'pbkdf2'"),
	REFUSED(unknown_digest_member, "digest has an unknown member"),
	REFUSED(dear_digest, "too many iterations"),
	REFUSED(digest_of_an_unknown_hash, "any passphrase would do"),
	REFUSED(digest_of_a_longer_hash, "any passphrase would do"),
	REFUSED(digest_cut_short, "any passphrase would do"),
	REFUSED(digest_salt_cut_short, "any passphrase would do"),
	REFUSED(second_digest_for_the_segment, "exactly one digest"),
	REFUSED(no_digest_for_the_segment, "exactly one digest"),
	REFUSED(null_keyslot, "unexpected cipher 'cipher_null-ecb'"),
	REFUSED(capi_keyslot, "unexpected cipher"),
	REFUSED(ecb_keyslot, "unexpected cipher"),
	REFUSED(area_key_size, "unexpected cipher"),
	REFUSED(unknown_area_member, "unknown kind of area"),
	REFUSED(area_type, "unknown kind of area"),
	REFUSED(unknown_keyslot_member, "not an ordinary one"),
	REFUSED(unknown_kdf, "unknown key derivation"),
	REFUSED(unknown_kdf_member, "unknown key derivation"),
	REFUSED(many_cpus, "unknown key derivation"),
	REFUSED(few_stripes, "splits its key"),
	REFUSED(unknown_af, "splits its key"),
	REFUSED(odd_priority, "priority out of range"),
	REFUSED(slots_of_two_sizes, "does not fit"),
	REFUSED(offset_with_a_leading_zero, "no number"),
	REFUSED(offset_with_a_space, "no number"),
	REFUSED(flags_that_are_no_list, "flags are no list"),
	REFUSED(requirements_that_are_no_object, "requirements are no object"),
	REFUSED(requirement_that_is_no_list, "something special"),
	REFUSED(huge_json_size, "sizes make no sense"),
	REFUSED(huge_keyslots_size, "sizes make no sense"),
	REFUSED(digest_of_two_segments, "several segments"),
	REFUSED(foreign_digest_without_a_list, "several segments"),
	REFUSED(unknown_af_member, "splits its key"),
	REFUSED(area_behind_the_header, "outside the header"),
	REFUSED(area_larger_than_the_header, "outside the header"),
	REFUSED(keyslot_number_out_of_range, "number makes no sense"),
	REFUSED(keyslots_that_are_no_object, "no keyslots"),
	REFUSED(our_token_with_a_place, "unknown member 'endpoint'"),
	REFUSED(our_keyslot_too_dear, "iterations of PBKDF2"),
	REFUSED(our_token_for_no_keyslot, "which is not there"),
	REFUSED(deep_token, "not strict"),
};

static int try_all(const struct scratch *s, struct luks_reason *reason)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_token new = kms_token();
	struct luks_bind bind = { .token = &new, .existing = human };
	int keyslot, r;

	assert_int_equal(luks_device_open(s->path, &device), 0);
	r = luks_header_load(device, NULL, &header, reason);
	if (!r)
		return 0;
	/* Every way in says the same, and none of them writes. */
	assert_int_equal(luks_bind_check_passphrase(device, human, &keyslot, NULL), r);
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, NULL), r);
	assert_int_equal(luks_bind_remove(device, 0, NULL), r);
	assert_int_equal(luks_bind_remove_keyslot(device, 0, NULL), r);
	assert_int_equal(luks_bind_clean(device, NULL, NULL), r);
	return r;
}

static void test_each_rule_refuses_its_change_and_no_byte_is_written(void **state)
{
	const struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct luks_reason reason = { "" };
		struct print before;
		int r;

		scratch_reset(s);
		mutate(s, changes[i].edit);
		before = fingerprint(s->path);
		r = try_all(s, &reason);
		/* Where the library refuses already, our rule is the second lock on the same door; and
		 * it forgets what it does not know about a KDF before anybody can see it. */
		if (r == LUKS_NOT_LUKS2 || (!r && changes[i].edit == unknown_kdf_member))
			print_message("%s: refused or dropped by this libcryptsetup already\n", changes[i].what);
		else if (r != LUKS_REFUSED || !strstr(reason.text, changes[i].reason))
			fail_msg("%s: %d, \"%s\"", changes[i].what, r, reason.text);
		assert_same_print(before, fingerprint(s->path));
	}
}

/* The rules alone, without the library in front, so that none of them can go unnoticed. */
static void test_each_rule_refuses_its_change_without_the_library(void **state)
{
	const struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		_cleanup_json_ cJSON *root = cJSON_Parse((const char *)s->image + 4096);
		struct luks_reason reason = { "" };
		struct luks_facts facts;
		int r;

		assert_non_null(root);
		assert_int_equal(luks_rules_check(root, false, &facts, &reason), 0);
		changes[i].edit(root);
		if (cJSON_GetObjectItem(cJSON_GetObjectItem(root, "tokens"), "0"))
			continue; /* tokens are not this function's business */
		r = luks_rules_check(root, false, &facts, &reason);
		if (r != LUKS_REFUSED || !strstr(reason.text, changes[i].reason))
			fail_msg("%s: %d, \"%s\"", changes[i].what, r, reason.text);
	}
}

/* Every member of the header, one at a time: gone, of another type, or joined by a stranger. */
static unsigned mutate_members(cJSON *root, cJSON *object, const char *path)
{
	static const char *const values[] = { "null", "\"x\"", "-1", "[]", "{}", "true" };
	unsigned accepted = 0;
	struct luks_facts facts;

	for (int i = 0; i < cJSON_GetArraySize(object); i++) {
		cJSON *item = cJSON_GetArrayItem(object, i);
		char below[256];

		(void)snprintf(below, sizeof(below), "%s.%s", path, item->string ? item->string : "[]");
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			cJSON *other = json(values[v]);
			cJSON *saved = cJSON_Duplicate(item, 1);
			bool harmless = strstr(below, ".hash") && values[v][0] == '"';

			if (cJSON_IsArray(object))
				cJSON_ReplaceItemInArray(object, i, other);
			else
				cJSON_ReplaceItemInObjectCaseSensitive(object, item->string, other);
			if (!luks_rules_check(root, false, &facts, NULL) && !harmless &&
			    !cJSON_Compare(saved, cJSON_GetArrayItem(object, i), true)) {
				print_message("accepted: %s = %s\n", below, values[v]);
				accepted++;
			}
			if (cJSON_IsArray(object)) {
				cJSON_ReplaceItemInArray(object, i, saved);
			} else {
				char name[64];

				(void)snprintf(name, sizeof(name), "%s", saved->string);
				cJSON_ReplaceItemInObjectCaseSensitive(object, name, saved);
			}
			item = cJSON_GetArrayItem(object, i);
		}
		if (cJSON_IsObject(item) || cJSON_IsArray(item))
			accepted += mutate_members(root, item, below);
	}
	return accepted;
}

static void test_every_single_member_with_another_value_is_refused(void **state)
{
	const struct scratch *s = *state;
	_cleanup_json_ cJSON *root = cJSON_Parse((const char *)s->image + 4096);
	struct luks_facts facts;

	/* tokens belong to luks/token, except that there must be some object */
	cJSON_DeleteItemFromObject(root, "tokens");
	/* A digest without keyslots is no error: that volume can just not be opened any more. */
	assert_int_equal(mutate_members(root, root, ""), 1);
	assert_int_equal(luks_rules_check(root, false, &facts, NULL), 0);
}

static void known_persistent_flags(cJSON *root)
{
	set(cJSON_GetObjectItem(root, "config"), "flags",
	    json("[\"allow-discards\",\"no-read-workqueue\",\"high_priority\"]"));
	set(cJSON_GetObjectItem(root, "config"), "requirements", json("{\"mandatory\":[]}"));
	set(segment(root), "size", text("1048576"));
	set(segment(root), "iv_tweak", text("8"));
	set(keyslot(root), "priority", cJSON_CreateNumber(2));
}

static void test_what_ordinary_headers_may_hold_is_accepted(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	const struct luks_facts *facts;
	struct luks_reason reason = { "" };

	scratch_reset(s);
	mutate(s, known_persistent_flags);
	assert_int_equal(luks_device_open(s->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	facts = luks_header_facts(header);
	assert_int_equal(facts->data_size, 1048576);
	assert_int_equal(facts->iv_offset, 8);
	assert_int_equal(facts->priorities[0], 2);
	assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
}

static void unbound_keyslot(cJSON *root)
{
	cJSON *slot = cJSON_Duplicate(keyslot(root), 1);
	cJSON *digest = cJSON_Duplicate(at(root, "digests", "0", NULL), 1);

	set(cJSON_GetObjectItem(slot, "area"), "offset", text("557056"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "keyslots"), "1", slot);
	set(digest, "segments", json("[]"));
	set(digest, "keyslots", json("[\"1\"]"));
	cJSON_AddItemToObject(cJSON_GetObjectItem(root, "digests"), "1", digest);
}

static void test_a_keyslot_of_another_digest_does_not_count_as_a_way_in(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_keyslot *keyslots;
	struct luks_reason reason = { "" };

	scratch_reset(s);
	mutate(s, unbound_keyslot);
	assert_int_equal(luks_device_open(s->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_int_equal(luks_header_keyslots(header, &keyslots), 1);
	assert_int_equal(luks_bind_remove_keyslot(device, 0, &reason), LUKS_LAST_WAY_IN);
}

static int cost(const char *kdf, int64_t iterations, int64_t memory_kb, bool ours, uint64_t available)
{
	struct luks_keyslot slot = { .iterations = iterations, .memory_kb = memory_kb, .ours = ours };
	struct luks_reason reason;

	strcpy(slot.kdf, kdf);
	return luks_rules_check_cost(&slot, available, &reason);
}

static void test_a_keyslot_that_costs_too_much_is_not_opened(void **state)
{
	const uint64_t lots = UINT64_MAX;

	(void)state;
	assert_int_equal(cost("pbkdf2", LIMIT_PBKDF2_ITERATIONS, 0, true, 0), 0);
	assert_int_equal(cost("pbkdf2", LIMIT_PBKDF2_ITERATIONS + 1, 0, true, lots), LUKS_REFUSED);
	assert_int_equal(cost("pbkdf2", LIMIT_PBKDF2_ITERATIONS + 1, 0, false, 0), 0);
	assert_int_equal(cost("pbkdf2", LIMIT_PBKDF2_ANY + 1LL, 0, false, lots), LUKS_REFUSED);
	assert_int_equal(cost("argon2id", 4, 1 << 20, false, lots), 0);
	assert_int_equal(cost("argon2id", LIMIT_ARGON2_TIME + 1, 1 << 20, false, lots), LUKS_REFUSED);
	assert_int_equal(cost("argon2id", 4, LIMIT_ARGON2_MEMORY_KB, false, lots), 0);
	assert_int_equal(cost("argon2i", 4, LIMIT_ARGON2_MEMORY_KB + 1LL, false, lots), LUKS_REFUSED);
	assert_int_equal(cost("argon2id", 4, 1 << 20, false, (1 << 20) + LIMIT_ARGON2_RESERVE_KB), 0);
	assert_int_equal(cost("argon2id", 4, 1 << 20, false, (1 << 20) + LIMIT_ARGON2_RESERVE_KB - 1),
			 LUKS_REFUSED);
}

static void argon_of_terabytes(cJSON *root)
{
	set(keyslot(root), "kdf", json("{\"type\":\"argon2id\",\"salt\":\"QUJD\",\"time\":4,"
				       "\"memory\":2147483647,\"cpus\":4}"));
}

static void test_a_dear_foreign_keyslot_loads_but_is_not_opened(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason = { "" };

	scratch_reset(s);
	mutate(s, argon_of_terabytes);
	assert_int_equal(luks_device_open(s->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_int_equal(luks_header_test(header, 0, human, &reason), LUKS_REFUSED);
	assert_int_equal(luks_volume_open(header, 0, human, "cexluks-test", NULL, &reason),
			 LUKS_REFUSED);
	assert_non_null(strstr(reason.text, "2147483647 KiB"));
}

static void test_a_header_that_is_no_object_is_refused(void **state)
{
	_cleanup_json_ cJSON *list = json("[]");
	struct luks_facts facts;

	(void)state;
	assert_int_equal(luks_rules_check(list, false, &facts, NULL), LUKS_REFUSED);
	assert_int_equal(luks_rules_check(NULL, false, &facts, NULL), LUKS_REFUSED);
}

static void test_secure_key_ciphers_take_blobs_and_others_take_keys(void **state)
{
	(void)state;
	assert_true(luks_rules_key_fits("paes-xts-plain64", 128));
	assert_true(luks_rules_key_fits("paes-xts-plain64", 272));
	assert_true(luks_rules_key_fits("paes-cbc-plain64", 64));
	assert_false(luks_rules_key_fits("paes-xts-plain64", 32));
	assert_false(luks_rules_key_fits("paes-xts-plain64", 2048));
	assert_true(luks_rules_key_fits("aes-xts-plain64", 32));
	assert_false(luks_rules_key_fits("aes-xts-plain64", 48));
	assert_false(luks_rules_key_fits("aes-xts-plain64", 272));
	assert_false(luks_rules_key_fits("aes-xts-plain64", 0));
	assert_false(luks_rules_key_fits("cipher_null-ecb", 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_rule_refuses_its_change_and_no_byte_is_written),
		cmocka_unit_test(test_each_rule_refuses_its_change_without_the_library),
		cmocka_unit_test(test_every_single_member_with_another_value_is_refused),
		cmocka_unit_test(test_what_ordinary_headers_may_hold_is_accepted),
		cmocka_unit_test(test_a_keyslot_of_another_digest_does_not_count_as_a_way_in),
		cmocka_unit_test(test_a_keyslot_that_costs_too_much_is_not_opened),
		cmocka_unit_test(test_a_dear_foreign_keyslot_loads_but_is_not_opened),
		cmocka_unit_test(test_a_header_that_is_no_object_is_refused),
		cmocka_unit_test(test_secure_key_ciphers_take_blobs_and_others_take_keys),
	};

	return cmocka_run_group_tests_name("luks/rules", tests, make, drop);
}
