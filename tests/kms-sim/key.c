/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key.h"
#include "cleanup.h"
#include "clock.h"
#include "json.h"

#include <string.h>

struct key *key_new(const char *name, const void *material, size_t length)
{
	struct key *key = must_calloc(1, sizeof(*key));

	random_uuid(key->id);
	key->name = must_strdup(name);
	key->ring = must_strdup("default");
	key->state = KEY_ACTIVE;
	key->created = key->updated = clock_now();
	key->imported = material;
	key_add_version(key, material, length);
	return key;
}

void key_free(struct key *key)
{
	if (!key)
		return;
	free(key->name);
	free(key->description);
	free(key->ring);
	for (unsigned i = 0; i < key->aliases_count; i++)
		free(key->aliases[i]);
	cJSON_Delete(key->tags);
	cJSON_Delete(key->rotation);
	cJSON_Delete(key->dual_auth);
	buffer_done(&key->payload);
	free(key->versions);
	free(key);
}

enum key_state key_state(const struct key *key)
{
	if (key->state == KEY_ACTIVE && key->expires && key->expires <= clock_now())
		return KEY_DEACTIVATED;
	return key->state;
}

const struct key_version *key_newest(const struct key *key)
{
	return &key->versions[key->versions_count - 1];
}

void key_add_version(struct key *key, const void *material, size_t length)
{
	struct key_version *all = must_calloc(key->versions_count + 1, sizeof(*all));
	struct key_version *v = &all[key->versions_count];

	if (key->versions_count)
		memcpy(all, key->versions, key->versions_count * sizeof(*all));
	free(key->versions);
	key->versions = all;
	key->versions_count++;

	/* a new key's first version bears the key's own id */
	if (key->versions_count == 1)
		memcpy(v->id, key->id, sizeof(v->id));
	else
		random_uuid(v->id);
	random_uuid(v->handle);
	v->created = clock_now();
	v->material_length = material ? length : sizeof(v->material);
	if (material)
		memcpy(v->material, material, length);
	else
		random_bytes(v->material, sizeof(v->material));
}

bool key_has_alias(const struct key *key, const char *alias)
{
	for (unsigned i = 0; i < key->aliases_count; i++)
		if (!strcmp(key->aliases[i], alias))
			return true;
	return false;
}

cJSON *key_version_json(const struct key_version *version)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "id", version->id);
	if (vary(2))
		json_add_time(json, "creationDate", version->created);
	return json;
}
