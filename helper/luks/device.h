/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A LUKS2 device, resolved once: from a path, or from a UUID through udev's by-uuid link with
 * libblkid's judgement of what is really there. A regular file is a device too (images, tests).
 */
#ifndef CEXLUKS_LUKS_DEVICE_H
#define CEXLUKS_LUKS_DEVICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/uuid.h"
#include "luks/condition.h"

struct luks_device {
	char *path;	      /* resolved: /dev/vda2, or the file */
	int fd;		      /* read-only, close-on-exec; the very device that was judged */
	dev_t devno;	      /* of the block device; 0 for a file */
	char uuid[UUID_SIZE]; /* of the LUKS2 header, lower case */
};

/**
 * luks_device_open() - resolve @path once and judge it
 * @ret: owned by the caller
 *
 * Return: 0, LUKS_NO_DEVICE, LUKS_NOT_LUKS2, -errno (-EACCES, -EPERM …).
 */
int luks_device_open(const char *path, struct luks_device **ret) _must_check_;

/* The same without a judgement, for the data of a detached header: device->uuid stays "". */
int luks_device_open_data(const char *path, struct luks_device **ret) _must_check_;

/* The judgement afterwards, which fills in device->uuid. Return: 0, LUKS_NOT_LUKS2, -ENOMEM, -EIO (unreadable). */
int luks_device_judge(struct luks_device *device) _must_check_;

/* Another descriptor of the very device, exclusive if it is a block device. Return: 0, LUKS_BUSY, -errno. */
int luks_device_claim(const struct luks_device *device, int flags, int *ret_fd) _must_check_;

/**
 * luks_device_lock() - nobody else of this program changes the header until @ret_fd is closed
 *
 * For the length of add, prove, retire: the library's own lock covers one write. Not taken, with
 * *@ret_fd = -1, where the device cannot be written: the write will say that. Return: 0, LUKS_BUSY.
 */
int luks_device_lock(const struct luks_device *device, int *ret_fd) _must_check_;

/* Bytes; 0 when they cannot be told. */
uint64_t luks_device_size(const struct luks_device *device);

/**
 * luks_device_find() - the one device that carries @uuid
 *
 * Looks once, below /dev/disk/by-uuid (or sysroot in tests). Multipath members are skipped in
 * favour of their map; two different devices with one UUID are LUKS_REFUSED.
 *
 * Return: 0, LUKS_NO_DEVICE, LUKS_NOT_LUKS2, LUKS_REFUSED (with @reason), -errno.
 */
int luks_device_find(const char *uuid, struct luks_device **ret, struct luks_reason *reason)
	_must_check_;

void luks_device_free(struct luks_device *device);
DEFINE_CLEANUP(struct luks_device *, luks_device_free);
#define _cleanup_luks_device_ _cleanup_(luks_device_freep)

/**
 * luks_device_below() - the device that a mapping lies on
 * @name: "root" or "/dev/mapper/root"
 * @ret:  owned by the caller
 *
 * A file below a loop device is reached through the loop device.
 *
 * Return: 0; LUKS_NO_DEVICE when there is no such mapping; LUKS_NOT_LUKS2 when it is no mapping of the
 * volume it lies on (a detached header, something else); LUKS_BUSY while it is being made;
 * LUKS_NO_MAPPER; -errno.
 */
int luks_device_below(const char *name, struct luks_device **ret) _must_check_;

/* Name of the mapping that already lies on @device (owned by the caller), or NULL. */
char *luks_device_holder(const struct luks_device *device);

/**
 * luks_device_each() - every LUKS2 device that udev has a by-uuid link for
 * @visit: gets a borrowed UUID; a return other than 0 ends the walk and is returned
 */
int luks_device_each(int (*visit)(const char *uuid, void *userdata), void *userdata) _must_check_;

/* Seam for tests: directory in place of /dev/disk/by-uuid; NULL restores it. */
void luks_device_set_by_uuid(const char *directory);

#endif
