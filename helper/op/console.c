/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console part of op/report.h: what an operator reads on a 3270 or a serial line. */
#include "op/report.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define COLUMNS 76

int report_console_open(void)
{
	return open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
}

/* Cuts at the last column, replaces what is not ASCII, ends the line. */
static size_t finish(char *line, size_t size)
{
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] > 0x7e)
			line[i] = '?';
	if (len > COLUMNS) {
		memcpy(line + COLUMNS - 3, "...", 3);
		len = COLUMNS;
	}
	if (len + 3 > size)
		len = size - 3;
	memcpy(line + len, "\r\n", 3);
	return len + 2;
}

void report_console_line(int fd, const char *format, ...)
{
	char line[512];
	va_list args;

	if (fd < 0)
		return;
	va_start(args, format);
	(void)vsnprintf(line, sizeof(line) - 3, format, args);
	va_end(args);
	/* A console that takes nothing must not hold up a boot. */
	(void)!write(fd, line, finish(line, sizeof(line)));
}

/* "cause: …" over as many lines as it needs would scroll the prompt away: two at most. */
static void wrapped(int fd, const char *label, const char *text)
{
	size_t room = COLUMNS - strlen("cexluks:   cause: "), len = strlen(text), cut = len;

	if (len > room) {
		for (cut = room; cut > room / 2 && text[cut] != ' '; cut--)
			;
		if (text[cut] != ' ')
			cut = room;
	}
	report_console_line(fd, "cexluks:   %s: %.*s", label, (int)cut, text);
	if (cut < len)
		report_console_line(fd, "cexluks:          %s", text + cut + (text[cut] == ' '));
}

static const char *label_of(const struct attempt *a)
{
	if (a->want->name[0])
		return a->want->name;
	return a->want->uuid[0] ? a->want->uuid : a->want->source;
}

static void opened(int fd, const struct attempt *a)
{
	_cleanup_free_ char *binding = a->token ? luks_token_binding(a->token) : NULL;

	report_console_line(fd, "cexluks: %s %s%s%s in %.1f s", label_of(a), a->verdict.cause,
			    binding ? " with " : "", binding ? binding : "",
			    (double)(a->ended_ms - a->started_ms) / 1000.0);
}

static void failed(int fd, const struct attempt *a, const char *after_failure)
{
	const char *hint = verdict_hint_text(&a->verdict);

	report_console_line(fd, "cexluks: %s stays closed: %s", label_of(a),
			    outcome_word(a->verdict.outcome));
	wrapped(fd, "cause", a->verdict.cause);
	wrapped(fd, "next", hint[0] ? hint : after_failure);
	if (hint[0] && after_failure[0])
		report_console_line(fd, "cexluks:   %s",
				    a->state == ATTEMPT_REFUSED ?
					    "refused: no passphrase opens it in this boot" :
					    after_failure);
}

void report_console(int fd, const struct report_run *run, const char *after_failure)
{
	for (size_t i = 0; i < run->n_attempts; i++)
		if (run->attempts[i].state == ATTEMPT_OPENED)
			opened(fd, &run->attempts[i]);
	for (size_t i = 0; i < run->n_attempts; i++)
		if (run->attempts[i].state != ATTEMPT_OPENED)
			failed(fd, &run->attempts[i], after_failure);
}
