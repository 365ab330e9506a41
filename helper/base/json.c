/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/secret.h"

static void wiping_free(void *p)
{
	if (!p)
		return;
	secret_wipe(p, malloc_usable_size(p));
	free(p);
}

void json_setup(void)
{
	cJSON_Hooks hooks = { .malloc_fn = malloc, .free_fn = wiping_free };

	/* With own hooks cJSON also refrains from realloc(), which could leave copies behind. */
	cJSON_InitHooks(&hooks);
}

int json_parse(const char *text, size_t len, unsigned depth, cJSON **ret)
{
	_cleanup_json_ cJSON *tree = NULL;
	int r;

	r = json_check(text, len, depth);
	if (r < 0)
		return r;
	tree = cJSON_ParseWithLength(text, len);
	if (!tree)
		return -ENOMEM; /* the grammar was checked, so only memory is left */
	*ret = take_ptr(tree);
	return 0;
}

void json_free(cJSON *tree)
{
	cJSON_Delete(tree);
}

char *json_text(const cJSON *tree)
{
	return cJSON_PrintUnformatted(tree);
}

void json_free_text(char *text)
{
	cJSON_free(text);
}

const char *json_string(const cJSON *object, const char *name, size_t min, size_t max)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	size_t len;

	if (!cJSON_IsString(item) || !item->valuestring)
		return NULL;
	len = strlen(item->valuestring);
	return len < min || len > max ? NULL : item->valuestring;
}

bool json_bool(const cJSON *object, const char *name, bool *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	if (!cJSON_IsBool(item))
		return false;
	*ret = cJSON_IsTrue(item);
	return true;
}

bool json_integer(const cJSON *object, const char *name, int64_t min, int64_t max, int64_t *ret)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	double v;

	if (!cJSON_IsNumber(item))
		return false;
	v = item->valuedouble;
	if (!(v >= (double)min && v <= (double)max) || (double)(int64_t)v != v)
		return false;
	*ret = (int64_t)v;
	return true;
}

bool json_only_members(const cJSON *object, const char *const *names, size_t n)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object) {
		bool known = false;

		for (size_t i = 0; i < n && !known; i++)
			known = item->string && !strcmp(item->string, names[i]);
		if (!known)
			return false;
	}
	return true;
}
