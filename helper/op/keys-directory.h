/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys directory: files whose name is the description of a key in the kernel, and whose text is the
 * ciphertext that a service made of it. /etc/cexluks/keys.d/{logon,user}/, and /var/lib/hpcs-for-luks/{logon,user}/,
 * where the Python tool of that name has them. In both places the first one counts.
 *
 * On the way to another service ("migrate") the text is followed by "kms:PROFILE" and the ciphertext of that one, which
 * counts where the keys are loaded through that profile.
 *
 * What others wrote is read leniently: blanks and line ends around the text don't matter. Files whose names begin
 * with a dot are nobody's keys. Not so what others than root can write, file or directory: that is refused.
 */
#ifndef CEXLUKS_OP_KEYS_DIRECTORY_H
#define CEXLUKS_OP_KEYS_DIRECTORY_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "keyring/keyring.h"
#include "op/verdict.h"

#define KEYS_DIRECTORY	   "/etc/cexluks/keys.d"
#define KEYS_OLD_DIRECTORY "/var/lib/hpcs-for-luks"

struct key_file {
	enum keyring_type type;
	char *path;	    /* below the sysroot; of a whole directory when that can't be read */
	const char *name;   /* last part of path: the key's description */
	char *ciphertext;   /* NULL: unusable, and verdict says why */
	char *moved_to;	    /* a profile that wrapped the same key, or NULL: its way there is not finished */
	char *moved;	    /* what that one made of it, or NULL */
	struct verdict verdict;
};

struct keys_directory {
	struct key_file *files; /* logon before user, each sorted by name */
	size_t n; /* at most LIMIT_KEY_FILES, whatever is wrong */
};

/**
 * keys_directory_read() - every file in it, usable or not
 * @ret: keys_directory_done(), also after a failure
 *
 * Follows symbolic links only to what lies in the same directory. Absent directories are empty ones.
 *
 * Return: 0, -ENOMEM.
 */
int keys_directory_read(const char *sysroot, struct keys_directory *ret) _must_check_;
void keys_directory_done(struct keys_directory *dir);
#define _cleanup_keys_directory_ _cleanup_(keys_directory_done)

/* What @profile is asked to unwrap. Borrowed. */
const char *key_file_ciphertext(const struct key_file *file, const char *profile);

/* "logon" or "user": as the kernel, and the directory, call it. Static. */
const char *keys_directory_type(enum keyring_type type);

#endif
