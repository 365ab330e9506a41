/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/attribute.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "cex/hex.h"

int cex_place_make(struct cex_place *place, const char *sysroot, const char *format, ...)
{
	int used = snprintf(place->path, sizeof(place->path), "%s", sysroot), n;
	va_list args;

	if (used < 0 || (size_t)used >= sizeof(place->path))
		return -ENAMETOOLONG;
	va_start(args, format);
	n = vsnprintf(place->path + used, sizeof(place->path) - (size_t)used, format, args);
	va_end(args);
	return n < 0 || (size_t)n >= sizeof(place->path) - (size_t)used ? -ENAMETOOLONG : 0;
}

static bool path_of(const struct cex_place *place, const char *name, char ret[static PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s%s%s", place->path, name ? "/" : "", name ? name : "");

	return n > 0 && n < PATH_MAX;
}

bool cex_place_has(const struct cex_place *place, const char *name)
{
	char path[PATH_MAX];

	return path_of(place, name, path) && access(path, F_OK) == 0;
}

DIR *cex_place_open(const struct cex_place *place)
{
	return opendir(place->path);
}

int cex_attribute_all(const struct cex_place *place, const char *name, size_t max, char **ret)
{
	char path[PATH_MAX];

	if (!path_of(place, name, path))
		return -ENAMETOOLONG;
	return file_read(path, max, ret, NULL);
}

bool cex_attribute_line(const struct cex_place *place, const char *name, char *ret, size_t size)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	ret[0] = '\0';
	if (cex_attribute_all(place, name, LIMIT_AP_ATTRIBUTE, &text) < 0)
		return false;
	len = strcspn(text, "\n");
	if (!len || len >= size)
		return false;
	for (size_t i = 0; i < len; i++)
		ret[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	ret[len] = '\0';
	return true;
}

int32_t cex_attribute_number(const struct cex_place *place, const char *name)
{
	char line[LIMIT_AP_WORD];
	int64_t n = 0;

	if (!cex_attribute_line(place, name, line, sizeof(line)) || strlen(line) > 10)
		return -1;
	for (const char *p = line; *p; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		n = n * 10 + (*p - '0');
	}
	return n <= INT32_MAX ? (int32_t)n : -1;
}

bool cex_attribute_hex32(const struct cex_place *place, const char *name, uint32_t *ret)
{
	char line[LIMIT_AP_WORD];
	unsigned char b[4];

	if (!cex_attribute_line(place, name, line, sizeof(line)) || strlen(line) != 10 ||
	    strncmp(line, "0x", 2) != 0 || !cex_hex_parse(line + 2, b, sizeof(b)))
		return false;
	*ret = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
	return true;
}

void cex_attribute_link(const struct cex_place *place, const char *name, char *ret, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t n;

	ret[0] = '\0';
	if (!path_of(place, name, path))
		return;
	n = readlink(path, target, sizeof(target) - 1);
	if (n <= 0)
		return;
	target[n] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) < size)
		memcpy(ret, last, strlen(last) + 1);
}

int cex_attribute_write(const struct cex_place *place, const char *name, const char *text)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];

	if (!path_of(place, name, path))
		return -ENAMETOOLONG;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return file_write_all(fd, text, strlen(text));
}
