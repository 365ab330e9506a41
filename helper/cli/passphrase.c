/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "cli/terminal.h"

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

static enum outcome ask_line(const struct silence *silence, const char *before, const char *device,
			     const char *after, struct secret **ret, struct verdict *v)
{
	_cleanup_free_ char *question = NULL;
	int r = asprintf(&question, "%s%s%s: ", before, device, after);

	if (r < 0) {
		question = NULL;
		return verdict_errno(v, ENOMEM, "question");
	}
	r = silence_ask(silence, question, LIMIT_PASSPHRASE_MAX, ret);
	if (r == -ENODATA || r == -EINTR)
		return verdict_set(v, OUTCOME_USAGE, "no passphrase was typed");
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "a passphrase has %d bytes at most",
				   LIMIT_PASSPHRASE_MAX);
	return r < 0 ? verdict_errno(v, r, "/dev/tty") : OUTCOME_OK;
}

static enum outcome from_terminal(const char *device, bool is_new, struct secret **ret,
				  struct verdict *v)
{
	_cleanup_close_ int fd = -1;
	_cleanup_silence_ struct silence silence = SILENCE_NONE;
	_cleanup_secret_ struct secret *first = NULL, *again = NULL;
	enum outcome o;
	int r = terminal_open(&fd);

	if (r == 0)
		r = silence_begin(fd, &silence);
	if (r < 0)
		return verdict_errno(v, r, "/dev/tty");
	if (!is_new)
		return ask_line(&silence, "Passphrase that opens ", device, " now", ret, v);
	o = ask_line(&silence, "New passphrase for ", device, "", &first, v);
	if (o == OUTCOME_OK)
		o = ask_line(&silence, "The same for ", device, " again", &again, v);
	if (o != OUTCOME_OK)
		return o;
	if (!secret_equal(first, again))
		return verdict_set(v, OUTCOME_USAGE, "these are two different passphrases");
	*ret = take_ptr(first);
	return OUTCOME_OK;
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
