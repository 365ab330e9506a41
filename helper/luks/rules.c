/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/rules.h"

#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "luks/reason.h"

/* Data segments: ciphers that keep data secret, with the key sizes they take. */
static const struct {
	const char *name;
	size_t sizes[3]; /* bytes; none: a secure key, whose size depends on its kind */
} ciphers[] = {
	{ "aes-xts-plain64", { 32, 64 } },
	{ "aes-xts-plain", { 32, 64 } },
	{ "aes-cbc-essiv:sha256", { 16, 24, 32 } },
	{ "aes-cbc-plain64", { 16, 24, 32 } },
	{ "serpent-xts-plain64", { 32, 64 } },
	{ "twofish-xts-plain64", { 32, 64 } },
	{ "camellia-xts-plain64", { 32, 64 } },
	{ "xchacha12,aes-adiantum-plain64", { 32 } },
	{ "xchacha20,aes-adiantum-plain64", { 32 } },
	{ "paes-xts-plain64", { 0 } },
	{ "paes-cbc-plain64", { 0 } },
	{ "paes-cbc-essiv:sha256", { 0 } },
};

/* Smallest and largest blob that any kind of secure key has, once or twice. */
#define SECURE_KEY_MIN 64
#define SECURE_KEY_MAX 1024

static int cipher_index(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (!strcmp(ciphers[i].name, name))
			return (int)i;
	return -1;
}

bool luks_rules_key_fits(const char *cipher, size_t size)
{
	int i = cipher_index(cipher);

	if (i < 0 || !size)
		return false;
	if (!ciphers[i].sizes[0])
		return size >= SECURE_KEY_MIN && size <= SECURE_KEY_MAX;
	for (size_t n = 0; n < ARRAY_SIZE(ciphers[i].sizes); n++)
		if (ciphers[i].sizes[n] == size)
			return true;
	return false;
}

int luks_rules_number(const char *text)
{
	size_t len = text ? strlen(text) : 0;
	int v = 0;

	if (!len || len > 2 || (len == 2 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		v = v * 10 + (text[i] - '0');
	}
	return v < LIMIT_KEYSLOTS ? v : -1;
}

bool luks_rules_size(const cJSON *object, const char *member, uint64_t *ret)
{
	const char *text = json_string(object, member, 1, 19);
	uint64_t v = 0;

	if (!text || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (uint64_t)(*text - '0');
	}
	if (v > 1ull << 60)
		return false;
	*ret = v;
	return true;
}

static int check_members(const cJSON *object, const char *const *names, size_t n, const char *what,
			 struct luks_reason *reason)
{
	if (!cJSON_IsObject(object))
		return luks_refuse(reason, "the header has no %s", what);
	if (!json_only_members(object, names, n))
		return luks_refuse(reason, "the header's %s has an unknown member", what);
	return 0;
}

/* Persistent flags are known words; which of them count is decided at activation. */
static int check_flags(const cJSON *config, struct luks_reason *reason)
{
	static const char *const known[] = {
		"allow-discards", "same-cpu-crypt",    "submit-from-crypt-cpus",
		"no-journal",	  "no-read-workqueue", "no-write-workqueue",
		"high_priority",
	};
	const cJSON *flags = cJSON_GetObjectItemCaseSensitive(config, "flags");
	const cJSON *flag;

	if (flags && !cJSON_IsArray(flags))
		return luks_refuse(reason, "the header's flags are no list");
	cJSON_ArrayForEach(flag, flags) {
		bool found = false;

		for (size_t i = 0; cJSON_IsString(flag) && i < ARRAY_SIZE(known); i++)
			found = found || !strcmp(flag->valuestring, known[i]);
		if (!found)
			return luks_refuse(reason, "the header has an unknown flag");
	}
	return 0;
}

static int check_requirements(const cJSON *config, struct luks_reason *reason)
{
	const cJSON *requirements = cJSON_GetObjectItemCaseSensitive(config, "requirements");
	const cJSON *item;

	if (requirements && !cJSON_IsObject(requirements))
		return luks_refuse(reason, "the header's requirements are no object");
	cJSON_ArrayForEach(item, requirements) {
		if (!cJSON_IsArray(item) || cJSON_GetArraySize(item))
			return luks_refuse(reason, "the header asks for something special, "
						   "such as a re-encryption under way");
	}
	return 0;
}

static int check_config(const cJSON *header, struct luks_facts *facts, struct luks_reason *reason)
{
	static const char *const known[] = { "json_size", "keyslots_size", "flags", "requirements" };
	const cJSON *config = cJSON_GetObjectItemCaseSensitive(header, "config");
	uint64_t json_size, keyslots_size;
	int r;

	r = check_members(config, known, ARRAY_SIZE(known), "config", reason);
	if (r)
		return r;
	if (!luks_rules_size(config, "json_size", &json_size) || json_size > LIMIT_HEADER_JSON ||
	    !luks_rules_size(config, "keyslots_size", &keyslots_size) ||
	    keyslots_size > LIMIT_KEYSLOT_AREA)
		return luks_refuse(reason, "the header's sizes make no sense");
	facts->areas_end = 2 * (json_size + 4096) + keyslots_size;
	r = check_flags(config, reason);
	return r ? r : check_requirements(config, reason);
}

static int check_segment_place(const cJSON *segment, bool detached, struct luks_facts *facts,
			       struct luks_reason *reason)
{
	const char *size = json_string(segment, "size", 1, 19);

	if (!luks_rules_size(segment, "offset", &facts->data_offset) ||
	    !luks_rules_size(segment, "iv_tweak", &facts->iv_offset))
		return luks_refuse(reason, "the data segment's offset or IV tweak is no number");
	if (facts->data_offset % 512)
		return luks_refuse(reason, "the data segment begins inside a sector");
	if (!detached && facts->data_offset < facts->areas_end)
		return luks_refuse(reason, "the data segment overlaps the header");
	facts->data_size = 0;
	if (size && !strcmp(size, "dynamic"))
		return 0;
	if (!luks_rules_size(segment, "size", &facts->data_size) || !facts->data_size ||
	    facts->data_size % facts->sector_size)
		return luks_refuse(reason, "the data segment's size makes no sense");
	return 0;
}

static int check_segment(const cJSON *segment, bool detached, struct luks_facts *facts,
			 struct luks_reason *reason)
{
	static const char *const known[] = { "type", "offset",	   "size",
					     "iv_tweak", "encryption", "sector_size" };
	const char *type = json_string(segment, "type", 1, 32);
	const char *cipher = json_string(segment, "encryption", 1, sizeof(facts->cipher) - 1);
	int64_t sector;
	int r;

	if (!type || strcmp(type, "crypt") != 0)
		return luks_refuse(reason, "the data segment is not of type 'crypt'");
	/* Among the unknown: integrity, and the flags of a re-encryption. */
	r = check_members(segment, known, ARRAY_SIZE(known), "data segment", reason);
	if (r)
		return r;
	if (!cipher || cipher_index(cipher) < 0)
		return luks_refuse(reason, "the data segment has the unexpected cipher '%s'",
				   cipher ? cipher : "");
	if (!json_integer(segment, "sector_size", 512, 4096, &sector) || (sector & (sector - 1)))
		return luks_refuse(reason, "the data segment's sector size makes no sense");
	memcpy(facts->cipher, cipher, strlen(cipher) + 1);
	facts->sector_size = (unsigned)sector;
	return check_segment_place(segment, detached, facts, reason);
}

static int check_segments(const cJSON *header, bool detached, struct luks_facts *facts,
			  struct luks_reason *reason)
{
	const cJSON *segments = cJSON_GetObjectItemCaseSensitive(header, "segments");
	const cJSON *segment = cJSON_GetObjectItemCaseSensitive(segments, "0");

	if (cJSON_GetArraySize(segments) != 1 || !cJSON_IsObject(segment))
		return luks_refuse(reason, "the header has not exactly one data segment");
	return check_segment(segment, detached, facts, reason);
}

/* How many bytes the member stands for; 0 if it is no base64. */
static size_t base64_bytes(const cJSON *object, const char *member)
{
	const char *text = json_string(object, member, 1, 1024);
	size_t len = text ? strlen(text) : 0;

	if (!len || !base64_is_valid(text, len))
		return 0;
	return len / 4 * 3 - (text[len - 1] == '=') - (text[len - 2] == '=');
}

#define DIGEST_SALT	 32
#define DIGEST_OF_LUKS1 20 /* of a converted volume, whatever its hash */

/*
 * A salt or digest of another length than its hash has would pass with any volume key, and so with any
 * passphrase: the library leaves its check by an exit where the result is still 0.
 * Source: PBKDF2_digest_verify() in lib/luks2/luks2_digest_pbkdf2.c, cryptsetup 2.6.1 (tried) to 2.8 (read).
 */
static bool digest_will_be_compared(const cJSON *digest)
{
	static const struct {
		const char *name;
		size_t size;
	} hashes[] = {
		{ "sha1", 20 },	    { "sha224", 28 },	   { "sha256", 32 },	  { "sha384", 48 },
		{ "sha512", 64 },   { "sha3-256", 32 },	   { "sha3-384", 48 },	  { "sha3-512", 64 },
		{ "ripemd160", 20 }, { "whirlpool", 64 },  { "blake2b-512", 64 }, { "blake2s-256", 32 },
		{ "sm3", 32 },
	};
	const char *hash = json_string(digest, "hash", 1, 32);
	size_t len = base64_bytes(digest, "digest");

	if (!hash || base64_bytes(digest, "salt") != DIGEST_SALT)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++)
		if (!strcmp(hash, hashes[i].name))
			return len == hashes[i].size || len == DIGEST_OF_LUKS1;
	return false;
}

/* Numbers of keyslots that exist. */
static bool names_keyslots(const cJSON *list, const cJSON *keyslots)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item) || luks_rules_number(item->valuestring) < 0 ||
		    !cJSON_GetObjectItemCaseSensitive(keyslots, item->valuestring))
			return false;
	}
	return cJSON_IsArray(list);
}

static int check_digest(const cJSON *digest, const cJSON *keyslots, struct luks_reason *reason)
{
	static const char *const known[] = { "type", "keyslots",   "segments", "hash",
					     "salt", "iterations", "digest" };
	const char *type = json_string(digest, "type", 1, 32);
	int64_t iterations;
	int r;

	r = check_members(digest, known, ARRAY_SIZE(known), "digest", reason);
	if (r)
		return r;
	if (!type || strcmp(type, "pbkdf2") != 0)
		return luks_refuse(reason, "a digest is not of type 'pbkdf2'");
	if (!digest_will_be_compared(digest))
		return luks_refuse(reason, "a digest does not fit its hash, so any passphrase would do");
	if (!json_integer(digest, "iterations", 1, LIMIT_PBKDF2_ANY, &iterations))
		return luks_refuse(reason, "a digest costs too many iterations");
	if (!names_keyslots(cJSON_GetObjectItemCaseSensitive(digest, "keyslots"), keyslots))
		return luks_refuse(reason, "a digest names keyslots that do not exist");
	return 0;
}

/* Finds the keyslots of the one digest that belongs to the segment. Others, which hold a key for
 * later (zkey while it re-enciphers), must belong to no segment. */
static int check_digests(const cJSON *header, const cJSON **ret_bound, struct luks_reason *reason)
{
	const cJSON *digests = cJSON_GetObjectItemCaseSensitive(header, "digests");
	const cJSON *keyslots = cJSON_GetObjectItemCaseSensitive(header, "keyslots");
	const cJSON *digest, *bound = NULL;

	cJSON_ArrayForEach(digest, digests) {
		const cJSON *segments = cJSON_GetObjectItemCaseSensitive(digest, "segments");
		const cJSON *first = cJSON_GetArrayItem(segments, 0);
		int r = check_digest(digest, keyslots, reason);

		if (r)
			return r;
		if (!cJSON_IsArray(segments) || cJSON_GetArraySize(segments) > 1)
			return luks_refuse(reason, "a digest belongs to several segments");
		if (!first)
			continue;
		if (!cJSON_IsString(first) || strcmp(first->valuestring, "0") != 0 || bound)
			return luks_refuse(reason, "the data segment has not exactly one digest");
		bound = cJSON_GetObjectItemCaseSensitive(digest, "keyslots");
	}
	if (!bound)
		return luks_refuse(reason, "the data segment has not exactly one digest");
	*ret_bound = bound;
	return 0;
}

int luks_rules_check(const cJSON *header, bool detached, struct luks_facts *ret,
		     struct luks_reason *reason)
{
	static const char *const known[] = { "keyslots", "tokens", "segments", "digests", "config" };
	struct luks_facts facts = { 0 };
	const cJSON *bound = NULL;
	int r;

	r = check_members(header, known, ARRAY_SIZE(known), "metadata", reason);
	if (r)
		return r;
	r = check_config(header, &facts, reason);
	if (r)
		return r;
	r = check_segments(header, detached, &facts, reason);
	if (r)
		return r;
	r = check_digests(header, &bound, reason);
	if (r)
		return r;
	r = luks_rules_check_keyslots(header, bound, &facts, reason);
	if (r)
		return r;
	*ret = facts;
	return 0;
}
