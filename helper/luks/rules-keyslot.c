/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules on keyslots: their shape here, their price when one is about to be opened. */
#include "luks/rules.h"

#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "luks/reason.h"

/* How key material in a keyslot may be encrypted. A null cipher there lets any passphrase open. */
static const char *const area_ciphers[] = {
	"aes-xts-plain64",     "aes-xts-plain",	       "aes-cbc-essiv:sha256",
	"serpent-xts-plain64", "twofish-xts-plain64",  "camellia-xts-plain64",
	"xchacha12,aes-adiantum-plain64", "xchacha20,aes-adiantum-plain64",
};

#define AF_STRIPES 4000

static bool only(const cJSON *object, const char *const *names, size_t n)
{
	return cJSON_IsObject(object) && json_only_members(object, names, n);
}

static bool is_word(const cJSON *object, const char *member, const char *word)
{
	const char *text = json_string(object, member, 1, 64);

	return text && !strcmp(text, word);
}

static int check_af(const cJSON *keyslot, int id, struct luks_reason *reason)
{
	static const char *const known[] = { "type", "stripes", "hash" };
	const cJSON *af = cJSON_GetObjectItemCaseSensitive(keyslot, "af");
	int64_t stripes;

	if (!only(af, known, ARRAY_SIZE(known)) || !is_word(af, "type", "luks1") ||
	    !json_string(af, "hash", 1, 32) ||
	    !json_integer(af, "stripes", AF_STRIPES, AF_STRIPES, &stripes))
		return luks_refuse(reason, "keyslot %d splits its key in an unknown way", id);
	return 0;
}

static int check_area(const cJSON *keyslot, int id, uint64_t areas_end, struct luks_area *ret,
		      struct luks_reason *reason)
{
	static const char *const known[] = { "type", "encryption", "key_size", "offset", "size" };
	const cJSON *area = cJSON_GetObjectItemCaseSensitive(keyslot, "area");
	const char *cipher = json_string(area, "encryption", 1, 64);
	bool listed = false;
	int64_t key_size;

	if (!only(area, known, ARRAY_SIZE(known)) || !is_word(area, "type", "raw"))
		return luks_refuse(reason, "keyslot %d has an unknown kind of area", id);
	for (size_t i = 0; cipher && i < ARRAY_SIZE(area_ciphers); i++)
		listed = listed || !strcmp(cipher, area_ciphers[i]);
	if (!listed || !json_integer(area, "key_size", 16, 64, &key_size) ||
	    !luks_rules_key_fits(cipher, (size_t)key_size))
		return luks_refuse(reason, "keyslot %d has the unexpected cipher '%s'", id,
				   cipher ? cipher : "");
	if (!luks_rules_size(area, "offset", &ret->offset) ||
	    !luks_rules_size(area, "size", &ret->size) || ret->size > areas_end ||
	    ret->offset > areas_end - ret->size)
		return luks_refuse(reason, "keyslot %d lies outside the header", id);
	return 0;
}

static bool parse_pbkdf2(const cJSON *kdf, struct luks_keyslot *ret)
{
	static const char *const known[] = { "type", "salt", "hash", "iterations" };

	return json_only_members(kdf, known, ARRAY_SIZE(known)) && json_string(kdf, "hash", 1, 32) &&
	       json_integer(kdf, "iterations", 1, UINT32_MAX, &ret->iterations);
}

static bool parse_argon2(const cJSON *kdf, struct luks_keyslot *ret)
{
	static const char *const known[] = { "type", "salt", "time", "memory", "cpus" };
	int64_t cpus;

	return json_only_members(kdf, known, ARRAY_SIZE(known)) &&
	       json_integer(kdf, "time", 1, UINT32_MAX, &ret->iterations) &&
	       json_integer(kdf, "memory", 1, UINT32_MAX, &ret->memory_kb) &&
	       json_integer(kdf, "cpus", 1, 64, &cpus);
}

static int check_kdf(const cJSON *keyslot, struct luks_keyslot *ret, struct luks_reason *reason)
{
	const cJSON *kdf = cJSON_GetObjectItemCaseSensitive(keyslot, "kdf");
	const char *type = json_string(kdf, "type", 1, sizeof(ret->kdf) - 1);
	const char *salt = json_string(kdf, "salt", 1, 1024);
	bool ok = type && salt && base64_is_valid(salt, strlen(salt));

	if (ok && !strcmp(type, "pbkdf2"))
		ok = parse_pbkdf2(kdf, ret);
	else
		ok = ok && (!strcmp(type, "argon2i") || !strcmp(type, "argon2id")) &&
		     parse_argon2(kdf, ret);
	if (!ok)
		return luks_refuse(reason, "keyslot %d has an unknown key derivation", ret->id);
	memcpy(ret->kdf, type, strlen(type) + 1);
	return 0;
}

static int check_keyslot(const cJSON *keyslot, size_t n, struct luks_facts *facts,
			 int64_t *ret_key_size, struct luks_reason *reason)
{
	static const char *const known[] = { "type", "key_size", "priority", "area", "af", "kdf" };
	struct luks_keyslot *slot = &facts->keyslots[n];
	int64_t priority = 1;
	int r;

	if (!is_word(keyslot, "type", "luks2") || !only(keyslot, known, ARRAY_SIZE(known)))
		return luks_refuse(reason, "keyslot %d is not an ordinary one", slot->id);
	if (!json_integer(keyslot, "key_size", 1, 4096, ret_key_size) ||
	    (cJSON_GetObjectItemCaseSensitive(keyslot, "priority") &&
	     !json_integer(keyslot, "priority", 0, 2, &priority)))
		return luks_refuse(reason, "keyslot %d has a key size or priority out of range",
				   slot->id);
	facts->priorities[n] = (int)priority;
	r = check_af(keyslot, slot->id, reason);
	if (r)
		return r;
	r = check_area(keyslot, slot->id, facts->areas_end, &facts->areas[n], reason);
	return r ? r : check_kdf(keyslot, slot, reason);
}

static bool list_has(const cJSON *list, int id)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		if (cJSON_IsString(item) && luks_rules_number(item->valuestring) == id)
			return true;
	}
	return false;
}

/* All slots of the segment hold the same key, so they agree on its size. */
static int keep_key_size(struct luks_facts *facts, int64_t size, int id, struct luks_reason *reason)
{
	if (!luks_rules_key_fits(facts->cipher, (size_t)size) ||
	    (facts->key_size && facts->key_size != (size_t)size))
		return luks_refuse(reason, "keyslot %d holds a key that does not fit %s", id,
				   facts->cipher);
	facts->key_size = (size_t)size;
	return 0;
}

int luks_rules_check_keyslots(const cJSON *header, const cJSON *bound, struct luks_facts *ret,
			      struct luks_reason *reason)
{
	const cJSON *keyslots = cJSON_GetObjectItemCaseSensitive(header, "keyslots");
	char number[4] = "";

	if (!cJSON_IsObject(keyslots) || cJSON_GetArraySize(keyslots) > LIMIT_KEYSLOTS)
		return luks_refuse(reason, "the header has no keyslots, or more than LUKS2 allows");
	for (int id = 0, found = 0; found < cJSON_GetArraySize(keyslots); id++) {
		const cJSON *keyslot;
		int64_t key_size = 0;
		int r;

		if (id >= LIMIT_KEYSLOTS)
			return luks_refuse(reason, "a keyslot's number makes no sense");
		number[0] = (char)('0' + (id < 10 ? id : id / 10));
		number[1] = (char)(id < 10 ? '\0' : '0' + id % 10);
		keyslot = cJSON_GetObjectItemCaseSensitive(keyslots, number);
		if (!keyslot)
			continue;
		found++;
		ret->keyslots[ret->n_keyslots] = (struct luks_keyslot){ .id = id };
		r = check_keyslot(keyslot, ret->n_keyslots, ret, &key_size, reason);
		if (r)
			return r;
		if (!list_has(bound, id)) {
			ret->other_keyslots |= 1u << id; /* of another digest */
			continue;
		}
		r = keep_key_size(ret, key_size, id, reason);
		if (r)
			return r;
		ret->n_keyslots++;
	}
	return 0;
}

int luks_rules_check_cost(const struct luks_keyslot *keyslot, uint64_t available_kb,
			  struct luks_reason *reason)
{
	if (!strcmp(keyslot->kdf, "pbkdf2")) {
		if (keyslot->iterations > (keyslot->ours ? LIMIT_PBKDF2_ITERATIONS : LIMIT_PBKDF2_ANY))
			return luks_refuse(reason, "keyslot %d costs %lld iterations of PBKDF2",
					   keyslot->id, (long long)keyslot->iterations);
		return 0;
	}
	if (keyslot->iterations > LIMIT_ARGON2_TIME)
		return luks_refuse(reason, "keyslot %d costs %lld passes of Argon2", keyslot->id,
				   (long long)keyslot->iterations);
	if (keyslot->memory_kb > LIMIT_ARGON2_MEMORY_KB)
		return luks_refuse(reason, "keyslot %d wants %lld KiB of memory, more than is allowed",
				   keyslot->id, (long long)keyslot->memory_kb);
	if ((uint64_t)keyslot->memory_kb + LIMIT_ARGON2_RESERVE_KB > available_kb)
		return luks_refuse(reason, "keyslot %d wants %lld KiB of memory, %llu KiB are there",
				   keyslot->id, (long long)keyslot->memory_kb,
				   (unsigned long long)available_kb);
	return 0;
}
