/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What luks/ may report besides 0 and -errno, and the one line that goes with it.
 */
#ifndef CEXLUKS_LUKS_CONDITION_H
#define CEXLUKS_LUKS_CONDITION_H

enum luks_condition {
	LUKS_OK = 0,
	LUKS_NO_DEVICE,	       /* nothing at that path or UUID */
	LUKS_BUSY,	       /* device has holders, or is in use otherwise */
	LUKS_NOT_LUKS2,	       /* no LUKS2 header there */
	LUKS_REFUSED,	       /* a header, keyslot or token that breaks a rule: see the reason */
	LUKS_NOT_BOUND,	       /* no such token or keyslot */
	LUKS_WRONG_PASSPHRASE, /* it opens no keyslot, or not the one named */
	LUKS_ACTIVE,	       /* the mapper name is taken already */
	LUKS_LAST_WAY_IN,      /* the change would leave no keyslot */
	LUKS_NO_SPACE,	       /* no free keyslot, area or token number in the header */
	LUKS_NO_MAPPER,	       /* this kernel offers no device mapper, or not to us */
	LUKS_TABLE_MISMATCH,   /* the live table is not what was checked: see the reason */
	LUKS_CHANGED,	       /* somebody else changed header or device meanwhile */
	LUKS_KERNEL_REFUSED,   /* device mapper or the cipher takes this key not, or not now */
	LUKS_OCCUPIED,	       /* the device to format holds something: see the reason */
	LUKS_NO_ENTROPY,       /* libcryptsetup does not start without its devices */
};

/* Caller's buffer for one sanitised line without secrets; "" when there is nothing to add. */
struct luks_reason {
	char text[192];
};

#endif
