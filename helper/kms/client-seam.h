/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seams of the client for tests: another program as the child, or a test that plays the child.
 */
#ifndef CEXLUKS_KMS_CLIENT_SEAM_H
#define CEXLUKS_KMS_CLIENT_SEAM_H

#include <sys/types.h>

#include "kms/client.h"

/* Path that kms_client_start() executes; borrowed; NULL restores /proc/self/exe. */
void kms_client_set_program(const char *path);

/**
 * kms_client_adopt() - a client whose child is already there
 * @fd:  one end of a SOCK_SEQPACKET pair, taken over also on failure
 * @pid: process to kill and reap with the client, or 0 for none
 */
int kms_client_adopt(int fd, pid_t pid, struct kms_client **ret) _must_check_;

#endif
