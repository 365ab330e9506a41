/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

static enum outcome from_file(const char *path, struct secret **ret, struct verdict *v)
{
	bool standard = !strcmp(path, "-");
	_cleanup_close_ int fd = standard ? dup(STDIN_FILENO)
					  : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0 && errno == ENOENT)
		return verdict_set(v, OUTCOME_USAGE, "%s does not exist", path);
	if (fd < 0)
		return verdict_errno(v, errno, path);
	r = secret_read_fd(fd, LIMIT_KEYFILE_MAX, ret);
	if (r == -EISDIR)
		return verdict_set(v, OUTCOME_USAGE, "%s is a directory", path);
	if (r == -ENODATA) {
		verdict_set(v, OUTCOME_USAGE, "%s is empty", standard ? "standard input" : path);
		return verdict_hint(v, "it must hold a passphrase that opens the volume");
	}
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "%s is larger than %u bytes", path,
				   LIMIT_KEYFILE_MAX);
	return r < 0 ? verdict_errno(v, r, path) : OUTCOME_OK;
}

struct silence {
	struct termios before;
	int fd;
};

static void restore(const struct silence *s)
{
	if (s->fd >= 0)
		(void)tcsetattr(s->fd, TCSAFLUSH, &s->before); /* nothing better to do */
}

static int read_line(int fd, struct secret **ret)
{
	_cleanup_secret_ struct secret *line = NULL;
	size_t len = 0;
	int r = secret_new(LIMIT_PASSPHRASE_MAX + 1, &line);

	while (r == 0) {
		ssize_t n = read(fd, secret_data(line) + len, 1);

		if (n < 0)
			return -errno;
		if (!n || secret_data(line)[len] == '\n')
			break;
		if (++len > LIMIT_PASSPHRASE_MAX)
			return -EFBIG;
	}
	if (r < 0)
		return r;
	if (!len)
		return -ENODATA;
	secret_shorten(line, len);
	*ret = take_ptr(line);
	return 0;
}

static enum outcome from_terminal(const char *device, struct secret **ret, struct verdict *v)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	_cleanup_(restore) struct silence silence = { .fd = -1 };
	struct termios quiet;
	int r;

	if (fd < 0 || tcgetattr(fd, &quiet) < 0)
		return verdict_errno(v, errno, "/dev/tty");
	silence.before = quiet;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return verdict_errno(v, errno, "/dev/tty");
	silence.fd = fd;
	dprintf(fd, "Passphrase that opens %s now: ", device);
	r = read_line(fd, ret);
	dprintf(fd, "\n");
	if (r == -ENODATA || r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "no passphrase was typed");
	return r < 0 ? verdict_errno(v, r, "/dev/tty") : OUTCOME_OK;
}

enum outcome passphrase_ask(const char *device, void *key_file, struct secret **ret,
			    struct verdict *v)
{
	if (key_file)
		return from_file(key_file, ret, v);
	if (isatty(STDIN_FILENO))
		return from_terminal(device, ret, v);
	verdict_set(v, OUTCOME_USAGE, "no passphrase for %s: standard input is not a terminal", device);
	return verdict_hint(v, "use --key-file FILE, or --key-file - to read standard input");
}
