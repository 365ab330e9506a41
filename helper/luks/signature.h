/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: what libblkid recognises on a device, by superblock or partition table.
 */
#ifndef CEXLUKS_LUKS_SIGNATURE_H
#define CEXLUKS_LUKS_SIGNATURE_H

#include <stdbool.h>

#include <blkid/blkid.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "luks/condition.h"

DEFINE_CLEANUP(blkid_probe, blkid_free_probe);
#define _cleanup_probe_ _cleanup_(blkid_free_probep)

/**
 * luks_signature_find() - is anything there, also with a wrong checksum?
 * @reason: "holds a file system (ext4, labelled 'x')"
 *
 * Return: 0 when there is nothing, LUKS_OCCUPIED, -ENOMEM, -EIO.
 */
int luks_signature_find(int fd, struct luks_reason *reason) _must_check_;

/**
 * luks_signature_wipe() - erases the magic numbers of everything that is recognised, copies too
 * @fd:         open for writing
 * @begun:      set before the first byte is written, also if it then fails
 * @ret_tables: whether a partition table went
 *
 * Return: as luks_signature_find(), which is asked again at the end.
 */
int luks_signature_wipe(int fd, bool *begun, bool *ret_tables, struct luks_reason *reason)
	_must_check_;

#endif
