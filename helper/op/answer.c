/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

#define QUESTIONS     "/run/systemd/ask-password"
#define QUESTION_SIZE 4096
#define CRYPTSETUP_ID "cryptsetup:"

static const char *questions = QUESTIONS;

void answer_set_directory(const char *directory)
{
	questions = directory ? directory : QUESTIONS;
}

struct question {
	char id[PATH_MAX];
	char socket[108];
};

bool answer_systemd_runs(void)
{
	return access("/run/systemd/system", F_OK) == 0;
}

int answer_watch(void)
{
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (fd < 0)
		return -errno;
	/* systemd makes it at the first question; ours would have the same mode. */
	if (mkdir(questions, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (inotify_add_watch(fd, questions, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		return -errno;
	return take_fd(&fd);
}

static void take_value(const char *line, const char *key, char *to, size_t size)
{
	size_t len = strlen(key), value = strlen(line);

	if (!strncmp(line, key, len) && value - len < size)
		memcpy(to, line + len, value - len + 1);
}

static bool question_read(const char *name, struct question *q)
{
	_cleanup_free_ char *text = NULL, *path = NULL;
	char *rest = NULL;

	*q = (struct question){ 0 };
	if (asprintf(&path, "%s/%s", questions, name) < 0 ||
	    file_read(path, QUESTION_SIZE, &text, NULL) < 0)
		return false;
	for (char *p = strtok_r(text, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest)) {
		take_value(p, "Id=", q->id, sizeof(q->id));
		take_value(p, "Socket=", q->socket, sizeof(q->socket));
	}
	return q->id[0] && q->socket[0] == '/';
}

/*
 * The Id carries the source path as crypttab or the generator wrote it, with the backslashes of
 * udev's escapes doubled. Source: cescape() in get_password() of systemd-cryptsetup 252 to 257.
 */
static void take_path(const char *id, char path[static PATH_MAX])
{
	size_t n = 0;

	for (; *id && n < PATH_MAX - 1; id++) {
		if (id[0] == '\\' && id[1] == '\\')
			id++;
		path[n++] = *id;
	}
	path[n] = '\0';
}

static bool question_is_about(const struct question *q, const struct luks_device *device)
{
	char path[PATH_MAX];
	struct stat st, own;

	if (strncmp(q->id, CRYPTSETUP_ID, strlen(CRYPTSETUP_ID)) != 0)
		return false;
	take_path(q->id + strlen(CRYPTSETUP_ID), path);
	if (stat(path, &st) < 0)
		return false;
	if (device->devno)
		return S_ISBLK(st.st_mode) && st.st_rdev == device->devno;
	return fstat(device->fd, &own) == 0 && st.st_dev == own.st_dev && st.st_ino == own.st_ino;
}

/* "+" and the passphrase, or "-" alone to cancel. */
static int send_answer(const char *path, const struct secret *passphrase)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	union {
		const void *in;
		void *out;
	} bytes = { .in = passphrase ? secret_bytes(passphrase) : NULL };
	char sign = passphrase ? '+' : '-';
	struct iovec parts[] = {
		{ .iov_base = &sign, .iov_len = 1 },
		{ .iov_base = bytes.out, .iov_len = passphrase ? secret_len(passphrase) : 0 },
	};
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = sizeof(to),
		.msg_iov = parts,
		.msg_iovlen = ARRAY_SIZE(parts),
	};

	if (fd < 0)
		return -errno;
	memcpy(to.sun_path, path, strlen(path) + 1); /* question_read() saw to its length */
	if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int answer_all(const struct luks_device *device, const struct secret *passphrase)
{
	_cleanup_closedir_ DIR *dir = opendir(questions);
	const struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? ANSWER_NO_QUESTION : -errno;
	while ((entry = readdir(dir))) {
		struct question q;
		int r;

		if (strncmp(entry->d_name, "ask.", 4) != 0 || !question_read(entry->d_name, &q) ||
		    !question_is_about(&q, device))
			continue;
		r = send_answer(q.socket, passphrase);
		if (r == 0)
			return ANSWER_SENT;
		log_debug("question %s: %s", entry->d_name, strerror(-r)); /* perhaps a stale one */
	}
	return ANSWER_NO_QUESTION;
}

int answer_question(const struct luks_device *device, const struct secret *passphrase)
{
	return answer_all(device, passphrase);
}

int answer_cancel(const struct luks_device *device)
{
	return answer_all(device, NULL);
}
