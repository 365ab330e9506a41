/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the net child gives up before it reads a byte from the network: core dumps, privileges, the
 * user, files, system calls. Each layer is a debug line; one that the kernel does not have is no
 * error, one that it has and that fails is.
 *
 * Landlock rules belong to inodes, and resolv.conf is replaced by rename when a network comes up.
 * So the folder that it lives in is readable, and where that is /etc, only the other user id keeps
 * the child from files there, which is why those with secrets have mode 0600.
 *
 * Source: landlock(7), seccomp(2), prctl(2); linux/landlock.h as of Linux 6.12.
 */
#ifndef CEXLUKS_KMS_SANDBOX_H
#define CEXLUKS_KMS_SANDBOX_H

#include "base/attributes.h"

/* Return: 0 or -errno. */
int sandbox_enter(void) _must_check_;

/* The last two layers, for sandbox_enter(). Return: 1 when it is in force, 0 when the kernel or
 * the build cannot, -errno. */
int sandbox_files(void) _must_check_;
int sandbox_calls(void) _must_check_;

#endif
