/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "faults.h"
#include "cleanup.h"
#include "fault_actions.h"
#include "json.h"
#include "random.h"

#include <fnmatch.h>
#include <string.h>

struct rule {
	cJSON *json;
	long times;	/* left; negative: for ever */
	long skip;	/* left */
	struct rule *next;
};

struct fault {
	cJSON *rule;	/* a copy: rules may be cleared while this one still acts */
	const struct fault_action *action;
};

static struct rule *rules;

static bool member_is_known(const char *name)
{
	static const char *const known[] = {
		"listener", "method", "path", "times", "skip", "delay_ms", "jitter_ms", "action",
		"status", "headers", "body", "body_type", "interval_ms", "location", "bytes",
		"nesting", "delta",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], name))
			return true;
	return false;
}

static const char *action_name(const cJSON *rule)
{
	const char *name = json_string(rule, "action");

	return name ? name : "none";
}

static const char *find_mistake(const cJSON *rule)
{
	const cJSON *member;

	if (!cJSON_IsObject(rule))
		return "a rule is not an object";
	cJSON_ArrayForEach(member, rule)
		if (!member_is_known(member->string))
			return "a rule has a member that is not known";
	if (!fault_action_find(action_name(rule)))
		return "a rule's action is not known";
	return NULL;
}

bool faults_add(const cJSON *array, const char **ret_why)
{
	struct rule **end = &rules;
	const cJSON *item;

	*ret_why = cJSON_IsArray(array) ? NULL : "the rules are not an array";
	cJSON_ArrayForEach(item, array)
		if (!*ret_why)
			*ret_why = find_mistake(item);
	if (*ret_why)
		return false;
	while (*end)
		end = &(*end)->next;
	cJSON_ArrayForEach(item, array) {
		struct rule *rule = must_calloc(1, sizeof(*rule));

		rule->json = cJSON_Duplicate(item, true);
		rule->times = json_number(item, "times", -1);
		rule->skip = json_number(item, "skip", 0);
		*end = rule;
		end = &rule->next;
	}
	return true;
}

void faults_clear(void)
{
	for (struct rule *rule = rules, *next; rule; rule = next) {
		next = rule->next;
		cJSON_Delete(rule->json);
		free(rule);
	}
	rules = NULL;
}

static bool glob(const cJSON *rule, const char *name, const char *text)
{
	const char *pattern = json_string(rule, name);

	return !pattern || !fnmatch(pattern, text, 0);
}

/* What a crypto unit is needed for; everything else goes on while it is down. */
static bool needs_crypto(const struct request *request)
{
	static const char *const actions[] = { "wrap", "unwrap", "rewrap", "rotate" };
	const char *last = strrchr(request->path, '/'), *action = request_query(request, "action");

	if (strcmp(request->method, "POST") || !last)
		return false;
	action = action ? action : last + 1;
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i], action))
			return true;
	return !strcmp(last, "/keys");
}

static bool rule_matches(const cJSON *rule, const struct request *request)
{
	if (!glob(rule, "listener", request->listener) || !glob(rule, "method", request->method) ||
	    !glob(rule, "path", request->path))
		return false;
	return strcmp(action_name(rule), "crypto-down") || needs_crypto(request);
}

struct fault *faults_match(const struct request *request)
{
	for (struct rule *rule = rules; rule; rule = rule->next) {
		struct fault *fault;

		if (!rule->times || !rule_matches(rule->json, request))
			continue;
		if (rule->skip > 0) {
			rule->skip--;
			continue;
		}
		if (rule->times > 0)
			rule->times--;
		fault = must_calloc(1, sizeof(*fault));
		fault->rule = cJSON_Duplicate(rule->json, true);
		fault->action = fault_action_find(action_name(rule->json));
		return fault;
	}
	return NULL;
}

void fault_free(struct fault *fault)
{
	if (!fault)
		return;
	cJSON_Delete(fault->rule);
	free(fault);
}

const char *fault_name(const struct fault *fault)
{
	return fault->action->name;
}

unsigned fault_delay_ms(const struct fault *fault)
{
	long jitter;

	if (!fault)
		return 0;
	jitter = json_number(fault->rule, "jitter_ms", 0);
	return (unsigned)json_number(fault->rule, "delay_ms", 0) +
	       (jitter > 0 ? vary((unsigned)jitter + 1) : 0);
}

static void add_headers(const struct fault *fault, struct reply *reply)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, cJSON_GetObjectItem(fault->rule, "headers")) {
		_cleanup_free_ char *value = cJSON_IsString(header)
						     ? must_strdup(header->valuestring)
						     : cJSON_PrintUnformatted(header);

		reply_header(reply, header->string, value);
	}
}

bool fault_replaces(const struct fault *fault, const struct request *request, struct reply *reply)
{
	if (!fault || !fault->action->replace)
		return false;
	fault->action->replace(fault->rule, request, reply);
	add_headers(fault, reply);
	return true;
}

void fault_spoils(const struct fault *fault, struct reply *reply)
{
	if (!fault || !fault->action->spoil)
		return;
	fault->action->spoil(fault->rule, reply);
	add_headers(fault, reply);
}
