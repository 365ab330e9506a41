/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new LUKS2 header around a volume key that exists already. Looks first and refuses a device that
 * holds anything.
 */
#ifndef CEXLUKS_LUKS_FORMAT_H
#define CEXLUKS_LUKS_FORMAT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "luks/condition.h"

enum luks_kdf {
	LUKS_KDF_ARGON2ID, /* for what people type; benchmarked by the library */
	LUKS_KDF_PBKDF2,   /* the same under FIPS, which knows no Argon2 */
	LUKS_KDF_CHEAP,	   /* PBKDF2 at the library's minimum, for secrets of full entropy */
};

#define LUKS_LABEL_MAX 47 /* bytes that the binary header has room for */

/* What was looked at: the path may lead elsewhere by the time of writing. */
struct luks_format_target {
	dev_t device;		  /* the block device; of a file, where it lies */
	ino_t inode;		  /* of a file, else 0 */
	struct luks_reason found; /* what it holds and may go, in words; "" when it holds nothing */
};

struct luks_format {
	const struct secret *volume_key;
	const char *cipher;		  /* "paes-xts-plain64": decides, with the key's size, the rest */
	unsigned sector_size;		  /* 512 … 4096 */
	const struct secret *passphrase;  /* of keyslot 0 */
	enum luks_kdf kdf;		  /* of keyslot 0 */
	const struct secret *second;	  /* of keyslot 1, or NULL */
	enum luks_kdf second_kdf;
	const char *uuid, *label;	  /* or NULL; at most LUKS_LABEL_MAX bytes */
	const struct luks_format_target *target; /* as found by luks_format_look(); NULL: any */
	bool overwrite;			  /* signatures and partition tables may go; holders never */
};

/**
 * luks_format_look() - may @path be formatted?
 * @overwrite: what is found on it may go
 * @ret:       filled in with a return of 0
 * @reason:    what is in the way, in words
 *
 * Reads only. A regular file counts as a device. Return: 0; LUKS_NO_DEVICE; LUKS_BUSY (mounted, held,
 * opened exclusively by somebody, below a loop device); LUKS_OCCUPIED (a signature, a partition table);
 * LUKS_NO_SPACE (too small for a header and any data, or not a multiple of @sector_size); -EROFS,
 * -EACCES; -EINVAL for a sector size that is none; -errno.
 */
int luks_format_look(const char *path, unsigned sector_size, bool overwrite,
		     struct luks_format_target *ret, struct luks_reason *reason) _must_check_;

/* How far luks_format() came; filled in also after a failure. */
struct luks_formatted {
	bool begun;	      /* false: no byte of the device was written */
	char uuid[UUID_SIZE]; /* of the new header; with a return of 0 */
};

/**
 * luks_format() - looks again, wipes old signatures if told, writes the header
 *
 * That the path still leads to @format->target is checked with the device claimed, and what it holds
 * directly before the first write.
 *
 * Interrupted, it leaves no valid header or a whole one: the old, while its magic numbers are being
 * erased, or the new. Afterwards the header is loaded afresh, its rules are checked, and keyslot 0 is
 * tested. What lies behind the header (16 MiB) is not touched, recognised signatures aside.
 *
 * The key areas are encrypted with the library's default cipher, not with paes.
 *
 * Return: 0; as luks_format_look(), with LUKS_NO_SPACE also when the file system that a file lies on is
 * full, and LUKS_OCCUPIED also for what could not be erased; LUKS_CHANGED (@reason: "is another device
 * now", "holds …"): not what was looked at; LUKS_REFUSED; -EINVAL when key, cipher,
 * sector size, passphrase, UUID or label make no sense; -errno.
 */
int luks_format(const char *path, const struct luks_format *format, struct luks_formatted *ret,
		struct luks_reason *reason) _must_check_;

#endif
