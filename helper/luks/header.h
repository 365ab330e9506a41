/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A private, checked copy of a LUKS2 header. The device is read once (metadata areas, then keyslot
 * areas on demand, sparse) into a sealed memory file; the copy is checked by rules, and only
 * the copy is used afterwards, so what was checked is what is opened. Nothing here writes to the
 * device: libcryptsetup's repairs would hit the sealed copy and are switched off.
 *
 * Refused on every libcryptsetup version: null or unknown ciphers (keyslot or segment), more than
 * one segment, segments that are not plain "crypt", re-encryption keyslots, segments, digests or
 * requirements, unknown requirements or flags, integrity, Argon2 or PBKDF2 costs beyond the limits
 * in our own keyslots.
 */
#ifndef CEXLUKS_LUKS_HEADER_H
#define CEXLUKS_LUKS_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "luks/condition.h"
#include "luks/device.h"
#include "luks/token.h"

struct luks_header;

/**
 * luks_header_load() - copy, check
 * @device:  borrowed; must outlive the header
 * @header_device: of a detached header (crypttab header=), or NULL; borrowed
 *
 * Return: 0, LUKS_NOT_LUKS2, LUKS_REFUSED (with @reason), -errno.
 */
int luks_header_load(const struct luks_device *device, const struct luks_device *header_device,
		     struct luks_header **ret, struct luks_reason *reason) _must_check_;
void luks_header_free(struct luks_header *header);

/**
 * luks_header_names_us() - whether a header that was refused has a token of ours nevertheless
 *
 * So that somebody else's volume, which we would not open, is told from one of ours that was damaged. Says
 * nothing about what the token holds; false as well when the header cannot be read at all.
 */
bool luks_header_names_us(const struct luks_device *device, const struct luks_device *header_device);
DEFINE_CLEANUP(struct luks_header *, luks_header_free);
#define _cleanup_luks_header_ _cleanup_(luks_header_freep)

/* Borrowed from @header. */
const char *luks_header_uuid(const struct luks_header *header);
const char *luks_header_cipher(const struct luks_header *header); /* "aes-xts-plain64" */
size_t luks_header_key_size(const struct luks_header *header);
bool luks_header_is_paes(const struct luks_header *header);

/*
 * Our tokens, in order of their numbers; borrowed. A token of ours that breaks a rule refuses the header. One whose
 * keyslot holds another volume key, as zkey-cryptsetup leaves it, is like one that names none.
 */
size_t luks_header_tokens(const struct luks_header *header, const struct luks_token *const **ret);

struct luks_keyslot {
	int id;
	char kdf[16];	     /* "pbkdf2", "argon2id" … */
	int64_t iterations;  /* or time cost */
	int64_t memory_kb;
	bool ours;	     /* named by one of our tokens */
	bool keyring;	     /* named by the luks2-keyring token for "cexluks:<uuid>" (open = systemd) */
	char token_type[64]; /* type of a foreign token that names it, or "" */
};

/* All active keyslots; borrowed. */
size_t luks_header_keyslots(const struct luks_header *header, const struct luks_keyslot **ret);

/*
 * The next keyslot behind number @after (-1: the first) that holds another volume key and that no token names: somebody's
 * passphrase of before. -1: none.
 */
int luks_header_idle_keyslot(const struct luks_header *header, int after);

/* Descriptions of keys that luks2-keyring tokens name for a keyslot that is active; borrowed from @header. */
size_t luks_header_keyring_names(const struct luks_header *header, const char *const **ret);

/**
 * luks_header_test() - does the passphrase open that keyslot of the copy (no activation)?
 *
 * Return: 0, LUKS_WRONG_PASSPHRASE, LUKS_NOT_BOUND (no such keyslot), LUKS_REFUSED, -errno.
 */
int luks_header_test(struct luks_header *header, int keyslot, const struct secret *passphrase,
		     struct luks_reason *reason) _must_check_;

/**
 * luks_header_find_keyslot() - which keyslot does it open? Without activation
 * @skip_ours: leave keyslots of our bindings out, and try LIMIT_KEYFILE_KEYSLOTS of the others at most
 *
 * As cryptsetup looks for it: preferred keyslots first, ignored ones not.
 *
 * Return: as luks_header_test(), where LUKS_WRONG_PASSPHRASE means none.
 */
int luks_header_find_keyslot(struct luks_header *header, const struct secret *passphrase,
			     bool skip_ours, int *ret, struct luks_reason *reason) _must_check_;

#endif
