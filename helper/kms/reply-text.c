/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/reply-text.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "kms/text.h"

static const char *describe(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", *text) && *text) {
		text++;
		len--;
	}
	if (!len)
		return "an empty body";
	return *text == '<' ? "not JSON but HTML" : "not JSON";
}

int reply_text_parse(const char *text, size_t len, cJSON **ret, const char **ret_what)
{
	_cleanup_json_ cJSON *tree = NULL;
	int r;

	r = json_parse(text, len, LIMIT_JSON_DEPTH, &tree);
	if (r == -EBADMSG)
		*ret_what = describe(text, len);
	if (r < 0)
		return r;
	if (!cJSON_IsObject(tree)) {
		*ret_what = "not a JSON object";
		return -EBADMSG;
	}
	*ret = take_ptr(tree);
	return 0;
}

void reply_text_copy(const cJSON *object, const char *name, char *dst, size_t size)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
	const char *text = cJSON_IsString(item) && item->valuestring ? item->valuestring : "";
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	kms_text_clean(dst, size, text, len);
}
