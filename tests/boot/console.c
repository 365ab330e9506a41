/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console - give each line of a virtual machine's console its time
 *
 * Copies standard input to standard output, prefixing lines with the seconds since start ("[  12.345] "). Bytes
 * appear as they come. A prompt has no newline, so a line that ends like one and stays so for QUIET_MS is ended
 * here: who waits with grep then sees it. (Any other unfinished line is an emulated CPU that had to wait for a real one.) Escape sequences and carriage returns are dropped, so that patterns match what
 * a human reads.
 */
#include <err.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define QUIET_MS 500

struct line {
	bool open;
	char last;
	enum { TEXT, ESCAPE, SEQUENCE, STRING } state;
};

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* ECMA-48: ESC [ … final byte; ESC ] … BEL (or ESC \); any other sequence is ESC and one byte. */
static bool is_text(struct line *line, char c)
{
	switch (line->state) {
	case TEXT:
		if (c == '\033')
			line->state = ESCAPE;
		return c == '\n' || c == '\t' || (unsigned char)c >= ' ';
	case ESCAPE:
		line->state = c == '[' ? SEQUENCE : c == ']' ? STRING : TEXT;
		return false;
	case SEQUENCE:
		if (c >= '@' && c <= '~')
			line->state = TEXT;
		return false;
	case STRING:
		if (c == '\a')
			line->state = TEXT;
		else if (c == '\033')
			line->state = ESCAPE;
		return false;
	}
	return false;
}

static void put(struct line *line, char c, double start)
{
	if (!is_text(line, c))
		return;
	if (!line->open) {
		if (c == '\n')
			return;
		printf("[%8.3f] ", seconds() - start);
		line->open = true;
	}
	putchar(c);
	line->last = c;
	if (c == '\n')
		line->open = false;
}

static bool looks_like_prompt(const struct line *line)
{
	return line->open && strchr(" :#>", line->last);
}

int main(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	struct line line = { 0 };
	double start = seconds();
	char buf[4096];

	for (;;) {
		ssize_t n;
		int r = poll(&in, 1, looks_like_prompt(&line) ? QUIET_MS : -1);

		if (r < 0)
			err(1, "poll");
		if (r == 0) {
			put(&line, '\n', start);
			fflush(stdout);
			continue;
		}
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n <= 0)
			break;
		for (ssize_t i = 0; i < n; i++)
			put(&line, buf[i], start);
		if (fflush(stdout))
			err(1, "cannot write");
	}
	if (line.open)
		putchar('\n');
	return 0;
}
