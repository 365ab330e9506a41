/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin/binding.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

/* Words that may go into an argument and onto a terminal, or NULL. */
static const char *plain(const cJSON *tree, const char *member, const char *chars, size_t min, size_t max)
{
	const char *text = json_string(tree, member, min, max);

	return text && strspn(text, chars) == strlen(text) ? text : NULL;
}

static bool copy(char *to, size_t size, const char *text)
{
	int n = text ? snprintf(to, size, "%s", text) : -1;

	return n >= 0 && (size_t)n < size;
}

static bool read_history(const cJSON *tree, struct plugin_binding *b)
{
	return json_integer(tree, "serial", 1, LIMIT_SERIAL, &b->serial) &&
	       copy(b->created, sizeof(b->created), plain(tree, "created", "0123456789-:TZ", 20, 20));
}

static bool read_kind(const cJSON *tree, const char *kind, struct plugin_binding *b)
{
	const char *profile = plain(tree, "profile", NAME_CHARS, 1, LIMIT_ID);

	if (!strcmp(kind, "card"))
		return copy(b->name, sizeof(b->name), kind) && read_history(tree, b);
	if (!profile || (strcmp(kind, "kms") != 0 && strcmp(kind, "credential") != 0))
		return false;
	(void)snprintf(b->name, sizeof(b->name), "%s:%s", kind, profile); /* the limits fit */
	if (strcmp(kind, "kms") != 0)
		return true;
	return copy(b->key, sizeof(b->key), plain(tree, "key", NAME_CHARS, LIMIT_ALIAS_MIN, LIMIT_ALIAS_MAX)) &&
	       json_bool(tree, "aad", &b->aad) && read_history(tree, b);
}

int plugin_binding_parse(const char *json, struct plugin_binding *ret)
{
	_cleanup_json_ cJSON *tree = NULL;
	struct plugin_binding b = { 0 };
	size_t len = strnlen(json, LIMIT_TOKEN_JSON + 1);
	const char *type, *kind;
	int64_t version;
	int r;

	if (len > LIMIT_TOKEN_JSON)
		return -EINVAL;
	r = json_parse(json, len, LIMIT_JSON_DEPTH, &tree);
	if (r < 0)
		return r == -ENOMEM ? r : -EINVAL;
	type = json_string(tree, "type", 1, LIMIT_ID);
	kind = json_string(tree, "kind", 1, 16);
	if (!type || strcmp(type, "cexluks") != 0 || !kind ||
	    !json_integer(tree, "version", 1, 1, &version) || !read_kind(tree, kind, &b))
		return -EINVAL;
	b.opens = strcmp(kind, "credential") != 0;
	*ret = b;
	return 0;
}
