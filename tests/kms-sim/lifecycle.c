/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle.h"
#include "cleanup.h"
#include "clock.h"
#include "json.h"
#include "key_order.h"
#include "kms_error.h"

#include <string.h>

#define DAY (24 * 60 * 60)
#define RINGS_MAX 50
#define RING_TYPE "application/vnd.ibm.kms.key_ring+json"

static void reply_key(struct kms_call *call, const struct key *key, unsigned status)
{
	cJSON *resources = cJSON_CreateArray();

	cJSON_AddItemToArray(resources, instance_key_json(call->instance, key));
	reply_json(call->reply, status, kms_collection(KEY_TYPE, resources));
}

static bool wants_representation(const struct kms_call *call)
{
	const char *prefer = request_header(call->request, "Prefer");

	return prefer && !strcmp(prefer, "return=representation");
}

void lifecycle_delete(struct kms_call *call)
{
	struct key *key = kms_key(call);

	if (!key || kms_gone(call, key))
		return;
	key->state = KEY_DESTROYED;
	key->deleted = key->changed = key->updated = clock_now();
	if (wants_representation(call))
		reply_key(call, key, 200);
	else
		reply_empty(call->reply, 204);
}

void lifecycle_restore(struct kms_call *call)
{
	struct key *key = kms_key(call);
	int64_t now = clock_now();

	if (!key)
		return;
	if (key_state(key) != KEY_DESTROYED || now - key->deleted > 30 * DAY) {
		kms_error(call->reply, 409, "KEY_ACTION_INVALID_STATE_ERR",
			  "The key is not in a state that allows this action", NULL);
	} else if (key->expires && key->expires <= now) {
		kms_error(call->reply, 400, "KEY_EXPIRED_ERR", "The key has expired", NULL);
	} else if (now - key->changed < 30) {
		kms_error(call->reply, 409, "REQ_TOO_EARLY_ERR",
			  "The key was changed less than 30 seconds ago", NULL);
	} else {
		key->state = KEY_ACTIVE;
		key->deleted = 0;
		key->changed = key->updated = now;
		reply_key(call, key, 201);
	}
}

void lifecycle_purge(struct kms_call *call)
{
	struct key *key = kms_key(call);

	if (!key)
		return;
	if (key_state(key) != KEY_DESTROYED || clock_now() - key->deleted < 4 * 60 * 60) {
		kms_error(call->reply, 409, "REQ_TOO_EARLY_ERR",
			  "The key was not deleted four hours ago", NULL);
		return;
	}
	instance_remove(call->instance, key);
	reply_empty(call->reply, 204);
}

void lifecycle_alias_add(struct kms_call *call)
{
	const char *alias = call->argument[1];
	struct key *key = kms_key(call);
	cJSON *resources, *json;

	if (!key || kms_gone(call, key))
		return;
	if (!alias_is_valid(alias) || key->aliases_count == KEY_ALIASES_MAX) {
		kms_error(call->reply, 400, "INVALID_FIELD_ERR", "The alias is not acceptable",
			  "alias");
		return;
	}
	if (instance_find(call->instance, alias, NULL)) {
		kms_error(call->reply, 409, "KEY_ALIAS_NOT_UNIQUE_ERR", "The alias is in use", NULL);
		return;
	}
	key->aliases[key->aliases_count++] = must_strdup(alias);
	json = cJSON_CreateObject();
	cJSON_AddStringToObject(json, "keyId", key->id);
	cJSON_AddStringToObject(json, "alias", alias);
	cJSON_AddStringToObject(json, "createdBy", "IBMid-0000000001");
	json_add_time(json, "creationDate", clock_now());
	resources = cJSON_CreateArray();
	cJSON_AddItemToArray(resources, json);
	reply_json(call->reply, 201, kms_collection("application/vnd.ibm.kms.alias+json", resources));
}

void lifecycle_alias_drop(struct kms_call *call)
{
	struct key *key = kms_key(call);

	if (!key)
		return;
	for (unsigned i = 0; i < key->aliases_count; i++)
		if (!strcmp(key->aliases[i], call->argument[1])) {
			free(key->aliases[i]);
			key->aliases[i] = key->aliases[--key->aliases_count];
			reply_empty(call->reply, 204);
			return;
		}
	kms_error(call->reply, 404, "KEY_ALIAS_NOT_FOUND_ERR", "The key has no such alias", NULL);
}

void lifecycle_move_to_ring(struct kms_call *call)
{
	_cleanup_json_ cJSON *body = json_parse(call->request->body, call->request->length);
	const char *ring = json_string(body, "keyRingID");
	struct key *key = kms_key(call);

	if (!key || kms_gone(call, key))
		return;
	if (!ring) {
		kms_error(call->reply, 400, "BAD_BODY_ERR", "keyRingID is missing", NULL);
		return;
	}
	if (!instance_has_ring(call->instance, ring)) {
		kms_error(call->reply, 404, "KEY_RING_NOT_FOUND_ERR", "Key ring does not exist", NULL);
		return;
	}
	free(key->ring);
	key->ring = must_strdup(ring);
	key->updated = clock_now();
	reply_key(call, key, 200);
}

void lifecycle_rings(struct kms_call *call)
{
	cJSON *resources = cJSON_CreateArray(), *json;
	const cJSON *ring;

	cJSON_ArrayForEach(ring, call->instance->rings) {
		json = cJSON_CreateObject();
		cJSON_AddStringToObject(json, "id", ring->valuestring);
		cJSON_AddStringToObject(json, "createdBy", "IBMid-0000000001");
		cJSON_AddItemToArray(resources, json);
	}
	reply_json(call->reply, 200, kms_collection(RING_TYPE, resources));
}

void lifecycle_ring_add(struct kms_call *call)
{
	if (cJSON_GetArraySize(call->instance->rings) >= RINGS_MAX) {
		kms_error(call->reply, 409, "KEY_RING_LIMIT_ERR", "There are too many key rings", NULL);
		return;
	}
	if (!instance_has_ring(call->instance, call->argument[0]))
		cJSON_AddItemToArray(call->instance->rings,
				     cJSON_CreateString(call->argument[0]));
	reply_empty(call->reply, 201);
}

void lifecycle_ring_drop(struct kms_call *call)
{
	const char *name = call->argument[0];
	int i = 0;
	const cJSON *ring;

	for (const struct key *key = call->instance->keys; key; key = key->next)
		if (!strcmp(key->ring, name) || !strcmp(name, "default")) {
			kms_error(call->reply, 409, "KEY_RING_NOT_EMPTY_ERR", "The ring is in use",
				  NULL);
			return;
		}
	cJSON_ArrayForEach(ring, call->instance->rings) {
		if (!strcmp(ring->valuestring, name)) {
			cJSON_DeleteItemFromArray(call->instance->rings, i);
			reply_empty(call->reply, 204);
			return;
		}
		i++;
	}
	kms_error(call->reply, 404, "KEY_RING_NOT_FOUND_ERR", "Key ring does not exist", NULL);
}
