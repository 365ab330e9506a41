/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: the one place that sets libcryptsetup up for the process and turns its errno
 * into our conditions. Messages of the library go to log_debug() only; token plug-ins are never
 * loaded, because their names come from the disk.
 *
 * Locking stays on (crypt_metadata_locking() is process wide and cannot be undone, and bind needs
 * it): a sealed memory file takes the flock like any regular file.
 */
#ifndef CEXLUKS_LUKS_LIBRARY_H
#define CEXLUKS_LUKS_LIBRARY_H

#include <stdbool.h>

#include <libcryptsetup.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/json.h"
#include "luks/condition.h"

DEFINE_CLEANUP(struct crypt_device *, crypt_free);
#define _cleanup_crypt_ _cleanup_(crypt_freep)

DEFINE_CLEANUP(struct crypt_keyslot_context *, crypt_keyslot_context_free);
#define _cleanup_keyslot_context_ _cleanup_(crypt_keyslot_context_freep)

/* Log callback, no plug-ins. luks_library_load() does it too; once is enough, more do no harm. */
void luks_library_setup(void);

/* For keyslots of secrets with full entropy. */
extern const struct crypt_pbkdf_type luks_library_cheap_kdf;

/**
 * luks_library_init() - a context for what is, or will be, in @fd
 * @fd:      reached through /proc/self/fd, so that no path is resolved again
 * @data_fd: device with the data, or -1 when it is not needed
 * @ret:     owned by the caller
 *
 * Return: 0, as luks_library_result().
 */
int luks_library_init(int fd, int data_fd, struct crypt_device **ret) _must_check_;

/**
 * luks_library_load() - the same for the LUKS2 header that is in @fd
 *
 * Return: 0, LUKS_NOT_LUKS2, LUKS_NO_ENTROPY, -errno.
 * Source: crypt_random_init() in libcryptsetup's lib/random.c (2.6.1 to 2.8.8), which opens both devices.
 */
int luks_library_load(int fd, int data_fd, struct crypt_device **ret) _must_check_;

/**
 * luks_library_result() - what a negative return of the library means
 * @what: the call, for the debug log
 * @r:    its return; 0 and positive become 0
 *
 * Return: 0, LUKS_WRONG_PASSPHRASE (EPERM), LUKS_NOT_BOUND (ENOENT), LUKS_ACTIVE (EEXIST), LUKS_BUSY,
 * LUKS_NO_SPACE, LUKS_NO_MAPPER (ENOTSUP), LUKS_NO_DEVICE (ENODEV), other -errno.
 */
int luks_library_result(const char *what, int r) _must_check_;

/**
 * luks_library_token() - the token @id, if there is one of that type
 * @ret: its JSON; owned by the caller, untouched otherwise
 */
bool luks_library_token(struct crypt_device *cd, int id, const char *type, cJSON **ret) _must_check_;

/*
 * What the library wrote as its first error after luks_library_forget_errors(), or "". Its errno says
 * little about device mapper; the message ends in what the kernel said. Borrowed, until the next call
 * of the library.
 */
void luks_library_forget_errors(void);
const char *luks_library_first_error(void);

/* Sends libdevmapper's messages to log_debug(); once is enough, more do no harm. */
void luks_library_quiet_mapper(void);

#endif
