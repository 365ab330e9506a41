/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum log_level max_level = LOG_LEVEL_INFO;
static bool with_prefix, with_person, with_colours;

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

void log_setup_person(bool colours)
{
	with_person = true;
	with_colours = colours;
}

bool log_has_colours(void)
{
	return with_colours;
}

/* What a line begins with: the level for a service manager, or its colour for a person. */
static const char *beginning(enum log_level level, char prefix[static 8])
{
	*prefix = '\0';
	if (with_prefix)
		(void)snprintf(prefix, 8, "<%d>", (int)level);
	else if (with_colours && level <= LOG_LEVEL_WARNING)
		(void)snprintf(prefix, 8, "\033[%dm", level == LOG_LEVEL_ERR ? 31 : 33);
	return prefix;
}

static void write_line(enum log_level level, const char *format, va_list args) _printf_(2, 0);

static void write_line(enum log_level level, const char *format, va_list args)
{
	char line[1024], prefix[8];
	size_t start = strlen(beginning(level, prefix)), len;
	const char *end = *prefix == '\033' ? "\033[0m\n" : "\n";

	memcpy(line, prefix, start);
	if (vsnprintf(line + start, sizeof(line) - start - strlen(end), format, args) < 0)
		return;
	len = strlen(line);
	for (size_t i = start; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	memcpy(line + len, end, strlen(end));
	/* One write per line, so that lines of several processes do not mix. */
	(void)!write(STDERR_FILENO, line, len + strlen(end));
}

void log_line(enum log_level level, const char *format, ...)
{
	va_list args;

	if (!log_enabled(level))
		return;
	va_start(args, format);
	write_line(level, format, args);
	va_end(args);
}

void log_step(const char *format, ...)
{
	va_list args;

	if (!with_person)
		return;
	va_start(args, format);
	write_line(LOG_LEVEL_NOTICE, format, args);
	va_end(args);
}
