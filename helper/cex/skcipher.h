/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One encryption with a cipher of the kernel, through AF_ALG. "xts(paes)" is known to kernels with
 * real and with emulated cards alike, so no instruction of the machine is needed.
 * Source: Documentation/crypto/userspace-if.rst of Linux 6.x; zkey up to 2.42 does the same.
 */
#ifndef CEXLUKS_CEX_SKCIPHER_H
#define CEXLUKS_CEX_SKCIPHER_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/keyblob.h"

#define SKCIPHER_IV 16
#define SKCIPHER_MAX 64 /* bytes in one go */

/* The cipher that takes volume keys of this mode: "xts(paes)", "cbc(paes)". Static. */
const char *cex_skcipher_name(enum cex_cipher cipher);

/* Seam for tests: what cex_skcipher_encrypt() does; NULL restores it. */
void cex_skcipher_set(int (*encrypt)(const char *name, const struct secret *key, const unsigned char *in,
				     unsigned char *out, size_t len));

/**
 * cex_skcipher_encrypt() - @len bytes with a zero IV
 * @name: "xts(paes)" …
 * @key:  whole; the kernel takes a copy and drops it with the socket
 * @in:   @len bytes, a multiple of 16, at most SKCIPHER_MAX; not secret
 * @out:  as many; no other copy of them stays in this process
 *
 * Return: 0; CEX_MODULE_MISSING when kernel or cipher are not there; CEX_NO_QUEUE (ENODEV), CEX_BUSY
 * (EAGAIN, EBUSY), CEX_CARD_ERROR (EIO), CEX_REFUSED (EINVAL: which on kernels up to 6.15 may be any
 * of these); -errno.
 */
int cex_skcipher_encrypt(const char *name, const struct secret *key, const unsigned char *in,
			 unsigned char *out, size_t len) _must_check_;

#endif
