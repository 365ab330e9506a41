/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;
static bool with_prefix;

void log_setup(enum log_level max, bool prefixed)
{
	max_level = max;
	with_prefix = prefixed;
}

void log_setup_level(enum log_level max)
{
	max_level = max;
}

bool log_enabled(enum log_level level)
{
	return level <= max_level;
}

void log_line(enum log_level level, const char *format, ...)
{
	char line[1024];
	size_t start = 0, len;
	va_list args;
	int n;

	if (!log_enabled(level))
		return;
	if (with_prefix) {
		start = 3;
		(void)snprintf(line, sizeof(line), "<%d>", (int)level);
	}
	va_start(args, format);
	n = vsnprintf(line + start, sizeof(line) - start - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	len = strlen(line);
	for (size_t i = start; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* One write per line, so that lines of several processes do not mix. */
	(void)!write(STDERR_FILENO, line, len);
}
