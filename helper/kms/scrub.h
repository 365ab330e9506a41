/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a process that has secrets in memory of libraries: what libcurl and the TLS library
 * leave behind in buffers would lie in free pages of the machine until somebody needs them, which
 * may be long after the boot.
 */
#ifndef CEXLUKS_KMS_SCRUB_H
#define CEXLUKS_KMS_SCRUB_H

#include "base/attributes.h"

/* Opens what scrub_and_exit() reads, while that is still allowed. */
void scrub_prepare(void);

/**
 * scrub_and_exit() - overwrites all private anonymous memory of this process, then _exit(@code)
 *
 * Heap, secrets, stacks of other threads and what lies below the stack in use; not the data of
 * libraries that lies in their file's pages. Nothing is cleaned up, nothing at exit is called. Without
 * scrub_prepare(), or where that found nothing to open, it only exits.
 *
 * Source: proc_pid_maps(5).
 */
_noreturn_ void scrub_and_exit(int code);

#endif
