/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/header.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "luks/context.h"
#include "luks/copy.h"
#include "luks/reason.h"

struct luks_header {
	const struct luks_device *device;
	const struct luks_device *source; /* where the header is: device, or the detached one */
	struct luks_copy *copy;
	struct luks_facts facts;
	char uuid[UUID_SIZE];
	struct luks_token *tokens[LIMIT_TOKENS];
	size_t n_tokens;
	char *keyring_names[LIMIT_TOKENS];
	size_t n_keyring_names;
	uint32_t named; /* keyslots of another key that a token names, as bits */
	/* the copy with the area of the keyslot used last */
	int area_fd;
	int area_keyslot;
};

void luks_header_free(struct luks_header *header)
{
	if (!header)
		return;
	for (size_t i = 0; i < header->n_tokens; i++)
		luks_token_free(header->tokens[i]);
	for (size_t i = 0; i < header->n_keyring_names; i++)
		free(header->keyring_names[i]);
	cleanup_close(&header->area_fd);
	luks_copy_free(header->copy);
	free(header);
}

static struct luks_keyslot *find_keyslot(struct luks_facts *facts, int id)
{
	for (size_t i = 0; i < facts->n_keyslots; i++)
		if (facts->keyslots[i].id == id)
			return &facts->keyslots[i];
	return NULL;
}

static int keep_our_token(struct luks_header *header, struct crypt_device *cd, int id,
			  struct luks_reason *reason)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct luks_keyslot *slot;
	const char *text; /* borrowed until the next call of the library */
	int r;

	r = crypt_token_json_get(cd, id, &text);
	if (r < 0)
		return luks_library_result("crypt_token_json_get", r);
	r = luks_token_parse(text, id, &token, reason);
	if (r)
		return r;
	slot = find_keyslot(&header->facts, token->keyslot);
	if (token->keyslot >= 0 && !slot) {
		if (!(header->facts.other_keyslots & 1u << token->keyslot))
			return luks_refuse(reason, "token %d names keyslot %d, which is not there", id,
					   token->keyslot);
		header->named |= 1u << token->keyslot;
		token->superseded = true;
		token->old_keyslot = token->keyslot;
		token->keyslot = -1;
	}
	if (slot) {
		slot->ours = true;
		if (!strcmp(slot->kdf, "pbkdf2") && slot->iterations > LIMIT_PBKDF2_ITERATIONS)
			return luks_refuse(reason, "keyslot %d costs %lld iterations of PBKDF2",
					   slot->id, (long long)slot->iterations);
	}
	header->tokens[header->n_tokens++] = take_ptr(token);
	return 0;
}

/* The key that a luks2-keyring token names; NULL: it is no such token. */
static const char *keyring_name(const cJSON *item, const char *type)
{
	return strcmp(type, "luks2-keyring") ? NULL : json_string(item, "key_description", 1, 256);
}

/* For "open = systemd"; whatever other keys people have in keyrings. */
static bool is_keyring_for_us(const struct luks_header *header, const char *name)
{
	return name && !strncmp(name, "cexluks:", 8) && !strcmp(name + 8, header->uuid);
}

static int keep_keyring_name(struct luks_header *header, const char *name)
{
	char *copy = strdup(name);

	if (!copy)
		return -ENOMEM;
	header->keyring_names[header->n_keyring_names++] = copy;
	return 0;
}

/* A token of somebody else: only worth knowing which keyslot it is about, and by which key it opens that. */
static int note_foreign_token(struct luks_header *header, const cJSON *item, const char *type)
{
	const char *name = keyring_name(item, type);
	bool keyring = is_keyring_for_us(header, name), active = false;
	const cJSON *number;

	cJSON_ArrayForEach(number, cJSON_GetObjectItemCaseSensitive(item, "keyslots")) {
		int id = cJSON_IsString(number) ? luks_rules_number(number->valuestring) : -1;
		struct luks_keyslot *slot;

		if (id < 0)
			continue;
		header->named |= 1u << id;
		slot = find_keyslot(&header->facts, id);
		active = active || slot;
		if (slot && keyring)
			slot->keyring = true;
		if (slot && !slot->token_type[0])
			(void)snprintf(slot->token_type, sizeof(slot->token_type), "%s", type);
	}
	return name && active ? keep_keyring_name(header, name) : 0;
}

static int read_tokens(struct luks_header *header, struct crypt_device *cd, const cJSON *tree,
		       struct luks_reason *reason)
{
	const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(tree, "tokens");
	int n = cJSON_GetArraySize(tokens);
	int found = 0;

	for (int id = 0; found < n; id++) {
		const cJSON *item;
		const char *type;
		char number[12];
		int r;

		if (id >= LIMIT_TOKENS)
			return luks_refuse(reason, "a token's number makes no sense");
		(void)snprintf(number, sizeof(number), "%d", id);
		item = cJSON_GetObjectItemCaseSensitive(tokens, number);
		if (!item)
			continue;
		found++;
		type = json_string(item, "type", 1, 1024);
		if (!type)
			return luks_refuse(reason, "token %d has no type", id);
		if (strcmp(type, LUKS_TOKEN_TYPE) != 0) {
			r = note_foreign_token(header, item, type);
			if (r)
				return r;
			continue;
		}
		r = keep_our_token(header, cd, id, reason);
		if (r)
			return r;
	}
	return 0;
}

static int dump(struct crypt_device *cd, cJSON **ret, struct luks_reason *reason)
{
	const char *text;
	int r;

	r = luks_library_result("crypt_dump_json", crypt_dump_json(cd, &text, 0));
	if (r)
		return r;
	r = json_parse(text, strlen(text), LIMIT_HEADER_DEPTH, ret);
	return r == -EBADMSG ? luks_refuse(reason, "the header's JSON is not strict") : r;
}

int luks_header_check_context(struct crypt_device *cd, struct luks_reason *reason)
{
	_cleanup_json_ cJSON *tree = NULL;
	struct luks_facts facts;
	int r;

	r = dump(cd, &tree, reason);
	return r ? r : luks_rules_check(tree, false, &facts, reason);
}

static int check(struct luks_header *header, struct luks_reason *reason)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	_cleanup_json_ cJSON *tree = NULL;
	const char *uuid;
	int r;

	r = luks_library_load(header->copy->fd, -1, &cd);
	if (r == LUKS_NOT_LUKS2)
		luks_reason_set(reason, "libcryptsetup does not accept the header");
	if (r)
		return r;
	uuid = crypt_get_uuid(cd);
	if (!uuid || !uuid_is_valid(uuid))
		return luks_refuse(reason, "the header's UUID is none");
	if (header->source->uuid[0] && !uuid_equal(uuid, header->source->uuid))
		return luks_refuse(reason, "the header's UUID changed since the device was found");
	memcpy(header->uuid, uuid, UUID_SIZE);
	r = dump(cd, &tree, reason);
	if (r)
		return r;
	r = luks_rules_check(tree, header->source != header->device, &header->facts, reason);
	return r ? r : read_tokens(header, cd, tree, reason);
}

int luks_header_load(const struct luks_device *device, const struct luks_device *header_device,
		     struct luks_header **ret, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = calloc(1, sizeof(*header));
	int r;

	if (!header)
		return -ENOMEM;
	header->area_fd = -1;
	header->area_keyslot = -1;
	header->device = device;
	header->source = header_device ? header_device : device;
	r = luks_copy_new(header->source->fd, &header->copy, reason);
	if (r)
		return r;
	r = check(header, reason);
	if (r)
		return r;
	*ret = take_ptr(header);
	return 0;
}

bool luks_header_names_us(const struct luks_device *device, const struct luks_device *header_device)
{
	_cleanup_luks_header_ struct luks_header *header = calloc(1, sizeof(*header));
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *token;

	if (!header)
		return false;
	header->area_fd = -1;
	header->source = header_device ? header_device : device;
	if (luks_copy_new(header->source->fd, &header->copy, NULL) || luks_library_load(header->copy->fd, -1, &cd) ||
	    dump(cd, &tree, NULL))
		return false;
	cJSON_ArrayForEach(token, cJSON_GetObjectItemCaseSensitive(tree, "tokens")) {
		const char *type = json_string(token, "type", 1, 1024);

		if (type && !strcmp(type, LUKS_TOKEN_TYPE))
			return true;
	}
	return false;
}

const char *luks_header_uuid(const struct luks_header *header)
{
	return header->uuid;
}

const char *luks_header_cipher(const struct luks_header *header)
{
	return header->facts.cipher;
}

size_t luks_header_key_size(const struct luks_header *header)
{
	return header->facts.key_size;
}

bool luks_header_is_paes(const struct luks_header *header)
{
	return !strncmp(header->facts.cipher, "paes-", 5);
}

size_t luks_header_tokens(const struct luks_header *header, const struct luks_token *const **ret)
{
	*ret = (const struct luks_token *const *)header->tokens;
	return header->n_tokens;
}

size_t luks_header_keyslots(const struct luks_header *header, const struct luks_keyslot **ret)
{
	*ret = header->facts.keyslots;
	return header->facts.n_keyslots;
}

int luks_header_idle_keyslot(const struct luks_header *header, int after)
{
	uint32_t idle = header->facts.other_keyslots & ~header->named;

	for (int id = after + 1; id < LIMIT_KEYSLOTS; id++)
		if (idle & 1u << id)
			return id;
	return -1;
}

size_t luks_header_keyring_names(const struct luks_header *header, const char *const **ret)
{
	*ret = (const char *const *)header->keyring_names;
	return header->n_keyring_names;
}

const struct luks_facts *luks_header_facts(const struct luks_header *header)
{
	return &header->facts;
}

const struct luks_device *luks_header_device(const struct luks_header *header)
{
	return header->device;
}

/* MemAvailable; when the kernel does not tell, nothing memory-hard is refused for lack of it. */
static uint64_t available_kb(void)
{
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (file_read("/proc/meminfo", 16 << 10, &text, NULL) < 0)
		return UINT64_MAX;
	line = strstr(text, "\nMemAvailable:");
	return line ? strtoull(line + strlen("\nMemAvailable:"), NULL, 10) : UINT64_MAX;
}

static int fetch_area(struct luks_header *header, const struct luks_keyslot *slot,
		      struct luks_reason *reason)
{
	size_t index = (size_t)(slot - header->facts.keyslots);
	int fd, r;

	if (header->area_keyslot == slot->id)
		return 0;
	r = luks_copy_with_area(header->copy, header->source->fd, &header->facts.areas[index], &fd,
				reason);
	if (r)
		return r;
	cleanup_close(&header->area_fd);
	header->area_fd = fd;
	header->area_keyslot = slot->id;
	return 0;
}

int luks_header_check_cost(struct luks_header *header, int keyslot, struct luks_reason *reason)
{
	const struct luks_keyslot *slot = find_keyslot(&header->facts, keyslot);

	return slot ? luks_rules_check_cost(slot, available_kb(), reason) : LUKS_NOT_BOUND;
}

int luks_header_context(struct luks_header *header, int keyslot, bool with_data,
			struct crypt_device **ret, struct luks_reason *reason)
{
	int r;

	r = luks_header_check_cost(header, keyslot, reason);
	if (r)
		return r;
	r = fetch_area(header, find_keyslot(&header->facts, keyslot), reason);
	if (r)
		return r;
	return luks_library_load(header->area_fd, with_data ? header->device->fd : -1, ret);
}

int luks_header_bare_context(const struct luks_header *header, bool with_data,
			     struct crypt_device **ret)
{
	return luks_library_load(header->copy->fd, with_data ? header->device->fd : -1, ret);
}

int luks_header_test(struct luks_header *header, int keyslot, const struct secret *passphrase,
		     struct luks_reason *reason)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	int r;

	if (!secret_len(passphrase))
		return luks_refuse(reason, "the passphrase is empty");
	r = luks_header_context(header, keyslot, false, &cd, reason);
	if (r)
		return r;
	r = crypt_activate_by_passphrase(cd, NULL, keyslot, (const char *)secret_bytes(passphrase),
					 secret_len(passphrase),
					 CRYPT_ACTIVATE_SERIALIZE_MEMORY_HARD_PBKDF);
	return luks_library_result("testing a keyslot", r);
}

int luks_header_find_keyslot(struct luks_header *header, const struct secret *passphrase,
			     bool skip_ours, int *ret, struct luks_reason *reason)
{
	const struct luks_facts *facts = &header->facts;
	unsigned left = skip_ours ? LIMIT_KEYFILE_KEYSLOTS : LIMIT_KEYSLOTS;
	int verdict = LUKS_WRONG_PASSPHRASE;

	for (int priority = 2; priority > 0; priority--) {
		for (size_t i = 0; i < facts->n_keyslots; i++) {
			const struct luks_keyslot *slot = &facts->keyslots[i];
			int r;

			if (facts->priorities[i] != priority || (skip_ours && slot->ours))
				continue;
			if (!left--)
				return verdict;
			r = luks_header_test(header, slot->id, passphrase, reason);
			if (r < 0)
				return r;
			if (!r) {
				*ret = slot->id;
				return 0;
			}
			/* Too dear a slot is no reason to miss a cheaper one, but worth telling. */
			if (r != LUKS_WRONG_PASSPHRASE)
				verdict = r;
		}
	}
	return verdict;
}
