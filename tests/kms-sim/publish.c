/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "publish.h"
#include "cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *publish_path(const char *dir, const char *name)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	struct buffer path = { 0 };

	buffer_printf(&path, "%s/%s", real ? real : dir, name);
	return path.data;
}

int publish_text(const char *dir, const char *name, const char *text)
{
	_cleanup_free_ char *path = publish_path(dir, name);
	_cleanup_buffer_ struct buffer temporary = { 0 };
	size_t n = strlen(text);
	ssize_t written;
	int fd;

	buffer_printf(&temporary, "%s.tmp", path);
	fd = open(temporary.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	written = write(fd, text, n);
	if (close(fd) < 0 || written != (ssize_t)n)
		return -EIO;
	return rename(temporary.data, path) < 0 ? -errno : 0;
}

int publish_json(const char *dir, const char *name, const cJSON *json)
{
	_cleanup_free_ char *text = cJSON_Print(json);
	_cleanup_buffer_ struct buffer line = { 0 };

	buffer_printf(&line, "%s\n", text ? text : "null");
	return publish_text(dir, name, line.data);
}
