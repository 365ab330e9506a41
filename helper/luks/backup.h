/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of the whole header with all key areas, before something changes it.
 */
#ifndef CEXLUKS_LUKS_BACKUP_H
#define CEXLUKS_LUKS_BACKUP_H

#include "base/attributes.h"
#include "luks/condition.h"
#include "luks/device.h"

/**
 * luks_backup_write() - header backup as "cryptsetup luksHeaderBackup" makes it
 * @path: a new file, for its owner to read (0400); an existing one is never overwritten (-EEXIST)
 *
 * A backup keeps removed keyslots usable for ever: it is as secret as the passphrases.
 *
 * Return: 0, LUKS_NOT_LUKS2, -EEXIST, other -errno.
 */
int luks_backup_write(const struct luks_device *device, const char *path) _must_check_;

#endif
