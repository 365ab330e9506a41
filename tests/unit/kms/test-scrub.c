/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A process is stopped in the middle of its exit, when its memory is still there, and looked into.
 */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "kms/scrub.h"

#define NEEDLE "a needle in memory"

/* Where the process has its needles; shared with it. */
static struct {
	char *heap, *mapped;
	const unsigned char *secret;
	char *deep; /* in a stack frame that is gone */
} *places;

static const char constant[] = NEEDLE;

__attribute__((noinline)) static void leave_in_the_stack(void)
{
	char buffer[16384];

	memset(buffer, 0, sizeof(buffer));
	strcpy(buffer, NEEDLE);
	places->deep = buffer;
	__asm__ volatile("" : : "r"(buffer) : "memory");
}

static void *map(int flags)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* In the process itself: secrets are not inherited. */
static void hide(void)
{
	struct secret *secret = NULL;

	places->heap = strdup(NEEDLE);
	places->mapped = map(MAP_PRIVATE);
	if (!places->heap || !places->mapped || secret_new(sizeof(NEEDLE), &secret) < 0)
		_exit(98);
	strcpy(places->mapped, NEEDLE);
	memcpy(secret_data(secret), NEEDLE, sizeof(NEEDLE));
	places->secret = secret_bytes(secret);
	leave_in_the_stack();
}

/* Runs until it exits with @code; stopped there. */
static pid_t run(bool prepare, int code)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(99);
		(void)raise(SIGSTOP);
		hide();
		if (prepare)
			scrub_prepare();
		scrub_and_exit(code);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 99)
		skip(); /* no tracing here */
	assert_true(WIFSTOPPED(status));
	assert_int_equal(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL), 0);
	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status >> 8, SIGTRAP | PTRACE_EVENT_EXIT << 8);
	return pid;
}

/* Whether the beginning of a needle is at @place. */
static bool has(pid_t pid, const void *place)
{
	long word, needle;

	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, pid, place, NULL);
	assert_int_equal(errno, 0);
	memcpy(&needle, NEEDLE, sizeof(needle));
	return word == needle;
}

static void end(pid_t pid, int code)
{
	int status;

	assert_int_equal(ptrace(PTRACE_CONT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static void test_the_look_into_an_ending_process_finds_what_is_there(void **state)
{
	pid_t pid;

	(void)state;
	pid = run(false, 3);
	assert_true(has(pid, places->heap));
	assert_true(has(pid, places->mapped));
	assert_true(has(pid, places->secret));
	assert_true(has(pid, places->deep));
	end(pid, 3);
}

static void test_nothing_is_left_in_heap_mappings_secrets_and_old_stack(void **state)
{
	pid_t pid;

	(void)state;
#ifdef __SANITIZE_ADDRESS__
	skip(); /* see scrub_prepare() */
#endif
	pid = run(true, 7);
	assert_false(has(pid, places->heap));
	assert_false(has(pid, places->mapped));
	assert_false(has(pid, places->secret));
	assert_false(has(pid, places->deep));
	/* not written to, so not ours to overwrite */
	assert_true(has(pid, constant));
	end(pid, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_look_into_an_ending_process_finds_what_is_there),
		cmocka_unit_test(test_nothing_is_left_in_heap_mappings_secrets_and_old_stack),
	};

	places = map(MAP_SHARED);
	return cmocka_run_group_tests_name("kms/scrub", tests, NULL, NULL);
}
