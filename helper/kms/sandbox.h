/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the net child gives up before it reads a byte from the network: privileges, user, files,
 * system calls. Each layer that the kernel does not have is a debug line, not an error; a layer
 * that it has and that fails is one.
 *
 * Source: landlock(7), seccomp(2), Linux 5.13 and later; linux/landlock.h, linux/seccomp.h.
 */
#ifndef CEXLUKS_KMS_SANDBOX_H
#define CEXLUKS_KMS_SANDBOX_H

#include "base/attributes.h"

/* Return: 0 or -errno. */
int sandbox_enter(void) _must_check_;

#endif
