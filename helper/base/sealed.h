/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file that "credential seal" makes, as bytes. Nothing in it is secret, and all of it is authenticated: what
 * stands before the box is what the box was sealed beside. Numbers are big-endian.
 *
 *   offset  bytes
 *        0      8  "CEXLUKS" and a NUL
 *        8      2  version of this format: 1
 *       10      2  P, length of the profile's name: 1 to LIMIT_ID
 *       12      2  K, length of the secure key: 1 to LIMIT_SEALED_TOKEN
 *       14      2  L, length of the API key: 1 to LIMIT_API_KEY_MAX
 *       16     48  salt: what the card encrypts, to derive the key of the box from
 *       64     12  nonce of the box
 *       76      P  the profile's name
 *     76+P      K  the secure key, as the card wrapped it
 *   76+P+K   L+16  the box: the API key under AES-256-GCM, and the tag
 *
 * The key of the box is SHA-256 of "cexluks:sealed:1" and of the 64 bytes that cbc(paes) with a zero IV makes of
 * "cexluks:sealed:1" and the salt, under the secure key (cex/derive.h).
 */
#ifndef CEXLUKS_BASE_SEALED_H
#define CEXLUKS_BASE_SEALED_H

#include <stddef.h>

#include "base/aead.h"
#include "base/attributes.h"
#include "base/limits.h"

#define SEALED_LABEL "cexluks:sealed:1"
#define SEALED_SALT  48

struct sealed {
	const unsigned char *salt;  /* SEALED_SALT bytes */
	const unsigned char *nonce; /* AEAD_NONCE bytes */
	const char *profile;	    /* @profile_len bytes, no NUL behind them */
	size_t profile_len;
	const unsigned char *token;
	size_t token_len;
	const unsigned char *box; /* with the tag */
	size_t box_len;
};

/* Bytes before the box. */
size_t sealed_head_len(const struct sealed *sealed);

/**
 * sealed_parse() - where everything is
 * @ret: points into @data; untouched unless 0 is returned
 * @why: what is wrong, static, for a sentence that begins with the file's name
 *
 * Return: 0 or -EBADMSG.
 */
int sealed_parse(const unsigned char *data, size_t len, struct sealed *ret, const char **why) _must_check_;

/**
 * sealed_write_head() - everything but the box
 * @sealed: box_len says how long the box will be, and box is not looked at
 * @ret:    sealed_head_len() bytes
 *
 * Return: 0 or -EINVAL when a length is out of its limits.
 */
int sealed_write_head(const struct sealed *sealed, unsigned char *ret) _must_check_;

#endif
