/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms.h"
#include "actions.h"
#include "cleanup.h"
#include "keys.h"
#include "kms_error.h"
#include "lifecycle.h"

#include <string.h>
#include <strings.h>

#define BASE "/api/v2/"

/* '*' stands for one path segment. ROLE_NONE: the function asks for the role it needs. */
static const struct route {
	const char *method, *path;
	enum role role;
	void (*run)(struct kms_call *call);
} routes[] = {
	{ "GET",    "keys",                       ROLE_READER,      keys_list },
	{ "HEAD",   "keys",                       ROLE_READER,      keys_count },
	{ "POST",   "keys",                       ROLE_WRITER,      keys_create },
	{ "POST",   "keys_with_policy_overrides", ROLE_MANAGER,     keys_create },
	{ "GET",    "keys/*",                     ROLE_READER_PLUS, keys_get },
	{ "POST",   "keys/*",                     ROLE_NONE,        actions_run_by_query },
	{ "PATCH",  "keys/*",                     ROLE_MANAGER,     lifecycle_move_to_ring },
	{ "DELETE", "keys/*",                     ROLE_MANAGER,     lifecycle_delete },
	{ "GET",    "keys/*/metadata",            ROLE_READER,      keys_metadata },
	{ "GET",    "keys/*/versions",            ROLE_READER,      keys_versions },
	{ "POST",   "keys/*/actions/*",           ROLE_NONE,        actions_run },
	{ "POST",   "keys/*/aliases/*",           ROLE_WRITER,      lifecycle_alias_add },
	{ "DELETE", "keys/*/aliases/*",           ROLE_WRITER,      lifecycle_alias_drop },
	{ "POST",   "keys/*/restore",             ROLE_MANAGER,     lifecycle_restore },
	{ "DELETE", "keys/*/purge",               ROLE_MANAGER,     lifecycle_purge },
	{ "GET",    "key_rings",                  ROLE_READER,      lifecycle_rings },
	{ "POST",   "key_rings/*",                ROLE_WRITER,      lifecycle_ring_add },
	{ "DELETE", "key_rings/*",                ROLE_MANAGER,     lifecycle_ring_drop },
};

/* Splits @path in place; fills in what the stars stand for. */
static bool route_matches(const char *pattern, char *path, const char **arguments)
{
	unsigned n = 0;
	char *segment = path;

	for (;;) {
		size_t want = strcspn(pattern, "/"), have = strcspn(segment, "/");
		bool more = pattern[want];

		if (*pattern == '*' ? !have : want != have || memcmp(pattern, segment, want))
			return false;
		if (more != (segment[have] == '/'))
			return false;
		if (*pattern == '*')
			arguments[n++] = segment;
		if (!more)
			break;
		pattern += want + 1;
		segment += have + 1;
	}
	/* only now, as other patterns needed the slashes */
	for (unsigned i = 0; i < n; i++)
		((char *)(uintptr_t)arguments[i])[strcspn(arguments[i], "/")] = '\0';
	return true;
}

cJSON *kms_collection(const char *type, cJSON *resources)
{
	cJSON *json = cJSON_CreateObject();
	cJSON *metadata = cJSON_AddObjectToObject(json, "metadata");

	cJSON_AddStringToObject(metadata, "collectionType", type);
	cJSON_AddNumberToObject(metadata, "collectionTotal", cJSON_GetArraySize(resources));
	cJSON_AddItemToObject(json, "resources", resources);
	return json;
}

bool kms_may(struct kms_call *call, enum role role)
{
	if (call->role >= role)
		return true;
	kms_error_bare(call->reply, 401, "The user does not have access to the specified resource");
	return false;
}

struct key *kms_key(struct kms_call *call)
{
	struct key *key = instance_find(call->instance, call->argument[0], call->ring);

	if (!key)
		kms_error(call->reply, 404, "KEY_NOT_FOUND_ERR",
			  "Key does not exist. Please check the id", NULL);
	return key;
}

bool kms_gone(struct kms_call *call, struct key *key)
{
	if (key_state(key) != KEY_DESTROYED)
		return false;
	if (key->said_gone)
		kms_error(call->reply, 410, "KEY_DELETED_ERR", "Key has already been deleted", NULL);
	else
		kms_error_bare(call->reply, 410, "Key has already been deleted");
	key->said_gone = !key->said_gone;
	return true;
}

static enum role bearer_role(const struct request *request)
{
	static const char scheme[] = "Bearer ";
	const char *value = request_header(request, "Authorization");

	if (!value || strncasecmp(value, scheme, sizeof(scheme) - 1))
		return ROLE_NONE;
	return token_role(value + sizeof(scheme) - 1);
}

/* The checks every call meets before anything else is looked at. */
static bool admit(struct kms_call *call)
{
	const char *id = request_header(call->request, "Bluemix-Instance");

	if (!id || !uuid_is_valid(id)) {
		kms_error_bare(call->reply, 400, "Bluemix-Instance header is missing or not a UUID");
		return false;
	}
	call->role = bearer_role(call->request);
	if (strcasecmp(id, call->instance->uuid))
		call->role = ROLE_NONE;
	return kms_may(call, ROLE_READER);
}

static void dispatch(struct kms_call *call)
{
	const char *path = call->request->path;
	_cleanup_free_ char *rest = NULL;
	bool path_known = false;

	if (strncmp(path, BASE, sizeof(BASE) - 1)) {
		reply_text(call->reply, 404, "text/plain", "404 page not found\n");
		return;
	}
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		free(rest);
		rest = must_strdup(path + sizeof(BASE) - 1);
		if (!route_matches(routes[i].path, rest, call->argument))
			continue;
		path_known = true;
		if (strcmp(routes[i].method, call->request->method))
			continue;
		if (admit(call) && kms_may(call, routes[i].role))
			routes[i].run(call);
		return;
	}
	if (path_known)
		kms_error_bare(call->reply, 405, "Method not allowed");
	else
		reply_text(call->reply, 404, "text/plain", "404 page not found\n");
}

void kms_answer(const struct request *request, void *instance, struct reply *reply)
{
	const char *correlation = request_header(request, "Correlation-Id");
	struct kms_call call = {
		.request = request, .instance = instance, .reply = reply,
		.ring = request_header(request, "X-Kms-Key-Ring"),
	};
	char id[UUID_TEXT];

	random_uuid(id);
	reply_header(reply, "Correlation-Id", correlation ? correlation : id);
	dispatch(&call);
}
