/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "keys.h"
#include "base64.h"
#include "cleanup.h"
#include "key_order.h"
#include "kms_error.h"

#include <stdio.h>
#include <string.h>

#define LIMIT_DEFAULT 200
#define LIMIT_MAX 5000
#define VERSION_TYPE "application/vnd.ibm.kms.key.version+json"

/* What a listing asks for. Text is borrowed from the request. */
struct selection {
	const char *ring;
	const char *search;
	unsigned states;	/* bit per state */
	int extractable;	/* -1: both */
	size_t limit, offset;
};

static bool parse_count(const char *text, size_t min, size_t max, size_t *ret)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return false;
	n = strtoul(text, &end, 10);
	if (*end || n < min || n > max)
		return false;
	*ret = n;
	return true;
}

/* "1,2,5" without blanks */
static bool parse_states(const char *text, unsigned *ret)
{
	unsigned states = 0;

	for (;; text += 2) {
		if (!strchr("01235", *text) || !*text || (text[1] && text[1] != ','))
			return false;
		states |= 1u << (*text - '0');
		if (!text[1])
			break;
	}
	*ret = states;
	return true;
}

static bool parse_bool(const char *text, int *ret)
{
	*ret = !strcmp(text, "true");
	return *ret || !strcmp(text, "false");
}

/* "state=1,2 extractable=false": the two properties that have a parameter of their own too */
static const char *parse_filter(struct selection *s, const char *filter, bool state_given,
				bool extractable_given)
{
	_cleanup_free_ char *copy = must_strdup(filter);
	char *save = NULL;

	for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		if (!strncmp(word, "state=", 6)) {
			if (state_given || !parse_states(word + 6, &s->states))
				return "state";
		} else if (!strncmp(word, "extractable=", 12)) {
			if (extractable_given || !parse_bool(word + 12, &s->extractable))
				return "extractable";
		} else {
			return "filter";
		}
	}
	return NULL;
}

/* Returns the name of the parameter that is wrong, or NULL. */
static const char *parse_selection(struct kms_call *call, struct selection *s)
{
	const char *limit = request_query(call->request, "limit");
	const char *offset = request_query(call->request, "offset");
	const char *state = request_query(call->request, "state");
	const char *extractable = request_query(call->request, "extractable");
	const char *filter = request_query(call->request, "filter");

	*s = (struct selection){
		.ring = call->ring, .search = request_query(call->request, "search"),
		.states = 1u << 0 | 1u << KEY_ACTIVE | 1u << KEY_SUSPENDED | 1u << KEY_DEACTIVATED,
		.extractable = -1, .limit = LIMIT_DEFAULT,
	};
	if (limit && !parse_count(limit, 1, LIMIT_MAX, &s->limit))
		return "limit";
	if (offset && !parse_count(offset, 0, SIZE_MAX, &s->offset))
		return "offset";
	if (state && !parse_states(state, &s->states))
		return "state";
	if (extractable && !parse_bool(extractable, &s->extractable))
		return "extractable";
	return filter ? parse_filter(s, filter, state, extractable) : NULL;
}

static bool search_matches(const struct key *key, const char *search)
{
	bool exact = !strncmp(search, "exact:", 6);

	if (exact)
		search += 6;
	for (unsigned i = 0; i < key->aliases_count; i++)
		if (exact ? !strcmp(key->aliases[i], search) : !!strcasestr(key->aliases[i], search))
			return true;
	return exact ? !strcmp(key->name, search) : !!strcasestr(key->name, search);
}

static bool selects(const struct selection *s, const struct key *key)
{
	if (s->ring && strcmp(s->ring, key->ring))
		return false;
	if (!(s->states & 1u << key_state(key)))
		return false;
	if (s->extractable >= 0 && key->extractable != (bool)s->extractable)
		return false;
	return !s->search || search_matches(key, s->search);
}

/* By id as the list is kept, or by -id, name, -name. */
static int compare(const struct key *a, const struct key *b, const char *sort)
{
	bool down = *sort == '-';
	const char *by = sort + down;
	int r = !strcmp(by, "name") ? strcmp(a->name, b->name) : strcmp(a->id, b->id);

	return down ? -r : r;
}

static struct key **select_sorted(struct kms_call *call, const struct selection *s, size_t *ret)
{
	const char *sort = request_query(call->request, "sort");
	struct key **found;
	size_t n = 0, all = 0;

	for (struct key *key = call->instance->keys; key; key = key->next)
		all++;
	found = must_calloc(all + 1, sizeof(*found));
	for (struct key *key = call->instance->keys; key; key = key->next) {
		size_t at = n;

		if (!selects(s, key))
			continue;
		for (; sort && at && compare(key, found[at - 1], sort) < 0; at--)
			found[at] = found[at - 1];
		found[at] = key;
		n++;
	}
	*ret = n;
	return found;
}

void keys_list(struct kms_call *call)
{
	_cleanup_free_ struct key **found = NULL;
	struct selection s;
	const char *wrong = parse_selection(call, &s);
	cJSON *resources, *json;
	size_t n;

	if (wrong) {
		kms_error(call->reply, 400, "BAD_QUERY_PARAM_ERR", "Invalid query parameter", wrong);
		return;
	}
	found = select_sorted(call, &s, &n);
	resources = cJSON_CreateArray();
	for (size_t i = s.offset; i < n && i - s.offset < s.limit; i++) {
		json = instance_key_json(call->instance, found[i]);
		if (!vary(4))
			cJSON_DeleteItemFromObject(json, "keyVersion");
		cJSON_AddItemToArray(resources, json);
	}
	n = (size_t)cJSON_GetArraySize(resources);
	json = kms_collection(KEY_TYPE, resources);
	if (!n && call->instance->list_empty_absent)
		cJSON_DeleteItemFromObject(json, "resources");
	reply_json(call->reply, 200, json);
}

void keys_count(struct kms_call *call)
{
	struct selection s;
	char text[24];
	unsigned n = 0;

	if (parse_selection(call, &s)) {
		reply_empty(call->reply, 400);
		return;
	}
	for (struct key *key = call->instance->keys; key; key = key->next)
		n += selects(&s, key);
	snprintf(text, sizeof(text), "%u", n);
	reply_header(call->reply, "Key-Total", text);
	reply_empty(call->reply, 200);
}

static void reply_key(struct kms_call *call, const struct key *key, unsigned status,
		      bool with_payload)
{
	cJSON *json = instance_key_json(call->instance, key), *resources = cJSON_CreateArray();
	_cleanup_free_ char *payload = NULL;

	if (with_payload && key->extractable) {
		payload = base64_encode(key->payload.data, key->payload.length);
		cJSON_AddStringToObject(json, "payload", payload);
	}
	cJSON_AddItemToArray(resources, json);
	reply_json(call->reply, status, kms_collection(KEY_TYPE, resources));
}

void keys_get(struct kms_call *call)
{
	const struct key *key = kms_key(call);

	if (key)
		reply_key(call, key, 200, key_state(key) != KEY_DESTROYED);
}

void keys_metadata(struct kms_call *call)
{
	const struct key *key = kms_key(call);

	if (key)
		reply_key(call, key, 200, false);
}

void keys_versions(struct kms_call *call)
{
	const char *limit_text = request_query(call->request, "limit");
	const char *offset_text = request_query(call->request, "offset");
	const char *total = request_query(call->request, "totalCount");
	size_t limit = LIMIT_DEFAULT, offset = 0;
	const struct key *key = kms_key(call);
	cJSON *resources, *json;

	if (!key)
		return;
	if ((limit_text && !parse_count(limit_text, 1, LIMIT_MAX, &limit)) ||
	    (offset_text && !parse_count(offset_text, 0, SIZE_MAX, &offset))) {
		kms_error(call->reply, 400, "BAD_QUERY_PARAM_ERR", "Invalid query parameter", NULL);
		return;
	}
	resources = cJSON_CreateArray();
	for (size_t i = offset; i < key->versions_count && i - offset < limit; i++)
		cJSON_AddItemToArray(resources,
				     key_version_json(&key->versions[key->versions_count - 1 - i]));
	json = kms_collection(VERSION_TYPE, resources);
	if (total && !strcmp(total, "true"))
		cJSON_AddNumberToObject(cJSON_GetObjectItem(json, "metadata"), "totalCount",
					key->versions_count);
	reply_json(call->reply, 200, json);
}

void keys_create(struct kms_call *call)
{
	const char *prefer = request_header(call->request, "Prefer");
	struct key *key = key_order_read(call);

	if (!key)
		return;
	instance_add(call->instance, key);
	if (prefer && !strcmp(prefer, "return=minimal"))
		reply_empty(call->reply, 201);
	else
		reply_key(call, key, 201, true);
}
