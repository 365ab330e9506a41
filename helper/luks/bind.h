/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changing a header on the real device: add, prove, switch, retire. Each call is one commit of
 * libcryptsetup or leaves things as an interrupted run may find them and the next run cleans up.
 */
#ifndef CEXLUKS_LUKS_BIND_H
#define CEXLUKS_LUKS_BIND_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/secret.h"
#include "luks/condition.h"
#include "luks/device.h"
#include "luks/header.h"
#include "luks/token.h"

/**
 * typedef luks_bind_unwrap_fn - gets the new passphrase the way the next boot will
 * @token: as stored in the header, parsed back
 * @ret:   owned by the callee's caller
 *
 * Called from inside libcryptsetup's token handler. Return: 0, or anything else to fail the bind.
 */
typedef int (*luks_bind_unwrap_fn)(const struct luks_token *token, void *userdata,
				   struct secret **ret);

struct luks_bind {
	const struct luks_token *token;	 /* to be stored; id and keyslot are ignored */
	const struct secret *existing;	 /* a passphrase that opens the volume now */
	bool existing_is_known;		 /* it opens the next one; otherwise all are tried */
	int existing_keyslot;		 /* from luks_bind_check_passphrase(): saves one derivation */
	luks_bind_unwrap_fn unwrap;
	void *userdata;
	bool keep_bare;			 /* leave tokens of ours that name no keyslot */
	bool keyring_token;		 /* also add a luks2-keyring token "cexluks:<uuid>" (open = systemd) */
};

/**
 * luks_bind_add() - token first, then the keyslot through it: one commit binds both
 * @ret_keyslot, @ret_token: numbers in the header; may be NULL
 *
 * The token is stored with no keyslot; the keyslot is added with a token context, so the
 * passphrase it gets is the one @unwrap really delivers, and libcryptsetup writes keyslot and
 * binding together. Interrupted before: a token without keyslot, which opens nothing and which
 * luks_bind_clean() removes. PBKDF2 at the library's minimum (the secret has full entropy).
 * Afterwards the keyslot is tested from a freshly loaded header.
 *
 * Return: 0, LUKS_WRONG_PASSPHRASE (@existing), LUKS_NOT_BOUND (no such @existing_keyslot), LUKS_REFUSED, LUKS_NO_SPACE, LUKS_CHANGED,
 * what @unwrap returned when it failed (its own positive values must be >= 1000), -errno.
 */
int luks_bind_add(const struct luks_device *device, const struct luks_bind *bind, int *ret_keyslot,
		  int *ret_token, struct luks_reason *reason) _must_check_;

/* Whether the luks2-keyring token that @keyring_token above makes names the keyslot. */
bool luks_bind_has_keyring(const struct luks_header *header, int keyslot);

/* Adds that token to a binding that was made without it. Return: 0, LUKS_REFUSED, LUKS_CHANGED, -errno. */
int luks_bind_add_keyring(const struct luks_device *device, int keyslot, struct luks_reason *reason)
	_must_check_;

/**
 * luks_bind_remove() - the keyslot, then what named it
 *
 * A keyslot that holds another volume key goes too, if the token names it and another one opens the volume.
 * Interrupted, it leaves a token that the next removal, luks_bind_add() or luks_bind_clean() takes away, and never
 * a keyslot that nobody knows. Never the last keyslot of the volume. Return: 0, LUKS_NOT_BOUND, LUKS_LAST_WAY_IN, -errno.
 */
int luks_bind_remove(const struct luks_device *device, int token, struct luks_reason *reason)
	_must_check_;

/* A keyslot by number, and every token of ours that names it. Same rules. */
int luks_bind_remove_keyslot(const struct luks_device *device, int keyslot,
			     struct luks_reason *reason) _must_check_;

/**
 * luks_bind_replace_token() - one token by another for the same keyslot, in one header write
 * @old:  as it was read; refused when the header has another one there now
 * @next: id and keyslot must be those of @old
 *
 * Return: 0, LUKS_CHANGED, LUKS_NO_SPACE, LUKS_REFUSED, -EINVAL, -errno.
 */
int luks_bind_replace_token(const struct luks_device *device, const struct luks_token *old,
			    const struct luks_token *next, struct luks_reason *reason) _must_check_;

/**
 * luks_bind_clean() - what interrupted runs left: our tokens without a keyslot
 * @ret_count: how many went; may be NULL
 *
 * (kind "credential" has no keyslot by design and stays; so does one whose keyslot holds another volume key.)
 */
int luks_bind_clean(const struct luks_device *device, unsigned *ret_count,
		    struct luks_reason *reason) _must_check_;

/**
 * luks_bind_check_passphrase() - which keyslot does it open? For bind's first check
 *
 * Return: as luks_header_find_keyslot(), as luks_header_load().
 */
int luks_bind_check_passphrase(const struct luks_device *device, const struct secret *passphrase,
			       int *ret_keyslot, struct luks_reason *reason) _must_check_;

#endif
