/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --header-backup: a copy of the header before a verb changes it.
 */
#ifndef CEXLUKS_OP_BACKUP_H
#define CEXLUKS_OP_BACKUP_H

#include "base/attributes.h"
#include "luks/device.h"
#include "op/verdict.h"

/* @path: a new file; NULL: nothing is wanted. */
enum outcome op_backup(const struct luks_device *device, const char *path, struct verdict *v)
	_must_check_;

/* The same for a verb that changes a header in several steps: once, before the first. @device: its path. */
enum outcome op_backup_first(const char *device, const char *path, struct verdict *v) _must_check_;

#endif
