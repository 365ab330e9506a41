/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/log.h"

/*
 * An allow-list for libcurl, its TLS library, the name service and threads. Anything else is
 * refused with EPERM, which they treat as "not available"; what only an intruder would call ends
 * the process.
 */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#if defined(__x86_64__)
#define ARCH	       AUDIT_ARCH_X86_64
#define CLONE_FLAGS_AT 0
#elif defined(__s390x__)
#define ARCH	       AUDIT_ARCH_S390X
#define CLONE_FLAGS_AT 1 /* the stack comes first there; clone(2), "C library/kernel differences" */
#endif

#ifdef ARCH

static const unsigned allowed[] = {
	/* descriptors and files */
	__NR_read, __NR_write, __NR_readv, __NR_writev, __NR_pread64, __NR_close, __NR_lseek,
	__NR_fstat, __NR_newfstatat, __NR_readlinkat, __NR_faccessat, __NR_getdents64,
	__NR_fcntl, __NR_dup, __NR_dup3, __NR_pipe2, __NR_eventfd2,
#ifdef __NR_statx
	__NR_statx,
#endif
#ifdef __NR_faccessat2
	__NR_faccessat2,
#endif
	__NR_stat, __NR_lstat, __NR_access, __NR_readlink,
	/* memory */
	__NR_mmap, __NR_munmap, __NR_mprotect, __NR_mremap, __NR_brk, __NR_madvise, __NR_mlock,
	__NR_munlock,
	/* signals, threads, time */
	__NR_rt_sigaction, __NR_rt_sigprocmask, __NR_rt_sigreturn, __NR_sigaltstack,
	__NR_restart_syscall, __NR_futex, __NR_set_robust_list, __NR_set_tid_address, __NR_gettid,
	__NR_sched_yield, __NR_sched_getaffinity, __NR_exit, __NR_exit_group, __NR_clock_gettime,
	__NR_clock_getres, __NR_clock_nanosleep, __NR_nanosleep, __NR_gettimeofday,
#ifdef __NR_rseq
	__NR_rseq,
#endif
#ifdef __NR_time
	__NR_time,
#endif
#ifdef __NR_sigreturn
	__NR_sigreturn,
#endif
	/* who and where */
	__NR_getpid, __NR_getppid, __NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid, __NR_uname,
	__NR_sysinfo, __NR_getrandom, __NR_getrlimit,
	/* waiting */
	__NR_poll, __NR_ppoll, __NR_select, __NR_pselect6, __NR_epoll_create1, __NR_epoll_ctl,
	__NR_epoll_wait, __NR_epoll_pwait,
	/* sockets; nobody listens or accepts here */
	__NR_socketpair, __NR_connect, __NR_bind, __NR_getsockname, __NR_getpeername,
	__NR_setsockopt, __NR_getsockopt, __NR_sendto, __NR_recvfrom, __NR_sendmsg, __NR_recvmsg,
	__NR_sendmmsg, __NR_recvmmsg, __NR_shutdown,
#if defined(__NR_socketcall) && defined(__GLIBC__)
	__NR_socketcall, /* what glibc on s390x still uses; its arguments cannot be looked at */
#endif
};

static const unsigned fatal[] = {
	__NR_execve, __NR_execveat, __NR_ptrace, __NR_mount, __NR_umount2, __NR_pivot_root,
	__NR_chroot, __NR_open_by_handle_at, __NR_init_module, __NR_finit_module,
	__NR_delete_module, __NR_kexec_load, __NR_reboot, __NR_swapon, __NR_add_key,
	__NR_request_key, __NR_keyctl, __NR_bpf, __NR_perf_event_open, __NR_process_vm_readv,
	__NR_process_vm_writev, __NR_setns, __NR_unshare, __NR_userfaultfd,
#ifdef __NR_kexec_file_load
	__NR_kexec_file_load,
#endif
#ifdef __NR_io_uring_setup
	__NR_io_uring_setup,
#endif
};

/* One instruction per call, a handful for the rest. */
#define MAX_PROGRAM (ARRAY_SIZE(allowed) * 2 + ARRAY_SIZE(fatal) * 2 + 64)

struct program {
	struct sock_filter code[MAX_PROGRAM];
	unsigned short len;
};

static void add(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	p->code[p->len++] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
}

static void load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void end_with(struct program *p, uint32_t verdict)
{
	add(p, BPF_RET | BPF_K, verdict, 0, 0);
}

/* If the loaded word is @value: @verdict. */
static void when(struct program *p, uint32_t value, uint32_t verdict)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	end_with(p, verdict);
}

/* Offset of the low half of an argument; s390x is big endian. */
static size_t low_half(unsigned n)
{
	size_t at = offsetof(struct seccomp_data, args) + n * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? at + sizeof(uint32_t) : at;
}

/* If the call is @nr, its argument @n decides: one of @values is allowed, the rest EPERM. */
static void when_argument(struct program *p, unsigned nr, unsigned n, const uint32_t *values,
			  unsigned n_values)
{
	unsigned body = 1 + 2 * n_values + 1;

	add(p, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, (uint8_t)body);
	load(p, low_half(n));
	for (unsigned i = 0; i < n_values; i++)
		when(p, values[i], SECCOMP_RET_ALLOW);
	end_with(p, SECCOMP_RET_ERRNO | EPERM);
}

/* If the call is @nr, whose argument @n are open(2)'s flags: what is there may be read. Of all that
 * keeps the child from writing, this is what holds without Landlock in a folder that is everybody's. */
static void when_open(struct program *p, unsigned nr, unsigned n)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 4);
	load(p, low_half(n));
	add(p, BPF_JMP | BPF_JSET | BPF_K, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC, 1, 0);
	end_with(p, SECCOMP_RET_ALLOW);
	end_with(p, SECCOMP_RET_ERRNO | EPERM);
}

/* New threads yes, new processes no. */
static void when_clone(struct program *p)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 4);
	load(p, low_half(CLONE_FLAGS_AT));
	add(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
	end_with(p, SECCOMP_RET_ALLOW);
	end_with(p, SECCOMP_RET_ERRNO | EPERM);
}

static void build(struct program *p)
{
	static const uint32_t families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };
	static const uint32_t requests[] = { FIONREAD, FIONBIO };

	p->len = 0;
	load(p, offsetof(struct seccomp_data, arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
	end_with(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	/* The x32 numbers are another way to the same calls. */
	add(p, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	end_with(p, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		when(p, allowed[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		when(p, fatal[i], SECCOMP_RET_KILL_PROCESS);
#ifdef __NR_clone3
	/* Its flags are in memory, where a filter cannot look; glibc then uses clone(2). */
	when(p, __NR_clone3, SECCOMP_RET_ERRNO | ENOSYS);
#endif
	when_clone(p);
	when_open(p, __NR_open, 1);
	when_open(p, __NR_openat, 2);
	when_argument(p, __NR_socket, 0, families, ARRAY_SIZE(families));
	when_argument(p, __NR_ioctl, 1, requests, ARRAY_SIZE(requests));
	end_with(p, SECCOMP_RET_ERRNO | EPERM);
}

int sandbox_calls(void)
{
	struct program p;
	struct sock_fprog prog = { .filter = p.code };
	long r;

	if (SANITIZED) {
		log_debug("sandbox: no seccomp in a build with sanitizers");
		return 0;
	}
	build(&p);
	prog.len = p.len;
	r = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &prog);
	if (r == 0)
		return 1;
	if (r > 0)
		return -ESRCH; /* the number of a thread that couldn't follow; errno says nothing of it */
	/* EINVAL is a kernel without filters, ENOSYS one without the call. */
	return errno == EINVAL || errno == ENOSYS ? 0 : -errno;
}

#else

int sandbox_calls(void)
{
	log_debug("sandbox: no list of system calls for this machine");
	return 0;
}

#endif
