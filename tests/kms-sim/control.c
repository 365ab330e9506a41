/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control.h"
#include "cleanup.h"
#include "clock.h"
#include "faults.h"
#include "json.h"
#include "lock.h"
#include "log.h"
#include "token.h"

#include <string.h>

static void refuse(struct reply *reply, unsigned status, const char *why)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "error", why);
	reply_json(reply, status, json);
}

static void done(struct reply *reply)
{
	reply_text(reply, 200, "application/json", "{}\n");
}

static void faults(const cJSON *body, struct reply *reply)
{
	const char *why;
	bool added;

	lock_take();
	added = faults_add(body, &why);
	lock_give();
	if (added)
		done(reply);
	else
		refuse(reply, 400, why);
}

static struct key *find_key(const struct control *control, const char *name, const char *instance,
			    struct instance **ret)
{
	for (size_t i = 0; i < control->instances_count; i++) {
		struct key *key = instance_find(control->instances[i], name, NULL);

		if (!key || (instance && strcmp(instance, control->instances[i]->name)))
			continue;
		*ret = control->instances[i];
		return key;
	}
	return NULL;
}

/* Sets a state as if it had been so for a long time: no waiting rule applies afterwards. */
static void key_change(const struct control *control, const char *name, const cJSON *body,
		       bool purge, struct reply *reply)
{
	long state = json_number(body, "state", -1);
	struct instance *instance;
	struct key *key;

	if (!purge && state != KEY_ACTIVE && state != KEY_SUSPENDED && state != KEY_DEACTIVATED &&
	    state != KEY_DESTROYED) {
		refuse(reply, 400, "state is none of 1, 2, 3, 5");
		return;
	}
	lock_take();
	key = find_key(control, name, json_string(body, "instance"), &instance);
	if (key && purge) {
		instance_remove(instance, key);
	} else if (key) {
		key->state = (enum key_state)state;
		key->changed = 0;
		key->deleted = state == KEY_DESTROYED ? clock_now() : 0;
	}
	lock_give();
	if (key)
		done(reply);
	else
		refuse(reply, 404, "no such key");
}

static bool parse_listener_state(const cJSON *body, enum listener_state *ret)
{
	const char *word = json_string(body, "state");
	const cJSON *up = cJSON_GetObjectItem(body, "up");

	if (!word && cJSON_IsBool(up))
		word = cJSON_IsTrue(up) ? "up" : json_bool(body, "hang", false) ? "hang" : "down";
	if (!word)
		return false;
	*ret = !strcmp(word, "up") ? LISTENER_UP : !strcmp(word, "hang") ? LISTENER_HANG :
								   LISTENER_DOWN;
	return *ret != LISTENER_DOWN || !strcmp(word, "down");
}

static void listener(const struct control *control, const char *name, const cJSON *body,
		     struct reply *reply)
{
	enum listener_state state;

	if (!parse_listener_state(body, &state)) {
		refuse(reply, 400, "neither up nor a state of up, down or hang");
		return;
	}
	for (size_t i = 0; i < control->listeners_count; i++) {
		if (strcmp(listener_name(control->listeners[i]), name))
			continue;
		if (listener_state_set(control->listeners[i], state) < 0)
			refuse(reply, 500, "the listener does not change");
		else
			done(reply);
		return;
	}
	refuse(reply, 404, "no such listener");
}

static void requests(struct reply *reply)
{
	reply->status = 200;
	reply_header(reply, "Content-Type", "application/json");
	log_as_array(&reply->body);
}

static void tokens_issued(struct reply *reply)
{
	cJSON *json = cJSON_CreateObject();

	lock_take();
	cJSON_AddNumberToObject(json, "count", token_issued_count());
	lock_give();
	reply_json(reply, 200, json);
}

static void forget(void (*what)(void), struct reply *reply)
{
	lock_take();
	what();
	lock_give();
	done(reply);
}

/* The variable part of "PREFIX*SUFFIX", owned by the caller, or NULL. */
static char *between(const char *path, const char *prefix, const char *suffix)
{
	size_t n = strlen(path), before = strlen(prefix), after = strlen(suffix);
	char *part;

	if (n <= before + after || strncmp(path, prefix, before) ||
	    strcmp(path + n - after, suffix))
		return NULL;
	part = must_strdup(path + before);
	part[n - before - after] = '\0';
	return part;
}

static void post(const struct control *control, const char *path, const cJSON *body,
		 struct reply *reply)
{
	_cleanup_free_ char *key = between(path, "/keys/", "/state");
	_cleanup_free_ char *name = between(path, "/listener/", "");

	if (!body) {
		refuse(reply, 400, "the body is not JSON");
	} else if (!strcmp(path, "/faults")) {
		faults(body, reply);
	} else if (!strcmp(path, "/clock")) {
		clock_offset_set(json_number(body, "offset", 0));
		done(reply);
	} else if (key) {
		key_change(control, key, body, false, reply);
	} else if (name) {
		listener(control, name, body, reply);
	} else {
		refuse(reply, 404, "no such control");
	}
}

void control_answer(const struct request *request, void *context, struct reply *reply)
{
	const struct control *control = context;
	const char *path = request->path;
	_cleanup_free_ char *key = between(path, "/keys/", "");
	_cleanup_json_ cJSON *body = json_parse(request->body, request->length);

	if (!strcmp(request->method, "POST"))
		post(control, path, body, reply);
	else if (!strcmp(request->method, "DELETE") && !strcmp(path, "/faults"))
		forget(faults_clear, reply);
	else if (!strcmp(request->method, "DELETE") && !strcmp(path, "/tokens"))
		forget(token_forget_all, reply);
	else if (!strcmp(request->method, "DELETE") && key)
		key_change(control, key, NULL, true, reply);
	else if (!strcmp(request->method, "GET") && !strcmp(path, "/requests"))
		requests(reply);
	else if (!strcmp(request->method, "GET") && !strcmp(path, "/tokens-issued"))
		tokens_issued(reply);
	else
		refuse(reply, 404, "no such control");
}
