/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One key with its versions and its life; nothing here knows HTTP. */
#ifndef SIM_KEY_H
#define SIM_KEY_H

#include "buffer.h"
#include "random.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#define KEY_ALIASES_MAX 5
#define KEY_TYPE "application/vnd.ibm.kms.key+json"

enum key_state {
	KEY_ACTIVE = 1,
	KEY_SUSPENDED = 2,
	KEY_DEACTIVATED = 3,
	KEY_DESTROYED = 5,
};

struct key_version {
	char id[UUID_TEXT];
	char handle[UUID_TEXT];		/* appears in ciphertexts; is not the key's id */
	unsigned char material[32];
	size_t material_length;		/* 16, 24 or 32 */
	int64_t created;
};

struct key {
	char id[UUID_TEXT];
	char *name, *description, *ring;
	char *aliases[KEY_ALIASES_MAX];
	unsigned aliases_count;
	cJSON *tags, *rotation, *dual_auth;	/* as they were given, or NULL */
	bool extractable, imported;
	struct buffer payload;			/* a standard key's material */
	struct key_version *versions;		/* oldest first; at least one */
	unsigned versions_count;
	enum key_state state;			/* read it with key_state() */
	int64_t created, updated, rotated, expires, deleted, changed;	/* 0: never */
	bool said_gone;				/* 410 comes with and without reasons in turn */
	struct key *next;
};

/** key_new() - a root key with one version; @material NULL: random */
struct key *key_new(const char *name, const void *material, size_t length);
void key_free(struct key *key);
/** key_state() - the state now: an expired active key is deactivated */
enum key_state key_state(const struct key *key);
const struct key_version *key_newest(const struct key *key);
void key_add_version(struct key *key, const void *material, size_t length);
bool key_has_alias(const struct key *key, const char *alias);
cJSON *key_version_json(const struct key_version *version);

#endif
