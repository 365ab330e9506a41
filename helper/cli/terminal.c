/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/file.h"

int terminal_open(int *ret)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	*ret = fd;
	return 0;
}

/* Up to the newline, which is not counted. -EFBIG: the rest of the line is left where it is. */
static int read_line(int fd, char *to, size_t max, size_t *ret_len)
{
	size_t len = 0;
	char c;

	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0)
			return -errno;
		if (!n && !len)
			return -ENODATA;
		if (!n || c == '\n')
			break;
		if (len == max)
			return -EFBIG;
		to[len++] = c;
	}
	secret_wipe(&c, sizeof(c));
	*ret_len = len;
	return 0;
}

int terminal_ask(int fd, const char *question, char *to, size_t size)
{
	size_t len = 0;
	int r = file_write_all(fd, question, strlen(question));

	if (r == 0)
		r = read_line(fd, to, size - 1, &len);
	if (r == -EFBIG)
		(void)tcflush(fd, TCIFLUSH); /* or the rest would answer the next question */
	if (r < 0)
		return r;
	to[len] = '\0';
	return 0;
}

static sigset_t ending_signals(void)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		sigaddset(&set, ending[i]);
	return set;
}

void terminal_hold_signals(sigset_t *before)
{
	sigset_t held = ending_signals();

	(void)sigprocmask(SIG_BLOCK, &held, before); /* fails for wrong arguments only */
}

void terminal_release_signals(const sigset_t *before)
{
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

int silence_begin(int fd, struct silence *silence)
{
	sigset_t held = ending_signals();
	struct termios quiet;

	if (tcgetattr(fd, &silence->before) < 0)
		return -errno;
	silence->signals = signalfd(-1, &held, SFD_CLOEXEC);
	if (silence->signals < 0)
		return -errno;
	terminal_hold_signals(&silence->mask);
	silence->fd = fd;
	quiet = silence->before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_cc[VSUSP] = _POSIX_VDISABLE; /* a shell that comes in between would be silent too */
	return tcsetattr(fd, TCSAFLUSH, &quiet) < 0 ? -errno : 0;
}

void silence_end(struct silence *silence)
{
	if (silence->fd < 0)
		return;
	(void)tcsetattr(silence->fd, TCSAFLUSH, &silence->before); /* nothing better to do */
	(void)close(take_fd(&silence->signals));
	silence->fd = -1;
	terminal_release_signals(&silence->mask); /* one that waits ends the program here */
}

/* Until a line was typed: the terminal hands over whole lines. */
static int await_line(const struct silence *silence)
{
	struct pollfd fds[] = {
		{ .fd = silence->signals, .events = POLLIN },
		{ .fd = silence->fd, .events = POLLIN },
	};

	while (poll(fds, ARRAY_SIZE(fds), -1) < 0)
		if (errno != EINTR)
			return -errno;
	return fds[0].revents ? -EINTR : 0;
}

int silence_ask(const struct silence *silence, const char *question, size_t max, struct secret **ret)
{
	_cleanup_secret_ struct secret *line = NULL;
	size_t len = 0;
	int r = secret_new(max, &line);

	if (r == 0)
		r = file_write_all(silence->fd, question, strlen(question));
	if (r == 0)
		r = await_line(silence);
	if (r == 0)
		r = read_line(silence->fd, (char *)secret_data(line), max, &len);
	if (r == 0)
		r = file_write_all(silence->fd, "\n", 1);
	if (r < 0)
		return r;
	if (!len)
		return -ENODATA;
	secret_shorten(line, len);
	*ret = take_ptr(line);
	return 0;
}
