/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: what lies on a block device, by sysfs. Device mapper names its mappings in
 * dm/name and says what they are in dm/uuid ("mpath-…", "CRYPT-…").
 *
 * Source: Documentation/ABI/testing/sysfs-block-dm and sysfs-dev of Linux; DEVNAME in uevent:
 * Documentation/core-api/kobject.rst and device_add() in drivers/base/core.c; proc_pid_mountinfo(5).
 */
#ifndef CEXLUKS_LUKS_HOLDER_H
#define CEXLUKS_LUKS_HOLDER_H

#include <stdbool.h>
#include <sys/types.h>

/* Name of the first holder, dm-crypt before others; owned by the caller; NULL: none. */
char *luks_holder_name(dev_t devno);

/* Whether the device is one path of a multipath map. */
bool luks_holder_is_multipath(dev_t devno);

/* Name of one of its partitions ("dasda1"), as the kernel sees it; owned by the caller; NULL: none. */
char *luks_holder_partition(dev_t devno);

/* Whether the device is a loop device over the file @path. */
bool luks_holder_is_loop_of(dev_t devno, const char *path);

/* Path of a loop device over the file @path; owned by the caller; NULL: none. */
char *luks_holder_loop(const char *path);

/* Where the device is mounted, as /proc/self/mountinfo spells it; owned by the caller; NULL: nowhere. */
char *luks_holder_mount(dev_t devno);

/* "/dev/vda2", where devtmpfs has the node; owned by the caller; NULL: no such device. */
char *luks_holder_path(dev_t devno);

/* Seam for tests: folder in place of /sys/dev/block; NULL restores it. */
void luks_holder_set_sysfs(const char *directory);

#endif
