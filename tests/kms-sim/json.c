/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"
#include "clock.h"
#include "random.h"

#include <string.h>

cJSON *json_parse(const char *text, size_t length)
{
	const char *end = NULL;
	cJSON *json;

	if (!text || memchr(text, '\0', length))
		return NULL;
	json = cJSON_ParseWithLengthOpts(text, length + 1, &end, true);
	return json;
}

void json_shuffle(cJSON *json)
{
	cJSON *child, *next, *taken = NULL;
	unsigned left;

	if (!json)
		return;
	for (child = json->child; child; child = child->next)
		json_shuffle(child);
	if (!cJSON_IsObject(json))
		return;

	taken = cJSON_CreateArray();
	for (child = json->child; child; child = next) {
		next = child->next;
		cJSON_AddItemToArray(taken, cJSON_DetachItemViaPointer(json, child));
	}
	for (left = (unsigned)cJSON_GetArraySize(taken); left; left--) {
		child = cJSON_DetachItemFromArray(taken, (int)vary(left));
		/* adding to an "array" keeps the member's name, and needs no copy of it */
		cJSON_AddItemToArray(json, child);
	}
	cJSON_Delete(taken);
}

const char *json_string(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(json, name));
}

long json_number(const cJSON *json, const char *name, long otherwise)
{
	const cJSON *item = cJSON_GetObjectItem(json, name);

	return cJSON_IsNumber(item) ? (long)item->valuedouble : otherwise;
}

bool json_bool(const cJSON *json, const char *name, bool otherwise)
{
	const cJSON *item = cJSON_GetObjectItem(json, name);

	return cJSON_IsBool(item) ? cJSON_IsTrue(item) : otherwise;
}

void json_add_time(cJSON *json, const char *name, int64_t when)
{
	char text[RFC3339_TEXT];

	clock_format(when, text);
	cJSON_AddStringToObject(json, name, text);
}
