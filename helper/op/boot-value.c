/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/boot-value.h"

#include <string.h>

#include "base/attributes.h"

static size_t trimmed(const char *line, size_t len)
{
	while (len && strchr(" \t\r", line[len - 1]))
		len--;
	return len;
}

static bool is_section(const char *line, size_t len, const char *section)
{
	return strlen(section) == len && !strncmp(line, section, len);
}

/* The part behind the key, or NULL. */
static const char *behind_key(const char *line, size_t len, const char *key)
{
	size_t n = strlen(key);

	if (len <= n || strncmp(line, key, n) != 0 || !strchr(" \t=", line[n]))
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line == '=')
		line++;
	return line + strspn(line, " \t");
}

static bool take(const char *value, const char *end, char *ret, size_t size)
{
	size_t len = value < end ? (size_t)(end - value) : 0;

	if (len >= 2 && strchr("\"'", value[0]) && value[len - 1] == value[0]) {
		value++;
		len -= 2;
	}
	if (len >= size)
		len = size - 1;
	memcpy(ret, value, len);
	ret[len] = '\0';
	return len;
}

bool boot_value(const char *text, const char *section, const char *key, char *ret, size_t size)
{
	bool inside = !section;

	for (const char *line = text; *line; line += *line == '\n') {
		size_t len = strcspn(line, "\n"), blanks = strspn(line, " \t");
		const char *begin = line + (blanks < len ? blanks : len), *value;

		line += len;
		len = trimmed(begin, (size_t)(line - begin));
		if (section && len && strchr("[:", *begin)) {
			inside = is_section(begin, len, section);
			continue;
		}
		value = inside ? behind_key(begin, len, key) : NULL;
		if (value && take(value, begin + len, ret, size))
			return true;
	}
	return false;
}
