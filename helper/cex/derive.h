/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A key that only this card domain can make again: bytes that a secure key encrypts, hashed. Who has the secure key and
 * the salt, and no queue with its master key, has nothing.
 */
#ifndef CEXLUKS_CEX_DERIVE_H
#define CEXLUKS_CEX_DERIVE_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/keyblob.h"

#define CEX_DERIVE_LABEL 16
#define CEX_DERIVE_SALT	 48
#define CEX_DERIVED	 32

/**
 * cex_derive() - one key
 * @key:    a secure key, borrowed. Clear bytes derive too: classify it first (cex/keyblob.h)
 * @cipher: CEX_CIPHER_CBC of a single token, CEX_CIPHER_XTS of a pair
 * @label:  CEX_DERIVE_LABEL bytes: what the key is for
 * @salt:   CEX_DERIVE_SALT bytes: random, not secret
 * @ret:    CEX_DERIVED bytes, owned by the caller
 *
 * SHA-256 of @label and of what the cipher makes of @label and @salt.
 *
 * Return: 0 or what cex_skcipher_encrypt() returns; -ENOMEM; -EIO.
 */
int cex_derive(const struct secret *key, enum cex_cipher cipher, const char *label, const unsigned char *salt,
	       struct secret **ret) _must_check_;

#endif
