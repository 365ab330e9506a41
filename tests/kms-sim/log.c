/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log.h"
#include "base64.h"
#include "cleanup.h"
#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define BODY_MAX (64u * 1024)

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *log_file;
static char *log_path;

int log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	log_file = fdopen(fd, "w");
	log_path = must_strdup(path);
	return log_file ? 0 : -errno;
}

void log_close(void)
{
	if (log_file)
		fclose(log_file);
	log_file = NULL;
	free(log_path);
	log_path = NULL;
}

cJSON *log_event(const char *event, const char *listener, unsigned long connection)
{
	cJSON *line = cJSON_CreateObject();

	cJSON_AddStringToObject(line, "event", event);
	cJSON_AddNumberToObject(line, "time", clock_wall());
	cJSON_AddNumberToObject(line, "monotonic", clock_monotonic());
	cJSON_AddStringToObject(line, "listener", listener);
	cJSON_AddNumberToObject(line, "connection", (double)connection);
	return line;
}

void log_write(cJSON *line)
{
	_cleanup_free_ char *text = cJSON_PrintUnformatted(line);

	cJSON_Delete(line);
	pthread_mutex_lock(&log_lock);
	if (log_file && text) {
		fprintf(log_file, "%s\n", text);
		fflush(log_file);
	}
	pthread_mutex_unlock(&log_lock);
}

/* Plain ASCII without NUL can stand in a JSON string as it is; the rest travels as base64. */
static bool is_text(const unsigned char *p, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (p[i] == 0 || p[i] >= 0x80)
			return false;
	return true;
}

void log_add_body(cJSON *line, const void *data, size_t length)
{
	size_t shown = length < BODY_MAX ? length : BODY_MAX;
	_cleanup_free_ char *text = NULL;

	cJSON_AddNumberToObject(line, "body_length", (double)length);
	if (is_text(data, shown)) {
		text = must_calloc(shown + 1, 1);
		if (shown)
			memcpy(text, data, shown);
		cJSON_AddStringToObject(line, "body", text);
	} else {
		text = base64_encode(data, shown);
		cJSON_AddStringToObject(line, "body_base64", text);
	}
	if (shown < length)
		cJSON_AddBoolToObject(line, "body_truncated", true);
}

void log_as_array(struct buffer *ret)
{
	_cleanup_buffer_ struct buffer lines = { 0 };

	buffer_clear(ret);
	pthread_mutex_lock(&log_lock);
	(void)buffer_read_file(&lines, log_path); /* unreadable: an empty array says so */
	pthread_mutex_unlock(&log_lock);
	for (size_t i = 0; i + 1 < lines.length; i++)
		if (lines.data[i] == '\n')
			lines.data[i] = ',';
	buffer_printf(ret, "[%s]\n", lines.data ? lines.data : "");
}
