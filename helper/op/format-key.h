/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to format*.c: the secure key that a volume is made around, new or given, verified by a card.
 */
#ifndef CEXLUKS_OP_FORMAT_KEY_H
#define CEXLUKS_OP_FORMAT_KEY_H

#include "cex/apqn.h"
#include "op/format.h"
#include "op/volume-key.h"

#define FORMAT_CIPHER "paes-xts-plain64"

struct format_key {
	struct volume_key key;
	const char *key_type;	     /* "CCA-AESCIPHER"; static */
	char apqns[CEX_APQNS_SIZE]; /* of a new key: where it can be used */
};

void format_key_done(struct format_key *key);

/* Options that contradict each other, and names that cannot be. */
enum outcome format_key_check_words(const struct format_request *request, struct verdict *v)
	_must_check_;

/**
 * format_key_get() - make, or read and classify; then a card verifies it
 * @ret: release with format_key_done(), also after a failure
 *
 * Return: OUTCOME_OK; OUTCOME_NOT_A_SECURE_KEY with what it is instead; the card outcomes; …
 */
enum outcome format_key_get(const struct format_request *request, struct format_key *ret,
			    struct verdict *v) _must_check_;

#endif
