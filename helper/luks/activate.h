/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: the way from a checked copy to a live mapping, the same for a passphrase and for
 * a volume key.
 */
#ifndef CEXLUKS_LUKS_ACTIVATE_H
#define CEXLUKS_LUKS_ACTIVATE_H

#include "base/attributes.h"
#include "base/secret.h"
#include "luks/context.h"
#include "luks/volume.h"

struct luks_activation {
	struct luks_header *header;
	const char *name;
	const struct luks_open_flags *flags; /* or NULL */
	const struct secret *volume_key;     /* or, when NULL, the next two */
	const struct secret *passphrase;
	int keyslot;
};

/**
 * luks_activate() - activate, compare the live table, close again when it is another
 *
 * Return: as luks_volume_open().
 */
int luks_activate(const struct luks_activation *activation, struct luks_reason *reason)
	_must_check_;

/**
 * luks_activate_result() - what the library's return from an activation means
 * @device: with the data; opened exclusively to tell whether it is that which is in use
 *
 * Keyslot and key were there, so that what else is missing, is missing in the kernel. At
 * version 2.6 the library replaces nearly every error of device mapper by ENODEV or EINVAL; @reason
 * quotes its first error message instead, if there is one.
 *
 * Return: as luks_library_result(), but LUKS_KERNEL_REFUSED (with @reason) for EINVAL, ENODEV, EIO,
 * EAGAIN, ENOENT, ENOKEY, and for EBUSY of anything but @device.
 */
int luks_activate_result(const struct luks_device *device, int r, struct luks_reason *reason)
	_must_check_;

#endif
