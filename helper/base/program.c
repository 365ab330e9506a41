/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/* A second copy of the pipe, so that a program that closes its output early is still waited for. */
#define TETHER_FD (STDERR_FILENO + 1)

void program_hide_descriptors(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 1u << 2 /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	/* Before Linux 5.11. */
	for (int fd = first; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* posix_spawn's functions return the error number. */
static int plan_descriptors(posix_spawn_file_actions_t *actions, int out)
{
	int e = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!e)
		e = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (!e)
		e = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_adddup2(actions, out, TETHER_FD);
	return e;
}

/* No signal blocked or ignored, as a program expects to be started. */
static int plan_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, pipe;
	int e;

	(void)sigemptyset(&none);
	(void)sigemptyset(&pipe);
	(void)sigaddset(&pipe, SIGPIPE);
	e = posix_spawnattr_setsigmask(attributes, &none);
	if (!e)
		e = posix_spawnattr_setsigdefault(attributes, &pipe);
	if (!e)
		e = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return e;
}

static int start(const char *const argv[], int out, pid_t *ret)
{
	char *const nothing[] = { NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int e;

	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	e = plan_descriptors(&actions, out);
	if (!e)
		e = plan_signals(&attributes);
	program_hide_descriptors(TETHER_FD);
	if (!e)
		e = posix_spawn(ret, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
				nothing);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (e == ENOENT || e == EACCES || e == ENOTDIR || e == ENOEXEC)
		return PROGRAM_MISSING;
	return -e;
}

/* Until the program is gone and has closed the pipe, or until there is no reason to wait for that. */
static int collect(int fd, deadline_t deadline, struct secret *s, size_t *ret_len)
{
	size_t len = 0, room = secret_len(s);

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t n;

		n = poll(&p, 1, deadline_poll_ms(deadline));
		if (n == 0)
			return PROGRAM_TIMEOUT;
		if (n > 0)
			n = read(fd, secret_data(s) + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == room) /* one byte more than allowed */
			return PROGRAM_TOO_MUCH;
	}
	*ret_len = len;
	return 0;
}

/* Killing what has ended changes nothing about its status: that was settled before it closed the pipe. */
static int end(pid_t pid)
{
	int status = 0;
	pid_t got;

	(void)kill(pid, SIGKILL);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return 255; /* somebody else has reaped it: no success is known of */
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_read_secret(const char *const argv[], size_t max, deadline_t deadline, struct secret **ret,
			int *ret_status)
{
	_cleanup_secret_ struct secret *s = NULL;
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], r, status;
	size_t len = 0;
	pid_t pid = -1;

	r = secret_new(max + 1, &s);
	if (r < 0)
		return r;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	r = start(argv, out, &pid);
	if (r != 0)
		return r;
	cleanup_close(&out);
	out = -1;
	r = collect(in, deadline, s, &len);
	status = end(pid);
	if (r != 0)
		return r;
	if (status != 0) {
		*ret_status = status;
		return PROGRAM_FAILED;
	}
	if (len == 0)
		return PROGRAM_SILENT;
	secret_shorten(s, len);
	*ret = take_ptr(s);
	return 0;
}
