/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What really protects a volume. A card binding makes the card the only lock, whatever else is bound;
 * on anything but a secure key it makes none. Asks neither card nor KMS.
 */
#ifndef CEXLUKS_OP_LOCK_H
#define CEXLUKS_OP_LOCK_H

#include <stdbool.h>

#include "luks/header.h"

enum lock_kind {
	LOCK_NONE, /* the passphrase stands in the header, and no card is needed */
	LOCK_PASSPHRASE,
	LOCK_KMS,
	LOCK_CARD,
	LOCK_CARD_AND_KMS,
	LOCK_CARD_AND_PASSPHRASE,
};

struct lock {
	enum lock_kind kind;
	bool verified;	/* false: a secure key by its size or structure only, which anybody could forge */
	char note[192]; /* what the administrator should know besides, or "" */
};

/**
 * lock_judge() - look at bindings, cipher and volume key
 *
 * @sysroot: "" or a tree in place of / for sysfs and the pkey device
 *
 * A volume that has a card binding is opened by it (one cheap derivation), its key classified by
 * structure, and a card asked to confirm it. Without one, the size of the key alone tells what it can be.
 */
void lock_judge(struct luks_header *header, const char *sysroot, struct lock *ret);

/* "none", "passphrase", "KMS alone", "card alone", "card and KMS", "card and passphrase". Static. */
const char *lock_text(enum lock_kind kind);

#endif
