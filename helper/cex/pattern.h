/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zkey's verification pattern: a public fingerprint of the key that really encrypts. It stays the same
 * when the key is wrapped anew, and computing it is proof that a card unwraps the key.
 * Source: generate_aes_key_verification_pattern() in zkey/pkey.c of s390-tools 2.43; zkey(1).
 */
#ifndef CEXLUKS_CEX_PATTERN_H
#define CEXLUKS_CEX_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/keyblob.h"

#define CEX_PATTERN_SIZE 65 /* 64 lower-case hexadecimal digits and the NUL */

/**
 * cex_pattern_compute() - 32 zero bytes, encrypted with a zero tweak or IV
 * @key:    the whole volume key, borrowed; read by the kernel as it would be for the volume
 * @cipher: XTS or CBC
 *
 * Clear bytes have a pattern too: classify the key first (cex/keyblob.h). Tries once; zkey tries for
 * 10 seconds after EINVAL, because a card whose master key was just changed answers so.
 *
 * Return: 0 or what cex_skcipher_encrypt() returns.
 */
int cex_pattern_compute(const struct secret *key, enum cex_cipher cipher,
			char ret[static CEX_PATTERN_SIZE]) _must_check_;

/* 64 lower-case hexadecimal digits: what zkey writes and compares byte by byte. */
bool cex_pattern_is_valid(const char *text);

#endif
