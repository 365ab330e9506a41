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

/* glibc 2.34 and newer; not musl. */
#define CAN_CLOSE_FROM 0
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#undef CAN_CLOSE_FROM
#define CAN_CLOSE_FROM 1
#endif
#endif

void program_hide_descriptors(int first)
{
	if (syscall(SYS_close_range, first, ~0U, 1u << 2 /* CLOSE_RANGE_CLOEXEC */) == 0)
		return;
	/* Before Linux 5.11. */
	for (int fd = first; fd < 1024; fd++)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* A caller that was started without them has its pipes where the program's descriptors go. */
static int move_up(int fd)
{
	int up;

	if (fd > TETHER_FD)
		return fd;
	up = fcntl(fd, F_DUPFD_CLOEXEC, TETHER_FD + 1);
	(void)close(fd);
	return up;
}

/* Both ends above what the program gets, or -errno and nothing open. */
static int open_pipe(int *ret_in, int *ret_out)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = move_up(fds[0]);
	out = move_up(fds[1]);
	if (in < 0 || out < 0)
		return -EMFILE;
	*ret_in = take_fd(&in);
	*ret_out = take_fd(&out);
	return 0;
}

/* What others left open for every exec. The caller's own table of descriptors stays as it is where that can be. */
static int plan_no_others(posix_spawn_file_actions_t *actions)
{
#if CAN_CLOSE_FROM
	return posix_spawn_file_actions_addclosefrom_np(actions, TETHER_FD + 1);
#else
	(void)actions;
	program_hide_descriptors(TETHER_FD);
	return 0;
#endif
}

/* posix_spawn's functions return the error number. @in, @said: -1 for nowhere. */
static int plan_descriptors(posix_spawn_file_actions_t *actions, int in, int out, int said)
{
	int e = in < 0 ? posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0) :
			 posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO);

	if (!e)
		e = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (!e && said >= 0)
		e = posix_spawn_file_actions_adddup2(actions, said, STDERR_FILENO);
	else if (!e)
		e = posix_spawn_file_actions_addopen(actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (!e)
		e = posix_spawn_file_actions_adddup2(actions, out, TETHER_FD);
	return e ? e : plan_no_others(actions);
}

/* No signal blocked or ignored, as a program expects to be started. */
static int plan_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int e;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	e = posix_spawnattr_setsigmask(attributes, &none);
	if (!e)
		e = posix_spawnattr_setsigdefault(attributes, &all);
	if (!e)
		e = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return e;
}

static int start(const char *const argv[], int in, int out, int said, pid_t *ret)
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
	e = plan_descriptors(&actions, in, out, said);
	if (!e)
		e = plan_signals(&attributes);
	if (!e)
		e = posix_spawn(ret, argv[0], &actions, &attributes, (char *const *)(uintptr_t)argv,
				nothing);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (e == ENOENT || e == EACCES || e == ENOTDIR || e == ENOEXEC)
		return PROGRAM_MISSING;
	return -e;
}

/* What it says beyond the room for it is read and lost, or it would wait for us. -1: there will be no more. */
static int hear(const struct program_run *run, int fd, size_t *len)
{
	char lost[256];
	size_t room = run->said_size - 1 - *len;
	ssize_t n = read(fd, room ? run->said + *len : lost, room ? room : sizeof(lost));

	if (n < 0 && errno == EINTR)
		return fd;
	if (n <= 0)
		return -1;
	if (room)
		*len += (size_t)n;
	run->said[*len] = '\0';
	return fd;
}

/*
 * Until the program is gone and has closed its output, or until there is no reason to wait for that. What it
 * said was said before.
 */
int program_start(const char *const argv[], int in, int out, pid_t *ret)
{
	return start(argv, in, out, -1, ret);
}

static int collect(const struct program_run *run, int in, int said, struct secret *s, size_t *ret_len)
{
	size_t len = 0, n_said = 0, room = secret_len(s);

	for (;;) {
		struct pollfd p[] = { { .fd = in, .events = POLLIN }, { .fd = said, .events = POLLIN } };
		ssize_t n = poll(p, ARRAY_SIZE(p), deadline_poll_ms(run->deadline));

		if (n == 0)
			return PROGRAM_TIMEOUT;
		if (n > 0 && p[1].revents) {
			said = hear(run, said, &n_said);
			continue;
		}
		if (n > 0)
			n = read(in, secret_data(s) + len, room - len);
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

static pid_t reap(pid_t pid, int *status, int flags)
{
	pid_t got;

	do
		got = waitpid(pid, status, flags);
	while (got < 0 && errno == EINTR);
	return got;
}

/*
 * Killing what is ending changes nothing about its status: that was settled before it closed the pipe. What
 * somebody else has reaped isn't ours to kill: its number may be another process by now.
 */
int program_end(pid_t pid)
{
	int status = 0;
	pid_t got = reap(pid, &status, WNOHANG);

	if (got == 0) {
		(void)kill(pid, SIGKILL);
		got = reap(pid, &status, 0);
	}
	if (got < 0)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_read(const struct program_run *run, struct secret **ret, int *ret_status)
{
	_cleanup_secret_ struct secret *s = NULL;
	_cleanup_close_ int in = -1, out = -1, said_in = -1, said_out = -1;
	int r, status;
	size_t len = 0;
	pid_t pid = -1;

	r = secret_new(run->max + 1, &s);
	if (r == 0)
		r = open_pipe(&in, &out);
	if (r == 0 && run->said)
		r = open_pipe(&said_in, &said_out);
	if (r == 0)
		r = start(run->argv, -1, out, said_out, &pid);
	if (r != 0)
		return r;
	cleanup_close(&out);
	cleanup_close(&said_out);
	out = said_out = -1;
	r = collect(run, in, said_in, s, &len);
	status = program_end(pid);
	if (r != 0)
		return r;
	if (status > 0) {
		*ret_status = status;
		return PROGRAM_FAILED;
	}
	if (len == 0)
		return PROGRAM_SILENT;
	secret_shorten(s, len);
	*ret = take_ptr(s);
	return status < 0 ? PROGRAM_REAPED : 0;
}

int program_read_secret(const char *const argv[], size_t max, deadline_t deadline, struct secret **ret,
			int *ret_status)
{
	const struct program_run run = { .argv = argv, .max = max, .deadline = deadline };
	_cleanup_secret_ struct secret *s = NULL;
	int r = program_read(&run, &s, ret_status);

	if (r == PROGRAM_REAPED) {
		*ret_status = 255; /* no success is known of */
		return PROGRAM_FAILED;
	}
	if (r == 0)
		*ret = take_ptr(s);
	return r;
}
