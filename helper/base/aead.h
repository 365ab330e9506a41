/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AES-256-GCM: a secret, and public bytes beside it, so that nobody can change either unseen. The work is
 * mbedTLS's.
 */
#ifndef CEXLUKS_BASE_AEAD_H
#define CEXLUKS_BASE_AEAD_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"

#define AEAD_KEY   32
#define AEAD_NONCE 12
#define AEAD_TAG   16

/* What is needed beside the secret. All borrowed. */
struct aead {
	const struct secret *key;   /* AEAD_KEY bytes */
	const unsigned char *nonce; /* AEAD_NONCE bytes; never twice with one key */
	const void *beside;	    /* authenticated, not encrypted */
	size_t beside_len;
};

/**
 * aead_seal() - encrypt
 * @ret: secret_len(@plain) + AEAD_TAG bytes: the ciphertext, then the tag
 *
 * Return: 0; -EINVAL for a key of another size; -ENOMEM; -EIO.
 */
int aead_seal(const struct aead *aead, const struct secret *plain, unsigned char *ret) _must_check_;

/**
 * aead_open() - decrypt what aead_seal() made
 * @box: @len bytes, more than AEAD_TAG
 * @ret: owned by the caller
 *
 * Return: 0; -EBADMSG when key, nonce, what is beside or the box itself are not what was sealed; -EINVAL; -ENOMEM;
 * -EIO.
 */
int aead_open(const struct aead *aead, const unsigned char *box, size_t len, struct secret **ret) _must_check_;

#endif
