/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volume key itself, for "paes" volumes only: there it is a secure key, or must be shown not to
 * be one. A clear volume key has no business outside libcryptsetup, so for any other cipher these
 * refuse.
 */
#ifndef CEXLUKS_LUKS_VOLUME_KEY_H
#define CEXLUKS_LUKS_VOLUME_KEY_H

#include "base/attributes.h"
#include "base/secret.h"
#include "luks/condition.h"
#include "luks/header.h"
#include "luks/volume.h"

/**
 * luks_volume_key_get() - out of one keyslot of the checked copy (one KDF)
 * @ret: owned by the caller
 *
 * Return: 0, LUKS_WRONG_PASSPHRASE, LUKS_NOT_BOUND (no such keyslot), LUKS_REFUSED, -EINVAL when the
 * volume's cipher is not paes, -errno.
 */
int luks_volume_key_get(struct luks_header *header, int keyslot, const struct secret *passphrase,
			struct secret **ret, struct luks_reason *reason) _must_check_;

/**
 * luks_volume_key_open() - activate from the copy with that key, then compare the live table
 * @key: from luks_volume_key_get() on the same header; checked against the header's digest again
 *
 * Return: as luks_volume_open(), with LUKS_WRONG_PASSPHRASE for a key that is not the volume's and
 * LUKS_KERNEL_REFUSED when device mapper or the cipher took the key not (module missing, no card for
 * it, card busy …: kernels up to 6.15 say EINVAL to all of it); -EINVAL as above.
 */
int luks_volume_key_open(struct luks_header *header, const struct secret *key, const char *name,
			 const struct luks_open_flags *flags, struct luks_reason *reason)
	_must_check_;

#endif
