/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "instance.h"
#include "cleanup.h"
#include "json.h"

#include <string.h>
#include <strings.h>

#define DAY (24 * 60 * 60)
#define ACCOUNT "0123456789abcdef0123456789abcdef"

static const char *const service_names[] = {
	[SERVICE_HPCS] = "hpcs",
	[SERVICE_KEY_PROTECT] = "key-protect",
	[SERVICE_KEY_PROTECT_DEDICATED] = "key-protect-dedicated",
};

bool service_parse(const char *text, enum service *ret)
{
	for (unsigned i = 0; i < sizeof(service_names) / sizeof(service_names[0]); i++)
		if (!strcmp(text, service_names[i])) {
			*ret = (enum service)i;
			return true;
		}
	return false;
}

const char *service_name(enum service service)
{
	return service_names[service];
}

struct instance *instance_new(const char *name, enum service service)
{
	struct instance *instance = must_calloc(1, sizeof(*instance));

	instance->name = must_strdup(name);
	instance->service = service;
	random_uuid(instance->uuid);
	instance->aad = service == SERVICE_HPCS ? AAD_IGNORE : AAD_HONOUR;
	instance->ciphertext_status = 422;
	instance->rings = cJSON_CreateArray();
	cJSON_AddItemToArray(instance->rings, cJSON_CreateString("default"));
	return instance;
}

void instance_free(struct instance *instance)
{
	if (!instance)
		return;
	for (struct key *key = instance->keys, *next; key; key = next) {
		next = key->next;
		key_free(key);
	}
	cJSON_Delete(instance->rings);
	free(instance->name);
	free(instance);
}

void instance_add(struct instance *instance, struct key *key)
{
	struct key **at = &instance->keys;

	while (*at && strcmp((*at)->id, key->id) < 0)
		at = &(*at)->next;
	key->next = *at;
	*at = key;
}

void instance_remove(struct instance *instance, struct key *key)
{
	for (struct key **at = &instance->keys; *at; at = &(*at)->next)
		if (*at == key) {
			*at = key->next;
			key_free(key);
			return;
		}
}

struct key *instance_find(const struct instance *instance, const char *id_or_alias,
			  const char *ring)
{
	for (struct key *key = instance->keys; key; key = key->next)
		if ((!strcasecmp(key->id, id_or_alias) || key_has_alias(key, id_or_alias)) &&
		    (!ring || !strcmp(ring, key->ring)))
			return key;
	return NULL;
}

bool instance_has_ring(const struct instance *instance, const char *ring)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, instance->rings)
		if (!strcmp(item->valuestring, ring))
			return true;
	return false;
}

char *instance_crn(const struct instance *instance, const struct key *key)
{
	struct buffer text = { 0 };

	buffer_printf(&text, "crn:v1:bluemix:public:%s:eu-de:a/" ACCOUNT ":%s:key:%s",
		      instance->service == SERVICE_HPCS ? "hs-crypto" : "kms", instance->uuid,
		      key->id);
	return text.data;
}

static void add_algorithm(cJSON *json, const struct instance *instance)
{
	bool hpcs = instance->service == SERVICE_HPCS;
	cJSON *metadata = cJSON_AddObjectToObject(json, "algorithmMetadata");

	cJSON_AddStringToObject(json, "algorithmType", hpcs ? "AES" : "Deprecated");
	cJSON_AddStringToObject(json, "algorithmMode", hpcs ? "CBC_PAD" : "Deprecated");
	cJSON_AddNumberToObject(json, "algorithmBitSize", 256);
	cJSON_AddStringToObject(metadata, "bitLength", "256");
	cJSON_AddStringToObject(metadata, "mode", hpcs ? "CBC_PAD" : "Deprecated");
}

static void add_dates(cJSON *json, const struct key *key)
{
	json_add_time(json, "creationDate", key->created);
	json_add_time(json, "lastUpdateDate", key->updated);
	if (key->rotated)
		json_add_time(json, "lastRotateDate", key->rotated);
	if (key->expires)
		json_add_time(json, "expirationDate", key->expires);
	if (!key->deleted)
		return;
	json_add_time(json, "deletionDate", key->deleted);
	cJSON_AddStringToObject(json, "deletedBy", "IBMid-0000000001");
	json_add_time(json, "restoreExpirationDate", key->deleted + 30 * DAY);
	json_add_time(json, "purgeAllowedFrom", key->deleted + 4 * 60 * 60);
	json_add_time(json, "purgeScheduledOn", key->deleted + 90 * DAY);
	cJSON_AddBoolToObject(json, "restoreAllowed", true);
	cJSON_AddBoolToObject(json, "purgeAllowed", false);
}

cJSON *instance_key_json(const struct instance *instance, const struct key *key)
{
	_cleanup_free_ char *crn = instance_crn(instance, key);
	cJSON *json = cJSON_CreateObject(), *dual;

	cJSON_AddStringToObject(json, "type", KEY_TYPE);
	cJSON_AddStringToObject(json, "id", key->id);
	cJSON_AddStringToObject(json, "name", key->name);
	if (key->description)
		cJSON_AddStringToObject(json, "description", key->description);
	if (key->aliases_count)
		cJSON_AddItemToObject(json, "aliases",
				      cJSON_CreateStringArray((const char *const *)key->aliases,
							      (int)key->aliases_count));
	if (key->tags)
		cJSON_AddItemToObject(json, "tags", cJSON_Duplicate(key->tags, true));
	cJSON_AddNumberToObject(json, "state", key_state(key));
	cJSON_AddBoolToObject(json, "extractable", key->extractable);
	cJSON_AddBoolToObject(json, "imported", key->imported);
	cJSON_AddBoolToObject(json, "deleted", key->deleted != 0);
	cJSON_AddStringToObject(json, "crn", crn);
	cJSON_AddStringToObject(json, "keyRingID", key->ring);
	cJSON_AddStringToObject(json, "createdBy", "IBMid-0000000001");
	add_algorithm(json, instance);
	add_dates(json, key);
	if (!key->extractable)
		cJSON_AddItemToObject(json, "keyVersion", key_version_json(key_newest(key)));
	if (key->rotation)
		cJSON_AddItemToObject(json, "rotation", cJSON_Duplicate(key->rotation, true));
	if (key->dual_auth) {
		cJSON_AddItemToObject(json, "dualAuthDelete", cJSON_Duplicate(key->dual_auth, true));
	} else {
		dual = cJSON_AddObjectToObject(json, "dualAuthDelete");
		cJSON_AddBoolToObject(dual, "enabled", false);
	}
	return json;
}
