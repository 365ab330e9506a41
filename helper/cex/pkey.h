/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's pkey device: makes secure keys and asks the cards about them. Key material stays in
 * struct secret. The kernel's handlers for CCA and EP11 keys are never loaded by these calls: without
 * pkey_cca or pkey_ep11 everything here is CEX_NO_QUEUE.
 * Source: drivers/s390/crypto/pkey_api.c of Linux 6.x; cex-pkey reference section 2.
 */
#ifndef CEXLUKS_CEX_PKEY_H
#define CEXLUKS_CEX_PKEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/secret.h"
#include "cex/apqn.h"
#include "cex/condition.h"
#include "cex/keyblob.h"

struct cex_pkey;

/* Seam for tests. Both return -errno instead of setting errno. */
struct cex_pkey_calls {
	int (*open)(void *userdata); /* a descriptor that cex_pkey_free() may close */
	int (*ioctl)(void *userdata, int fd, unsigned long request, void *arg);
	void *userdata;
};

/* The same seam for whole stories: what NULL means to cex_pkey_open(); NULL restores the kernel's. */
void cex_pkey_set_calls(const struct cex_pkey_calls *calls);

/**
 * cex_pkey_open() - the device below @sysroot
 * @calls: in place of the kernel's; NULL for the real ones; borrowed, must outlive @ret
 *
 * Return: 0; CEX_MODULE_MISSING when there is no such device; -errno.
 */
int cex_pkey_open(const char *sysroot, const struct cex_pkey_calls *calls, struct cex_pkey **ret)
	_must_check_;
void cex_pkey_free(struct cex_pkey *pkey);
DEFINE_CLEANUP(struct cex_pkey *, cex_pkey_free);
#define _cleanup_cex_pkey_ _cleanup_(cex_pkey_freep)

struct cex_new_key {
	enum cex_key_kind kind; /* a secure one */
	unsigned bits;		/* of one AES key: 128, 192, 256 */
	enum cex_cipher cipher; /* CEX_CIPHER_XTS: a pair */
	uint32_t flags;		/* keygenflags for CCA-AESCIPHER; 0: as zkey, not exportable */
};

/**
 * cex_pkey_generate() - a new random secure key
 * @apqns: where; tried in order; at least one
 * @ret:   owned by the caller; each token padded to cex_key_kind_token_size()
 *
 * The second half of a pair is made where the first one's master key is current. Where GENSECK2 is
 * unknown, GENSECK serves for CCA-AESDATA.
 *
 * Return: 0, CEX_NO_QUEUE, CEX_BUSY, CEX_REFUSED, CEX_CARD_ERROR, CEX_NOT_SUPPORTED, -errno.
 */
int cex_pkey_generate(struct cex_pkey *pkey, const struct cex_new_key *what,
		      const struct cex_apqns *apqns, struct secret **ret) _must_check_;

/**
 * cex_pkey_wrap_clear() - a secure key around a known key; for tests and demonstrations only
 * @clear: @what->bits / 8 bytes, twice as many for a pair
 *
 * Return: as cex_pkey_generate().
 */
int cex_pkey_wrap_clear(struct cex_pkey *pkey, const struct cex_new_key *what,
			const struct cex_apqns *apqns, const struct secret *clear,
			struct secret **ret) _must_check_;

struct cex_verified {
	struct cex_apqn apqn; /* where it was found usable */
	bool old;	      /* only with the old master key */
	unsigned bits;	      /* of one AES key; 0: the card's secret */
};

/**
 * cex_pkey_verify() - is there a queue with the key's master key?
 * @key:  the whole volume key, borrowed
 * @blob: what cex_keyblob_parse() said about it: a secure key
 * @apqn: that queue only; NULL: any
 *
 * Compares patterns; it takes a paes cipher (cex/pattern.h) to see a card unwrap the key. Of a pair
 * both halves must be usable; with different registers the master key was changed meanwhile, which is
 * CEX_BUSY.
 *
 * Return: 0; CEX_NO_QUEUE; CEX_REFUSED when the kernel finds the token broken; CEX_BUSY,
 * CEX_CARD_ERROR, CEX_NOT_SUPPORTED; -errno.
 */
int cex_pkey_verify(struct cex_pkey *pkey, const struct secret *key, const struct cex_keyblob *blob,
		    const struct cex_apqn *apqn, struct cex_verified *ret) _must_check_;

/**
 * cex_pkey_queues_for_key() - queues that hold the key's master key
 * @old: those with it in the old register (CCA only) instead of the current one
 *
 * Return: 0 with at least one; CEX_NO_QUEUE; CEX_NOT_SUPPORTED on kernels before 5.4; as above.
 */
int cex_pkey_queues_for_key(struct cex_pkey *pkey, const struct secret *key,
			    const struct cex_keyblob *blob, bool old, struct cex_apqns *ret)
	_must_check_;

/**
 * cex_pkey_queues_for_kind() - queues that can make and use keys of a kind
 *
 * Patterns are not compared: several kernels since 6.12 mix them up in this call.
 *
 * Return: as cex_pkey_queues_for_key().
 */
int cex_pkey_queues_for_kind(struct cex_pkey *pkey, enum cex_key_kind kind, struct cex_apqns *ret)
	_must_check_;

#endif
