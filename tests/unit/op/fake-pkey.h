/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pkey device that makes and knows the tokens of cex/vectors.h. It does what the kernel does when all
 * is well; a test sets what is to go wrong.
 */
#ifndef CEXLUKS_TESTS_OP_FAKE_PKEY_H
#define CEXLUKS_TESTS_OP_FAKE_PKEY_H

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/attributes.h"
#include "cex/pkey-abi.h"
#include "cex/pkey.h"
#include "cex/vectors.h"

struct fake_pkey {
	struct cex_apqns queues; /* what the kernel lists */
	/* errno in place of an answer; 0: none */
	int list_error, make_error, verify_error;
	bool old; /* the master key of what is verified is a queue's old one */
	uint32_t unknown_type; /* of keys, which this kernel refuses */
	unsigned lists, makes, verifies;
	struct pkey_wish wish; /* of the first token */
	struct cex_apqns wish_queues;
};

static inline int fake_pkey_open(void *userdata _unused_)
{
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static inline int fake_pkey_list(struct fake_pkey *fake, uint32_t type, struct cex_apqn *to,
				 uint32_t *entries)
{
	fake->lists++;
	if (fake->list_error)
		return -fake->list_error;
	if (type && type == fake->unknown_type)
		return -EINVAL;
	if (*entries < fake->queues.n)
		return -ENOSPC;
	memcpy(to, fake->queues.list, fake->queues.n * sizeof(*to));
	*entries = (uint32_t)fake->queues.n;
	return 0;
}

static inline int fake_pkey_make(struct fake_pkey *fake, struct pkey_genseck2 *call)
{
	static void (*const makers[])(unsigned char *) = {
		[PKEY_TYPE_CCA_DATA] = vector_aesdata,
		[PKEY_TYPE_CCA_CIPHER] = vector_aescipher_256,
		[PKEY_TYPE_EP11] = vector_ep11,
		[PKEY_TYPE_EP11_AES] = vector_ep11_header,
	};

	if (!fake->makes++) {
		fake->wish = call->wish;
		fake->wish_queues.n = call->wish.apqn_entries;
		memcpy(fake->wish_queues.list, call->wish.apqns,
		       fake->wish_queues.n * sizeof(struct cex_apqn));
	}
	if (fake->make_error)
		return -fake->make_error;
	if (call->wish.type == fake->unknown_type)
		return -EINVAL;
	makers[call->wish.type](call->key);
	return 0;
}

static inline uint32_t fake_pkey_type(const unsigned char *token)
{
	if (token[0] == 1)
		return token[4] == 4 ? PKEY_TYPE_CCA_DATA : PKEY_TYPE_CCA_CIPHER;
	return token[4] == 3 ? PKEY_TYPE_EP11 : PKEY_TYPE_EP11_AES;
}

static inline int fake_pkey_verify(struct fake_pkey *fake, struct pkey_verifykey2 *call)
{
	fake->verifies++;
	if (fake->verify_error)
		return -fake->verify_error;
	call->type = fake_pkey_type(call->key);
	call->cardnr = fake->queues.list[0].card;
	call->domain = fake->queues.list[0].domain;
	call->size = 256;
	call->flags = fake->old ? PKEY_MATCH_OLD : PKEY_MATCH_CUR;
	return 0;
}

static inline int fake_pkey_ioctl(void *userdata, int fd _unused_, unsigned long request, void *arg)
{
	struct pkey_apqns4keytype *kind = arg;
	struct pkey_apqns4key *key = arg;

	switch (request) {
	case PKEY_APQNS4KT:
		return fake_pkey_list(userdata, kind->type, kind->apqns, &kind->apqn_entries);
	case PKEY_APQNS4K:
		return fake_pkey_list(userdata, 0, key->apqns, &key->apqn_entries);
	case PKEY_GENSECK2:
		return fake_pkey_make(userdata, arg);
	case PKEY_VERIFYKEY2:
		return fake_pkey_verify(userdata, arg);
	default:
		return -ENOTTY;
	}
}

/* Calls that lead to @fake, for cex_pkey_set_calls(). */
#define FAKE_PKEY_CALLS(fake) { fake_pkey_open, fake_pkey_ioctl, (fake) }

#endif
