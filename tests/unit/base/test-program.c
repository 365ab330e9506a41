/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs that print a secret, and those that misbehave. The shell plays all of them. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/program.h"

#define MAX	64
#define LONG_MS 20000

static int run(const char *script, uint64_t ms, struct secret **ret, int *status)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };

	*ret = NULL;
	*status = -1;
	return program_read_secret(argv, MAX, deadline_after(ms), ret, status);
}

static void assert_prints(const char *script, const char *text)
{
	_cleanup_secret_ struct secret *s = NULL;
	int status;

	assert_int_equal(run(script, LONG_MS, &s, &status), 0);
	assert_int_equal(secret_len(s), strlen(text));
	assert_memory_equal(secret_bytes(s), text, strlen(text));
}

static void assert_fails(const char *script, int condition, int status)
{
	_cleanup_secret_ struct secret *s = NULL;
	int got;

	if (run(script, LONG_MS, &s, &got) != condition || got != status)
		fail_msg("%s: status %d", script, got);
	assert_null(s);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD); /* nobody is left */
}

static void test_what_a_program_prints_is_the_secret(void **state)
{
	(void)state;
	assert_prints("printf a-key", "a-key");
	assert_prints("printf one; sleep 0.1; printf two", "onetwo");
	assert_prints("printf a-key >&2; printf b", "b");
	/* exactly the limit */
	assert_prints("printf %064d 7", "0000000000000000000000000000000000000000000000000000000000000007");
}

static void test_it_gets_nothing_from_us(void **state)
{
	int inherited = open("/dev/null", O_RDONLY); /* as from a careless parent: passes an exec */

	(void)state;
	assert_true(inherited > 2);
	assert_int_equal(setenv("CEXLUKS_TEST", "visible", 1), 0);
	assert_prints("printf %s \"[${CEXLUKS_TEST-}${HOME-}]\"", "[]");
	assert_prints("read line; printf %s \"$?$line\"", "1");
	/* input, output, error, and the tether */
	assert_prints("cd /proc/$$/fd && for fd in 0 1 2 3 4 5 6 7 8 9 10; do test ! -e $fd || printf %s $fd; done",
		      "0123");
	assert_int_equal(close(inherited), 0);
}

static void test_a_failure_is_told_and_its_output_dropped(void **state)
{
	(void)state;
	assert_fails("printf half-a-key; exit 24", PROGRAM_FAILED, 24);
	assert_fails("printf half-a-key; kill -9 $$", PROGRAM_FAILED, 128 + 9);
	/* its status counts, also when it closes its output long before */
	assert_fails("printf a-key; exec >&-; sleep 0.2; exit 3", PROGRAM_FAILED, 3);
	assert_fails("exit 0", PROGRAM_SILENT, -1);
	assert_fails("printf %065d 7", PROGRAM_TOO_MUCH, -1);
	assert_fails("while :; do printf 0123456789; done", PROGRAM_TOO_MUCH, -1);
}

static void test_a_program_that_hangs_is_ended_at_the_deadline(void **state)
{
	static const char *const scripts[] = { "exec sleep 60", "printf a-key; exec sleep 60",
					       "printf a-key; exec sleep 60 >&-" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_cleanup_secret_ struct secret *s = NULL;
		uint64_t before = deadline_now();
		int status;

		assert_int_equal(run(scripts[i], 200, &s, &status), PROGRAM_TIMEOUT);
		assert_null(s);
		assert_in_range(deadline_now() - before, 200, 10000);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

static void test_what_cannot_be_run_is_missing(void **state)
{
	static const char *const paths[] = { "/nonexistent/tool", "/etc/passwd", "/etc/passwd/tool", "/etc" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		const char *const argv[] = { paths[i], NULL };
		struct secret *s = NULL;
		int status;

		assert_int_equal(program_read_secret(argv, MAX, deadline_after(LONG_MS), &s, &status),
				 PROGRAM_MISSING);
	}
}

static int listen_to(const char *script, char *said, size_t size, struct secret **ret, int *status)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	const struct program_run run = {
		.argv = argv, .max = MAX, .deadline = deadline_after(LONG_MS), .said = said, .said_size = size,
	};

	*ret = NULL;
	said[0] = '\0';
	return program_read(&run, ret, status);
}

static void test_what_a_program_says_is_kept_up_to_the_room_for_it(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;
	char said[8];
	int status;

	(void)state;
	assert_int_equal(listen_to("echo why >&2; exit 3", said, sizeof(said), &s, &status), PROGRAM_FAILED);
	assert_int_equal(status, 3);
	assert_string_equal(said, "why\n");
	/* more than a pipe holds, and the program isn't kept waiting */
	assert_int_equal(listen_to("head -c 200000 /dev/zero | tr '\\0' x >&2; printf b", said, sizeof(said), &s, &status), 0);
	assert_string_equal(said, "xxxxxxx");
	assert_int_equal(secret_len(s), 1);
}

/* Each in a child of its own: it changes what a whole process has. */
static void assert_alone(void (*body)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (!pid) {
		body();
		_exit(7);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void ignore_children(void)
{
	struct secret *s = NULL;
	char said[64];
	int status = -1;

	(void)signal(SIGCHLD, SIG_IGN);
	/* the program has children of its own, and waits for them */
	if (listen_to("(exit 5); printf a$?", said, sizeof(said), &s, &status) != PROGRAM_REAPED ||
	    secret_len(s) != 2 || memcmp(secret_bytes(s), "a5", 2) != 0)
		_exit(1);
	s = NULL;
	if (listen_to("echo why >&2; exit 1", said, sizeof(said), &s, &status) != PROGRAM_SILENT || s)
		_exit(2);
	if (strcmp(said, "why\n") != 0)
		_exit(3);
	if (run("printf a", LONG_MS, &s, &status) != PROGRAM_FAILED || status != 255 || s)
		_exit(4);
}

static void be_without_standard_descriptors(void)
{
	struct secret *s = NULL;
	char said[64];
	int status = -1;

	for (int fd = 0; fd < 64; fd++)
		(void)close(fd);
	if (listen_to("echo why >&2; printf a", said, sizeof(said), &s, &status) != 0)
		_exit(1);
	if (secret_len(s) != 1 || *secret_bytes(s) != 'a' || strcmp(said, "why\n") != 0)
		_exit(2);
	/* and none of the pipes is left */
	for (int fd = 0; fd < 64; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			_exit(3);
}

static void leave_others_alone(void)
{
	int inherited = open("/dev/null", O_RDONLY);
	struct sigaction before, after;
	struct secret *s = NULL;
	char said[64];
	int status = -1;
	pid_t other = fork();

	if (!other)
		_exit(9);
	if (sigaction(SIGCHLD, NULL, &before) < 0 ||
	    listen_to("printf a", said, sizeof(said), &s, &status) != 0 || sigaction(SIGCHLD, NULL, &after) < 0)
		_exit(1);
	if (before.sa_handler != after.sa_handler)
		_exit(2);
	if (fcntl(inherited, F_GETFD) != 0)
		_exit(3); /* the caller may want it to pass an exec */
	if (waitpid(other, &status, 0) != other || WEXITSTATUS(status) != 9)
		_exit(4);
}

static void test_callers_of_other_kinds(void **state)
{
	(void)state;
	assert_alone(ignore_children);
	assert_alone(be_without_standard_descriptors);
	assert_alone(leave_others_alone);
}

static int started(const char *script)
{
	const char *const argv[] = { "/bin/sh", "-c", script, NULL };
	int fds[2];
	pid_t pid;
	char b[64];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(program_start(argv, -1, fds[1], &pid), 0);
	(void)close(fds[1]);
	while (read(fds[0], b, sizeof(b)) > 0)
		;
	(void)close(fds[0]);
	return program_end(pid);
}

static void test_a_started_program_ends_by_itself(void **state)
{
	(void)state;
	/* it has the tether still, so the end of the pipe comes when its status is settled */
	assert_int_equal(started("printf x; exec >&-; sleep 0.1; exit 0"), 0);
	assert_int_equal(started("printf x; exec >&-; sleep 0.1; exit 3"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_program_prints_is_the_secret),
		cmocka_unit_test(test_it_gets_nothing_from_us),
		cmocka_unit_test(test_a_failure_is_told_and_its_output_dropped),
		cmocka_unit_test(test_a_program_that_hangs_is_ended_at_the_deadline),
		cmocka_unit_test(test_what_cannot_be_run_is_missing),
		cmocka_unit_test(test_what_a_program_says_is_kept_up_to_the_room_for_it),
		cmocka_unit_test(test_callers_of_other_kinds),
		cmocka_unit_test(test_a_started_program_ends_by_itself),
	};

	return cmocka_run_group_tests_name("base/program", tests, NULL, NULL);
}
