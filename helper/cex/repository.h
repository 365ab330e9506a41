/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zkey's repository of secure keys: NAME.skey with the key, NAME.info with what belongs to it. Written
 * so that zkey reads it, its hash included, and read as zkey wrote it.
 * Source: zkey/keystore.c and zkey/properties.c of s390-tools 2.43.
 */
#ifndef CEXLUKS_CEX_REPOSITORY_H
#define CEXLUKS_CEX_REPOSITORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/condition.h"

#define CEX_REPOSITORY_PATH "/etc/zkey/repository"

struct cex_entry {
	const char *name;	 /* of the key */
	const char *description; /* or NULL */
	const char *key_type;	 /* "CCA-AESCIPHER" */
	const char *volumes;	 /* "/dev/dasda2:root,…" or NULL */
	const char *apqns;	 /* "00.0047,00.0048" or NULL */
	unsigned sector_size;	 /* 0: not set */
	const char *pattern;	 /* verification pattern or NULL: zkey adds it when it needs it */
};

/*
 * What a name may be in zkey, and as a file name: printable ASCII, no blanks, none of /\*?'", no leading
 * dot, 1 to LIMIT_ZKEY_NAME characters.
 */
bool cex_repository_name_is_valid(const char *name);

/* "/dev/dasda2:root,/dev/dasdb1:data": each with a mapper name, none twice, no wildcards. */
bool cex_repository_volumes_are_valid(const char *volumes);

/* One line, which zkey can read back. */
bool cex_repository_description_is_valid(const char *text);

/* 0, or a power of two from 512 to 4096. */
bool cex_sector_size_is_valid(unsigned bytes);

/**
 * cex_repository_add() - both files, with the folder's group and what of its mode suits a file
 * @directory: of the repository; it must be there, and others must not be able to write to it
 *
 * Holds zkey's lock (.lock) meanwhile, but does not wait for it: zkey may hold it for hours. Others than owner and group get
 * no rights, whatever the folder's mode. Interrupted at any point it leaves nothing that keeps a second
 * run from succeeding, and no key is ever replaced.
 *
 * Return: 0; -EEXIST (a key of that name, or what is left of one); -EBUSY: the lock is held; -ENOENT: no such folder; -EPERM:
 * others may write to it; -EINVAL for a value that cannot be; -errno.
 */
int cex_repository_add(const char *directory, const struct cex_entry *entry,
		       const struct secret *key) _must_check_;

/**
 * cex_repository_key() - a key by name
 * @ret: owned by the caller
 *
 * Return: 0; -ENOENT; -ENODATA for an empty file; -EFBIG: more than a key can have; -EINVAL for a name
 * that cannot be, and for what is no file; -errno.
 */
int cex_repository_key(const char *directory, const char *name, struct secret **ret) _must_check_;

#endif
