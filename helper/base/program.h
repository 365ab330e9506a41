/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another program, run for the secret that it prints. It gets nothing from us: no environment, no input, no
 * descriptor besides the pipe, and no longer than the deadline.
 */
#ifndef CEXLUKS_BASE_PROGRAM_H
#define CEXLUKS_BASE_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/deadline.h"
#include "base/secret.h"

enum program_condition {
	PROGRAM_MISSING = 1, /* no such program, or none that may be run here */
	PROGRAM_FAILED,	     /* it ended with a status other than 0, or by a signal */
	PROGRAM_SILENT,	     /* it says that it succeeded, and printed nothing */
	PROGRAM_TOO_MUCH,    /* more than the limit */
	PROGRAM_TIMEOUT,     /* the deadline passed; it was killed */
	PROGRAM_REAPED,	     /* of program_read() alone: somebody else took its status */
};

/* A program, and what may come of it. */
struct program_run {
	const char *const *argv; /* absolute path and arguments, ending with NULL */
	size_t max;		 /* bytes of output, at least 1 */
	deadline_t deadline;
	char *said;	  /* "", for the beginning of what it says on standard error, as text; NULL: lost */
	size_t said_size; /* of that, at least 2 */
};

/**
 * program_read() - run a program to its end, keep what it writes to its standard output
 * @ret:        owned by the caller; only when 0 or PROGRAM_REAPED is returned
 * @ret_status: of PROGRAM_FAILED: the exit status, or 128 and the signal's number
 *
 * Fit for a process that isn't ours, and for one of its threads: no signal handler, no other descriptor and no
 * other child is touched (before glibc 2.34, and with musl, inherited descriptors become close-on-exec). A caller
 * that ignores SIGCHLD, or reaps whatever ends, leaves no status: of PROGRAM_REAPED the caller knows whether
 * output alone is proof enough.
 *
 * Return: 0, a program_condition, -errno of pipe(2), posix_spawn(3), poll(2) or read(2).
 */
int program_read(const struct program_run *run, struct secret **ret, int *ret_status) _must_check_;

/**
 * program_read_secret() - the same for a process that is ours
 *
 * What the program says on standard error is lost. It has ended when this returns. @ret only when 0 is returned.
 *
 * Return: as program_read(), without PROGRAM_REAPED.
 */
int program_read_secret(const char *const argv[], size_t max, deadline_t deadline, struct secret **ret,
			int *ret_status) _must_check_;

/**
 * program_start() - run a program whose output the caller reads
 * @in:  its standard input, borrowed; -1 for none
 * @out: its standard output, borrowed: the end of a pipe, which stays open until the program has ended
 * @ret: ended and released with program_end()
 *
 * It gets nothing else, and what it says on standard error is lost.
 *
 * Return: 0, PROGRAM_MISSING, -errno.
 */
int program_start(const char *const argv[], int in, int out, pid_t *ret) _must_check_;

/* Ends it, if it has not ended. Its exit status, 128 and the number of the signal, or -1 when somebody else took it. */
int program_end(pid_t pid) _must_check_;

/* Descriptors from @first on don't pass an exec. Ours never do; this is for those that were inherited. */
void program_hide_descriptors(int first);

#endif
