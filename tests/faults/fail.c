/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets one call of the helper fail. Linked into it by tests/faults/run's build, with the wrappers of wrap.awk.
 *
 * FAULTS=FILE in the environment names the ledger: lines of 128 bytes that two processes, the core and its net child,
 * have mapped. The driver writes the first one; each failed call (or, without one to fail, every call) adds a line
 * "ROLE NUMBER NAME PLACE CALLERS". A mapping, because the net child may write no files.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE  128
#define LINES 16384

enum role { CORE, NET, ROLES };

/* How the name table in assembler is laid out. */
struct fault_name {
	char name[44];
	int error;
};

/* The first line: who fails ("core", "net", "record"), from which call on, how many; then what is counted. */
struct head {
	char who[8];
	char from[8], count[8]; /* decimal */
	_Atomic uint64_t calls[ROLES];
	_Atomic uint64_t lines;
	char rest[LINE - 3 * 8 - (ROLES + 1) * 8];
};

_Static_assert(sizeof(struct head) == LINE, "the first line");

extern const struct fault_name fault_names[];
extern const char __executable_start[];
int fault_hit(unsigned call, uintptr_t place, const uintptr_t *frame);
int __wrap_execve(const char *path, char *const argv[], char *const env[]);
int __real_execve(const char *path, char *const argv[], char *const env[]);
int __real_open(const char *path, int flags, ...);
void *__real_mmap(void *at, size_t len, int protection, int flags, int fd, off_t offset);

static struct head *head;
static enum role role;
static uint64_t from, count;
static char setting[256];

/* Where the caller's caller goes on, and its caller. A library may use the frame pointer for something else. */
static void find_callers(const uintptr_t *frame, uintptr_t ret[2])
{
	for (int i = 0; i < 2; i++) {
		uintptr_t here = (uintptr_t)__builtin_frame_address(0);

		if ((uintptr_t)frame < here || (uintptr_t)frame > here + (1u << 20) ||
		    (uintptr_t)frame % sizeof(*frame))
			return;
		ret[i] = frame[1] - (uintptr_t)__executable_start;
		frame = (const uintptr_t *)frame[0];
	}
}

static void add_line(uint64_t number, const char *name, uintptr_t place, const uintptr_t *frame)
{
	uint64_t line = atomic_fetch_add(&head->lines, 1) + 1;
	uintptr_t callers[2] = { 0 };

	if (line >= LINES)
		return;
	find_callers(frame, callers);
	(void)snprintf((char *)head + line * LINE, LINE, "%s %lu %s %lx %lx>%lx\n",
		       role == CORE ? "core" : "net", (unsigned long)number, name,
		       (unsigned long)(place - (uintptr_t)__executable_start), (unsigned long)callers[0],
		       (unsigned long)callers[1]);
}

static int decide(const char *name, int error, uintptr_t place, const uintptr_t *frame)
{
	uint64_t number = atomic_fetch_add(&head->calls[role], 1) + 1;

	if (!strncmp(head->who, "record", 6)) {
		add_line(number, name, place, frame);
		return 0;
	}
	if (number < from || number - from >= count)
		return 0;
	add_line(number, name, place, frame);
	errno = error;
	return 1;
}

/* Leaves errno alone unless the call is to fail. */
int fault_hit(unsigned call, uintptr_t place, const uintptr_t *frame)
{
	int before = errno;

	if (head && decide(fault_names[call].name, fault_names[call].error, place, frame))
		return 1;
	errno = before;
	return 0;
}

/* The child's environment is empty; here it gets to know the ledger. */
int __wrap_execve(const char *path, char *const argv[], char *const env[])
{
	char *with[] = { setting, NULL };

	if (head && decide("execve", ENOMEM, (uintptr_t)__builtin_return_address(0),
			   __builtin_frame_address(0)))
		return -1;
	return __real_execve(path, argv, head ? with : env);
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS");
	int fd;

	if (!path)
		return;
	(void)snprintf(setting, sizeof(setting), "FAULTS=%s", path);
	fd = __real_open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		abort();
	head = __real_mmap(NULL, LINE * LINES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (head == MAP_FAILED)
		abort();
	unsetenv("FAULTS");
	from = strtoul(head->from, NULL, 10);
	count = strtoul(head->count, NULL, 10);
	role = atomic_load(&head->calls[CORE]) ? NET : CORE;
	/* The other process' calls are counted, but none of them fails. */
	if (strncmp(head->who, "record", 6) != 0 && strcmp(head->who, role == CORE ? "core" : "net") != 0)
		count = 0;
}
