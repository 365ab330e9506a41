/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An API key that a card keeps: base/sealed.h has the bytes, a secure key in them is the lock, and only a machine with
 * a domain that holds this key's master key can derive what opens the box. Bound to its profile, so that a key cannot
 * be sent to another one's service; and in a volume's header to the UUID of that, which is authenticated behind the
 * bytes before the box, so that it is good for no other volume and in no file.
 */
#ifndef CEXLUKS_OP_SEALED_KEY_H
#define CEXLUKS_OP_SEALED_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/limits.h"
#include "base/secret.h"
#include "op/verdict.h"
#include "op/volume-key.h"

struct sealed_key {
	const char *what;    /* file, or volume: begins each cause */
	const char *device;  /* in whose header it is, for the hint; NULL: in a file */
	const char *uuid;    /* of that header */
	const char *profile; /* that it must have been made for */
	unsigned char bytes[LIMIT_SEALED_KEY];
	size_t len;
};

/* What can be told without a card. OUTCOME_CREDENTIAL_UNUSABLE: damaged, or another profile's. */
enum outcome sealed_key_look(const struct sealed_key *sealed, struct verdict *v) _must_check_;

/**
 * sealed_key_open() - looks at the cards once
 * @sysroot: "" or a tree in place of / for sysfs and the device
 * @ret_old: whether only a queue's old master key fits: to be renewed before the next change
 * @ret:     the API key, owned by the caller
 *
 * Return: OUTCOME_OK; OUTCOME_CREDENTIAL_UNUSABLE for bytes that are not what was sealed, and for a lock that is no
 * secure key; card outcomes as volume_key_verify().
 */
enum outcome sealed_key_open(const struct sealed_key *sealed, const char *sysroot, bool *ret_old,
			     struct secret **ret, struct verdict *v) _must_check_;

/**
 * sealed_key_make() - seal @api_key for @sealed->profile, and prove it
 * @lock:   a new secure key, one token, used for nothing else
 * @sealed: the names and uuid are the caller's; bytes and len are filled in
 */
enum outcome sealed_key_make(const struct volume_key *lock, const struct secret *api_key, const char *sysroot,
			     struct sealed_key *sealed, struct verdict *v) _must_check_;

#endif
