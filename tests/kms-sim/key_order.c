/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "key_order.h"
#include "base64.h"
#include "cleanup.h"
#include "clock.h"
#include "json.h"
#include "kms_error.h"

#include <string.h>
#include <strings.h>

#define STANDARD_PAYLOAD_MAX 7500

/* a second name for one thing that may go wrong */
struct refusal {
	unsigned status;
	const char *code, *message, *target;
};

static const struct refusal bad_body = {
	400, "BAD_BODY_ERR", "The body of the request does not have the expected shape", NULL
};

static bool name_is_known(const char *name)
{
	static const char *const known[] = {
		"type", "name", "description", "tags", "aliases", "extractable", "expirationDate",
		"payload", "encryptedNonce", "iv", "encryptionAlgorithm", "rotation",
		"dualAuthDelete", "keyRingID", "state", "id", "crn", "algorithmType", "createdBy",
		"creationDate", "imported",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcasecmp(known[i], name))
			return true;
	return false;
}

bool alias_is_valid(const char *alias)
{
	static const char *const taken[] = {
		"allowed_ip", "key", "keys", "metadata", "policy", "policies", "registration",
		"registrations", "ring", "rings", "rotate", "wrap", "unwrap", "rewrap", "version",
		"versions",
	};
	size_t n = strlen(alias);

	if (n < 2 || n > 90 || uuid_is_valid(alias) ||
	    alias[strspn(alias, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")])
		return false;
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (!strcmp(taken[i], alias))
			return false;
	return true;
}

/* The one resource of the collection, or NULL. */
static const cJSON *read_resource(const cJSON *json, struct refusal *why)
{
	const cJSON *metadata = cJSON_GetObjectItem(json, "metadata");
	const cJSON *resources = cJSON_GetObjectItem(json, "resources");
	const cJSON *resource = cJSON_GetArrayItem(resources, 0), *member;

	*why = bad_body;
	if (!cJSON_IsObject(metadata) || !metadata->child || !cJSON_IsArray(resources) ||
	    !cJSON_IsObject(resource))
		return NULL;
	if (json_number(metadata, "collectionTotal", -1) != cJSON_GetArraySize(resources)) {
		why->code = "COLLECTION_TOTAL_MISMATCH_ERR";
		return NULL;
	}
	if (cJSON_GetArraySize(resources) != 1)
		return NULL;
	cJSON_ArrayForEach(member, resource)
		if (!name_is_known(member->string))
			return NULL;
	return resource;
}

static bool read_payload(const cJSON *resource, bool extractable, struct buffer *ret,
			 struct refusal *why)
{
	const char *text = json_string(resource, "payload");
	const struct refusal refused = {
		400, "INVALID_FIELD_ERR", "The payload is not base64 of an accepted length", "payload"
	};

	if (!text || !*text)
		return true;
	*why = refused;
	if (!base64_decode(text, ret))
		return false;
	if (extractable)
		return ret->length >= 1 && ret->length <= STANDARD_PAYLOAD_MAX;
	return ret->length == 16 || ret->length == 24 || ret->length == 32;
}

static bool read_aliases(struct kms_call *call, const cJSON *aliases, struct key *key,
			 struct refusal *why)
{
	const cJSON *item;
	const struct refusal refused = {
		400, "INVALID_FIELD_ERR", "An alias is not acceptable", "aliases"
	};

	*why = refused;
	if (!aliases || cJSON_IsNull(aliases))
		return true;
	if (!cJSON_IsArray(aliases) || cJSON_GetArraySize(aliases) > KEY_ALIASES_MAX)
		return false;
	cJSON_ArrayForEach(item, aliases) {
		if (!cJSON_IsString(item) || !alias_is_valid(item->valuestring))
			return false;
		if (instance_find(call->instance, item->valuestring, NULL)) {
			why->status = 409;
			why->code = "KEY_ALIAS_NOT_UNIQUE_ERR";
			return false;
		}
		key->aliases[key->aliases_count++] = must_strdup(item->valuestring);
	}
	return true;
}

static bool read_ring(struct kms_call *call, struct key *key, struct refusal *why)
{
	const struct refusal refused = {
		404, "KEY_RING_NOT_FOUND_ERR", "Key ring does not exist", NULL
	};

	*why = refused;
	if (!call->ring)
		return true;
	if (!instance_has_ring(call->instance, call->ring))
		return false;
	free(key->ring);
	key->ring = must_strdup(call->ring);
	return true;
}

static bool read_expiry(const cJSON *resource, struct key *key, struct refusal *why)
{
	const char *text = json_string(resource, "expirationDate");
	const struct refusal refused = {
		400, "INVALID_FIELD_ERR", "The expiration date is not in the future",
		"expirationDate"
	};

	*why = refused;
	return !text || (clock_parse(text, &key->expires) && key->expires > clock_now());
}

/* A copy of an object or array member, for handing it back later. */
static cJSON *keep(const cJSON *resource, const char *name)
{
	const cJSON *item = cJSON_GetObjectItem(resource, name);

	return cJSON_IsObject(item) || cJSON_IsArray(item) ? cJSON_Duplicate(item, true) : NULL;
}

static bool fill(struct kms_call *call, const cJSON *resource, struct key *key,
		 struct refusal *why)
{
	const char *description = json_string(resource, "description");

	key->description = description && *description ? must_strdup(description) : NULL;
	key->tags = keep(resource, "tags");
	key->rotation = keep(resource, "rotation");
	key->dual_auth = keep(resource, "dualAuthDelete");
	return read_aliases(call, cJSON_GetObjectItem(resource, "aliases"), key, why) &&
	       read_ring(call, key, why) && read_expiry(resource, key, why);
}

static struct key *build(struct kms_call *call, const cJSON *resource, struct refusal *why)
{
	_cleanup_buffer_ struct buffer payload = { 0 };
	const char *name = json_string(resource, "name"), *type = json_string(resource, "type");
	bool extractable = json_bool(resource, "extractable", true);
	struct key *key;

	if (!name || strlen(name) < 2 || strlen(name) > 90 || !type || strcmp(type, KEY_TYPE)) {
		why->code = "INVALID_FIELD_ERR";
		why->target = name ? "type" : "name";
		return NULL;
	}
	if (!read_payload(resource, extractable, &payload, why))
		return NULL;
	/* a standard key's version material is never used */
	key = key_new(name, extractable || !payload.length ? NULL : payload.data, payload.length);
	key->extractable = extractable;
	key->imported = payload.length;
	if (extractable)
		buffer_append(&key->payload, payload.length ? payload.data :
			      (char *)key->versions[0].material, payload.length ? payload.length : 32);
	if (!fill(call, resource, key, why)) {
		key_free(key);
		return NULL;
	}
	return key;
}

struct key *key_order_read(struct kms_call *call)
{
	_cleanup_json_ cJSON *json = json_parse(call->request->body, call->request->length);
	const cJSON *resource;
	struct refusal why;
	struct key *key = NULL;

	if (!call->request->length) {
		kms_error(call->reply, 400, "NO_BODY_ERR", "A body is required", NULL);
		return NULL;
	}
	resource = read_resource(json, &why);
	if (resource)
		key = build(call, resource, &why);
	if (!key)
		kms_error(call->reply, why.status, why.code, why.message, why.target);
	return key;
}
