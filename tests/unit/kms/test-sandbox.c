/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each test enters the sandbox in a process of its own and reports by exit code or signal. All of
 * it runs twice: as the kernel is, and as on one that does not know Landlock's calls.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <stdbool.h>
#include <unistd.h>

#include "base/attributes.h"
#include "kms/sandbox.h"

#define NR_CREATE_RULESET 444 /* of Landlock; the other two follow */

static char *credential;
static bool hide_landlock;

static long landlock_abi(void)
{
	return syscall(NR_CREATE_RULESET, NULL, 0, 1u);
}

/* From here on Landlock's calls are what a kernel without it says of them. */
static int landlock_is_unknown(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NR_CREATE_RULESET, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NR_CREATE_RULESET + 3, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return landlock_abi() < 0 && errno == ENOSYS ? 0 : -EINVAL;
}

/* Runs @inside behind the sandbox; its result is the exit code. Returns wait(2)'s status. */
static int behind(int (*inside)(void))
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (hide_landlock && landlock_is_unknown() < 0)
			_exit(98);
		if (sandbox_enter() < 0)
			_exit(99);
		_exit(inside());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status)) {
		assert_int_not_equal(WEXITSTATUS(status), 98);
		assert_int_not_equal(WEXITSTATUS(status), 99);
	}
	return status;
}

static void ends_with(int (*inside)(void), int code)
{
	int status = behind(inside);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), code);
}

static int opens(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC) >= 0;
}

static int inside_opens_what_it_must_not(void)
{
	static const char *const paths[] = { "/proc/kcore", "/etc/shadow", "/proc/self/mem",
					     "/dev/vda",    "/dev/sda",	   "/dev/dm-0",
					     "/dev/mem",    "/root",	   "/proc/1/environ" };

	if (opens(credential))
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (opens(paths[i]))
			return 2 + (int)i;
	return 0;
}

/* What everybody may read: only Landlock keeps it from the child. */
static int inside_reads_the_machines_files(void)
{
	return opens("/usr/bin/env") || opens("/home") || opens("/sys/kernel/uevent_seqnum");
}

static int inside_writes(void)
{
	if (open("/tmp/cexluks-sandbox-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0)
		return 1;
	return mkdir("/tmp/cexluks-sandbox-test.d", 0700) == 0;
}

static int inside_resolves(void)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;

	return getaddrinfo("localhost", NULL, &hints, &found) == 0 && found ? 0 : 1;
}

static void *thread(void *arg)
{
	*(int *)arg = inside_resolves();
	return NULL;
}

static int inside_resolves_in_a_thread(void)
{
	int result = 1;
	pthread_t t;

	if (pthread_create(&t, NULL, thread, &result) != 0 || pthread_join(t, NULL) != 0)
		return 2;
	return result;
}

static int inside_is_somebody_else(void)
{
	return getuid() == 0 || geteuid() == 0 || setuid(0) == 0;
}

static int inside_makes_a_process(void)
{
	return fork() >= 0;
}

/* The call itself: glibc on s390x takes socketcall(2), whose arguments no filter can look at. */
static int inside_makes_a_raw_socket(void)
{
	return syscall(SYS_socket, AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0 ||
	       syscall(SYS_socket, 38 /* AF_ALG */, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) >= 0;
}

static int inside_executes(void)
{
	char *const argv[] = { (char *)(uintptr_t)"true", NULL };

	(void)execv("/bin/true", argv);
	return 1;
}

static int inside_adds_a_key(void)
{
	return syscall(SYS_add_key, "user", "cexluks-test", "x", 1, -2) >= 0;
}

static int inside_mounts(void)
{
	return syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL) == 0;
}

static void test_files_with_secrets_stay_closed(void **state)
{
	(void)state;
	ends_with(inside_opens_what_it_must_not, 0);
}

static void test_landlock_leaves_the_name_services_files(void **state)
{
	(void)state;
	if (landlock_abi() < 1) {
		print_message("skip: no Landlock in this kernel\n");
		skip();
	}
	ends_with(inside_reads_the_machines_files, hide_landlock);
}

static void test_names_still_resolve_also_in_a_thread(void **state)
{
	(void)state;
	ends_with(inside_resolves, 0);
	ends_with(inside_resolves_in_a_thread, 0);
}

static void test_root_becomes_somebody_else_for_good(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skip: only root becomes somebody else\n");
		skip();
	}
	ends_with(inside_is_somebody_else, 0);
}

static bool has_filter(void)
{
#if defined(__SANITIZE_ADDRESS__)
	print_message("skip: no seccomp in a build with sanitizers\n");
	return false;
#else
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		return true;
	print_message("skip: no seccomp in this kernel\n");
	return false;
#endif
}

static void test_nothing_is_written(void **state)
{
	(void)state;
	if (hide_landlock && !has_filter())
		skip(); /* the others leave it an empty file */
	ends_with(inside_writes, 0);
}

static void test_no_process_and_no_odd_socket_is_made(void **state)
{
	(void)state;
	if (!has_filter())
		skip();
	ends_with(inside_makes_a_process, 0);
	ends_with(inside_makes_a_raw_socket, 0);
}

static void is_killed(int (*inside)(void))
{
	int status = behind(inside);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static void test_what_only_an_intruder_calls_kills(void **state)
{
	(void)state;
	if (!has_filter())
		skip();
	is_killed(inside_executes);
	is_killed(inside_adds_a_key);
	is_killed(inside_mounts);
}

static int make_credential(void **state)
{
	char path[] = "/tmp/cexluks-credential-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	if (fd < 0 || write(fd, "x", 1) != 1)
		return -1;
	(void)close(fd);
	credential = strdup(path);
	return credential ? 0 : -1;
}

static int remove_credential(void **state)
{
	(void)state;
	(void)unlink(credential);
	free(credential);
	return 0;
}

static int know_landlock(void **state)
{
	hide_landlock = false;
	return make_credential(state);
}

static int do_not_know_landlock(void **state)
{
	hide_landlock = true;
	return make_credential(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_with_secrets_stay_closed),
		cmocka_unit_test(test_landlock_leaves_the_name_services_files),
		cmocka_unit_test(test_nothing_is_written),
		cmocka_unit_test(test_names_still_resolve_also_in_a_thread),
		cmocka_unit_test(test_root_becomes_somebody_else_for_good),
		cmocka_unit_test(test_no_process_and_no_odd_socket_is_made),
		cmocka_unit_test(test_what_only_an_intruder_calls_kills),
	};

	return cmocka_run_group_tests_name("kms/sandbox", tests, know_landlock,
					   remove_credential) +
	       cmocka_run_group_tests_name("kms/sandbox without Landlock", tests,
					   do_not_know_landlock, remove_credential);
}
