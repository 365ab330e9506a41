/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initramfs as a boot loader hands it to the kernel: archives one after the other, such as microcode in front, and
 * the last of them, or what is left, packed. Of the packers only the programs are used that made the image.
 */
#ifndef CEXLUKS_BASE_INITRAMFS_H
#define CEXLUKS_BASE_INITRAMFS_H

#include <stdbool.h>

#include "base/attributes.h"

struct initramfs_reason {
	char text[160];
};

/**
 * initramfs_unpack() - everything, below an empty directory
 * @fd:    the image, which can be sought in
 * @root:  of a file system that nothing else is mounted in; becomes the root directory for the time of unpacking
 * @wants: as in base/cpio.h
 *
 * Return: 0; -EBADMSG with a reason for people when the image cannot be read; -EFBIG beyond a limit; -errno.
 */
int initramfs_unpack(int fd, int root, bool (*wants)(const char *name), struct initramfs_reason *reason) _must_check_;

/* Changes the root directory to @root, or back to one opened before. The current directory is then its top. */
int initramfs_enter(int root) _must_check_;

#endif
