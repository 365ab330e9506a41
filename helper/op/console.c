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

/* Cuts at the last column, but an item of a list not in its middle if little is lost by that. */
static size_t cut(char *line)
{
	size_t end = COLUMNS - 3;
	const char *dots;

	for (size_t i = COLUMNS - 2; i > COLUMNS - 24; i--)
		if (line[i] == ',' && line[i + 1] == ' ') {
			end = i;
			break;
		}
	dots = end + 3 > COLUMNS ? ".." : "...";
	memcpy(line + end, dots, strlen(dots));
	return end + strlen(dots);
}

/* Fits it into the columns, replaces what is not ASCII, ends the line. */
static size_t finish(char *line, size_t size)
{
	size_t len = strlen(line);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || (unsigned char)line[i] > 0x7e)
			line[i] = '?';
	if (len > COLUMNS)
		len = cut(line);
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

struct label {
	char text[256];
};

/* The name as people know it; "luks-UUID" loses its middle where the line needs the room. */
static struct label label_of(const struct attempt *a, size_t rest)
{
	const struct plan_volume *want = a->want;
	const char *name = want->name[0] ? want->name : want->uuid[0] ? want->uuid : want->source;
	struct label label;
	size_t len = strlen(name);

	if (strlen("cexluks: ") + len + rest > COLUMNS && len > 24)
		(void)snprintf(label.text, sizeof(label.text), "%.13s..%s", name, name + len - 4);
	else
		(void)snprintf(label.text, sizeof(label.text), "%s", name);
	return label;
}

static void warned(int fd, const struct attempt *a)
{
	static const char text[] = REPORT_MASTER_KEY_OLD ": re-encipher before the next change";

	if (a->old_master_key)
		report_console_line(fd, "cexluks: %s: %s", label_of(a, strlen(text) + 2).text, text);
}

static void opened(int fd, const struct attempt *a)
{
	char binding[BINDING_NAME_SIZE], rest[512];

	binding_name(&a->binding, binding);
	(void)snprintf(rest, sizeof(rest), " %s%s%s in %.1f s", a->verdict.cause,
		       binding[0] ? " with " : "", binding,
		       (double)(a->ended_ms - a->started_ms) / 1000.0);
	report_console_line(fd, "cexluks: %s%s", label_of(a, strlen(rest)).text, rest);
	warned(fd, a);
}

/* Three lines: what with its outcome word, the cause, the next step. Nothing is repeated. */
static void failed(int fd, const struct attempt *a, const char *what_follows)
{
	const char *word = outcome_word(a->verdict.outcome);

	report_console_line(fd, "cexluks: %s stays closed: %s",
			    label_of(a, strlen(" stays closed: ") + strlen(word)).text, word);
	report_console_line(fd, "cexluks:   cause: %s", a->verdict.cause);
	report_console_line(fd, "cexluks:   next: %s", what_follows[0] ? what_follows
							: verdict_hint_text(&a->verdict));
}

/* What happens now counts more than what to repair later: that is in "cexluks why" as well. */
static const char *what_follows(const struct attempt *a, const struct report_run *run)
{
	if (a->state == ATTEMPT_REFUSED)
		return run->after_refusal;
	/* Nobody is sent to type a passphrase where a card is missing. */
	if (run->goes_on && outcome_is_about_cards(a->verdict.outcome))
		return "";
	return outcome_is_worth_another_try(a->verdict.outcome) ? run->after_failure : "";
}

void report_console_behind(int fd, const struct report_run *run)
{
	for (size_t i = 0; i < run->n_attempts; i++) {
		const struct attempt *a = &run->attempts[i];

		if (a->state == ATTEMPT_OPENED)
			report_console_line(fd, "cexluks: %s: %s",
					    label_of(a, strlen(": ") + strlen(a->verdict.cause)).text,
					    a->verdict.cause);
		if (a->state == ATTEMPT_OPENED)
			warned(fd, a);
	}
}

void report_console_verdict(int fd, const char *what, const struct verdict *v)
{
	report_console_line(fd, "cexluks: %s: %s", what, outcome_word(v->outcome));
	report_console_line(fd, "cexluks:   cause: %s", v->cause);
	report_console_line(fd, "cexluks:   next: %s", verdict_hint_text(v));
}

void report_console(int fd, const struct report_run *run)
{
	for (size_t i = 0; i < run->n_attempts; i++)
		if (run->attempts[i].state == ATTEMPT_OPENED)
			opened(fd, &run->attempts[i]);
	for (size_t i = 0; i < run->n_attempts; i++)
		if (run->attempts[i].state != ATTEMPT_OPENED)
			failed(fd, &run->attempts[i], what_follows(&run->attempts[i], run));
}
