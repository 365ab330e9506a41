/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule 5: a paes volume is classified by what its key is, never by its name, and a card binding opens
 * nothing but a secure key that a card has confirmed. Boot, bind, pattern, list and cards all ask here.
 */
#ifndef CEXLUKS_OP_VOLUME_KEY_H
#define CEXLUKS_OP_VOLUME_KEY_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/find.h"
#include "cex/keyblob.h"
#include "cex/pattern.h"
#include "cex/pkey.h"
#include "luks/header.h"
#include "op/verdict.h"

struct volume_key {
	struct secret *key;	 /* owned */
	enum cex_cipher cipher;
	bool secure;		 /* wrapped by a card's master key; else the rest says nothing */
	struct cex_keyblob blob;
};

void volume_key_done(struct volume_key *key);
#define _cleanup_volume_key_ _cleanup_(volume_key_done)

/**
 * volume_key_read() - out of a keyslot (one KDF), and classified by structure
 * @header: of a paes volume
 * @ret:    release with volume_key_done(), also after a failure
 *
 * Clear key bytes, protected keys and clear key tokens are read fine, with secure = false and the
 * reason in @v's cause ("… is no secure key: …"), for the caller to judge. A token that breaks a rule of
 * its format (a wrong checksum too), an EP11 key bound to a login session, and a cipher other than paes
 * in XTS or CBC mode are OUTCOME_NOT_A_SECURE_KEY. What the keyslot says is as in verdict_luks().
 */
enum outcome volume_key_read(struct luks_header *header, int keyslot,
			     const struct secret *passphrase, struct volume_key *ret,
			     struct verdict *v) _must_check_;

/* Classifies bytes that came from elsewhere (a file, the card): takes over @key. As above. */
enum outcome volume_key_take(struct secret *key, const char *cipher, struct volume_key *ret,
			     struct verdict *v) _must_check_;

/**
 * volume_key_verify() - can a card of this machine use it now? Looks once
 * @sysroot: "" or a tree in place of / for sysfs and the device
 * @ret:     which queue, and whether only its old master key fits; may be NULL
 *
 * sysfs first, because it can say what is wrong; then VERIFYKEY2. An old master key is
 * OUTCOME_OK with @ret->old. Return: OUTCOME_OK; one of the card outcomes, with the master key that is
 * wanted and what each queue has in the cause; OUTCOME_CARD_OFFLINE with "busy" where the card asks for
 * another try; OUTCOME_NOT_A_SECURE_KEY when the kernel finds the token broken.
 */
enum outcome volume_key_verify(const struct volume_key *key, const char *sysroot,
			       struct cex_verified *ret, struct verdict *v) _must_check_;

/**
 * volume_key_judge() - could a card of this bus use it, by its master keys? Asks neither card nor kernel
 * @ret_old: whether all that could have it as old master key
 * @ret_n:   how many could
 *
 * Return: as volume_key_verify().
 */
enum outcome volume_key_judge(const struct volume_key *key, const struct cex_bus *bus, bool *ret_old, size_t *ret_n,
			      struct verdict *v) _must_check_;

/* How many queues have the master key, as current or old one, as sysfs tells. 0 also when it does not. */
size_t volume_key_count_queues(const struct volume_key *key, const char *sysroot);

/**
 * volume_key_refused() - why the kernel took a key not that a card can use
 * @why: what luks/ said, or ""
 *
 * The kernel loads paes by itself when it is asked for it; if it is still not there now, the module is
 * missing. Return: OUTCOME_MODULE_MISSING or OUTCOME_DEVICE_MAPPER.
 */
enum outcome volume_key_refused(const char *sysroot, const char *why, struct verdict *v);

/*
 * zkey's verification pattern, of any key that paes takes; of a secure one it is proof that a card
 * unwraps the key. Errors as volume_key_verify().
 */
enum outcome volume_key_pattern(const struct volume_key *key, char ret[static CEX_PATTERN_SIZE],
				struct verdict *v) _must_check_;

/*
 * A key that only this key's card domain can make again (cex/derive.h), of a secure one that volume_key_verify()
 * accepted. @ret: owned by the caller. Errors as volume_key_verify().
 */
enum outcome volume_key_derive(const struct volume_key *key, const char *label, const unsigned char *salt,
			       struct secret **ret, struct verdict *v) _must_check_;

#endif
