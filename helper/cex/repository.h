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
	const char *pattern;	 /* verification pattern or NULL */
};

/* What a name may be in zkey, and as a file name: no '/', no leading dot, no blanks, 1 to 100 characters. */
bool cex_repository_name_is_valid(const char *name);

/**
 * cex_repository_add() - both files, 0660 and with the folder's group, both or neither
 * @directory: of the repository; it must be there
 *
 * Holds zkey's lock (.lock) meanwhile. Return: 0; -EEXIST; -EINVAL for a name that cannot be; -errno.
 */
int cex_repository_add(const char *directory, const struct cex_entry *entry,
		       const struct secret *key) _must_check_;

/**
 * cex_repository_key() - a key by name
 * @ret: owned by the caller
 *
 * Return: 0; -ENOENT; -EFBIG; -EINVAL for a name that cannot be; -errno.
 */
int cex_repository_key(const char *directory, const char *name, struct secret **ret) _must_check_;

#endif
