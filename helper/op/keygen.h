/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New secure keys: which queues may make one, and the making. What "zkey generate" does.
 */
#ifndef CEXLUKS_OP_KEYGEN_H
#define CEXLUKS_OP_KEYGEN_H

#include <stdbool.h>

#include "base/secret.h"
#include "cex/pkey.h"
#include "op/volume-key.h"
#include "op/verdict.h"

struct keygen_request {
	const char *sysroot;
	const char *key_type; /* "CCA-AESCIPHER", "CCA-AESDATA", "EP11-AES", either case; NULL: what the cards can do, CCA-AESCIPHER first */
	unsigned bits;	      /* 128, 192, 256; 0: 256 */
	bool xts;
	const char *apqns;    /* "00.0047,00.0048", or NULL: every queue that fits */
};

struct keygen_result {
	struct volume_key key; /* release with volume_key_done() */
	const char *key_type;  /* static */
	struct cex_apqns apqns; /* that can use it */
	bool chose_ep11;       /* only EP11 queues exist, so it became an EP11 key: worth a message */
};

/*
 * Cross-checks the master keys of the queues like zkey (all the same current one), makes the key, and
 * has a card verify it. Card outcomes on failure; OUTCOME_USAGE for words that mean nothing.
 */
enum outcome op_keygen(const struct keygen_request *request, struct keygen_result *ret,
		       struct verdict *v) _must_check_;

#endif
