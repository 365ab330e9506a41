/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

static enum outcome from_file(const char *path, const char *purpose, struct secret **ret,
			      struct verdict *v)
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
		return verdict_hint(v, "it must hold a passphrase that %s", purpose);
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

/* The terminal shows nothing of what is typed for as long as @silence is in scope. */
static int silence_begin(int fd, struct silence *silence)
{
	struct termios quiet;

	if (tcgetattr(fd, &quiet) < 0)
		return -errno;
	silence->before = quiet;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
		return -errno;
	silence->fd = fd;
	return 0;
}

static enum outcome ask_line(int fd, const char *before, const char *device, const char *after,
			     struct secret **ret, struct verdict *v)
{
	int r;

	dprintf(fd, "%s%s%s: ", before, device, after);
	r = read_line(fd, ret);
	dprintf(fd, "\n");
	if (r == -ENODATA || r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "no passphrase was typed");
	return r < 0 ? verdict_errno(v, r, "/dev/tty") : OUTCOME_OK;
}

static enum outcome from_terminal(const char *device, bool is_new, struct secret **ret,
				  struct verdict *v)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	_cleanup_(restore) struct silence silence = { .fd = -1 };
	_cleanup_secret_ struct secret *again = NULL;
	enum outcome o;
	int r = fd < 0 ? -errno : silence_begin(fd, &silence);

	if (r < 0)
		return verdict_errno(v, r, "/dev/tty");
	if (!is_new)
		return ask_line(fd, "Passphrase that opens ", device, " now", ret, v);
	o = ask_line(fd, "New passphrase for ", device, "", ret, v);
	if (o == OUTCOME_OK)
		o = ask_line(fd, "The same for ", device, " again", &again, v);
	if (o != OUTCOME_OK || secret_equal(*ret, again))
		return o;
	return verdict_set(v, OUTCOME_USAGE, "these are two different passphrases");
}

enum outcome passphrase_ask(const char *device, void *key_file, struct secret **ret,
			    struct verdict *v)
{
	if (key_file)
		return from_file(key_file, "opens the volume", ret, v);
	if (isatty(STDIN_FILENO))
		return from_terminal(device, false, ret, v);
	verdict_set(v, OUTCOME_USAGE, "no passphrase for %s: standard input is not a terminal", device);
	return verdict_hint(v, "use --key-file FILE, or --key-file - to read standard input");
}

enum outcome passphrase_ask_new(const char *device, void *key_file, struct secret **ret,
				struct verdict *v)
{
	return key_file ? from_file(key_file, "will open the volume", ret, v)
			: from_terminal(device, true, ret, v);
}
