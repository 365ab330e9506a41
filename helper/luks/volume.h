/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and closing: activation from the checked copy, and the look at the live table afterwards.
 */
#ifndef CEXLUKS_LUKS_VOLUME_H
#define CEXLUKS_LUKS_VOLUME_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "luks/condition.h"
#include "luks/header.h"

struct luks_open_flags {
	bool discard;
	bool read_only;
	bool no_read_workqueue;
	bool no_write_workqueue;
	bool same_cpu_crypt;
	bool submit_from_crypt_cpus;
};

/**
 * luks_volume_open() - activate from the copy, explicit keyslot, then compare the live table
 * @name: mapper name
 *
 * One memory-hard KDF at a time on the machine. When the live table is not what was checked the
 * mapping is closed again (deferred if it must be).
 *
 * Return: 0, LUKS_WRONG_PASSPHRASE, LUKS_ACTIVE (name taken; nothing was changed), LUKS_BUSY,
 * LUKS_NO_MAPPER, LUKS_KERNEL_REFUSED, LUKS_TABLE_MISMATCH, LUKS_REFUSED, -errno.
 */
int luks_volume_open(struct luks_header *header, int keyslot, const struct secret *passphrase,
		     const char *name, const struct luks_open_flags *flags,
		     struct luks_reason *reason) _must_check_;

/**
 * luks_volume_verify() - is the mapping @name this volume, exactly as its checked header says?
 *
 * Compares target, cipher, key size, device, offsets, sector size, flags and DM UUID (which holds
 * the LUKS UUID) of the live table (DM_TABLE_STATUS). For a name that was already active as well.
 *
 * Return: 0, LUKS_NO_DEVICE (no such mapping), LUKS_TABLE_MISMATCH, LUKS_NO_MAPPER, -errno.
 */
int luks_volume_verify(const struct luks_header *header, const char *name,
		       struct luks_reason *reason) _must_check_;

/* Return: 0, LUKS_NO_DEVICE, LUKS_BUSY, LUKS_NO_MAPPER, -errno. */
int luks_volume_close(const char *name) _must_check_;

/* Whether /dev/mapper/NAME exists as a mapping. */
bool luks_volume_is_active(const char *name);

#endif
