/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * New secure keys: which queues may make one, the making, and the keeping. What "zkey generate" does.
 * Source: cross_check_apqns() in zkey/utils.c and generate_secure_key_random() in zkey/pkey.c of
 * s390-tools 2.43.
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
	/* "CCA-AESCIPHER", "CCA-AESDATA", "EP11-AES", either case; NULL: the first, or the last with EP11 alone */
	const char *key_type;
	unsigned bits;	      /* 128, 192, 256; 0: 256 */
	bool xts;
	const char *apqns;    /* "00.0047,00.0048", or NULL: every queue that fits */
};

struct keygen_result {
	struct volume_key key; /* release with volume_key_done() */
	const char *key_type;  /* static */
	struct cex_apqns apqns; /* that can use it */
	bool chose_ep11; /* nobody asked for it, but only EP11 queues exist: worth a message */
};

/*
 * Cross-checks the master keys of the queues like zkey (all the same current one), makes the key, and
 * has a card verify it. Card outcomes on failure; OUTCOME_USAGE for words that mean nothing. Queues that
 * are not named are left out when they are offline, passed through, or of a kind that does not fit; one
 * that is named must fit.
 */
enum outcome op_keygen(const struct keygen_request *request, struct keygen_result *ret,
		       struct verdict *v) _must_check_;

/* Where a key goes: a new file, or zkey's repository, which is the one below sysroot. */
struct keygen_place {
	const char *sysroot;
	const char *file;	 /* or NULL */
	const char *name;	 /* in the repository, or NULL */
	const char *description; /* this and the rest for the repository; NULL or 0: not given */
	const char *volumes;
	const char *apqns;	 /* that the key was asked to be made on */
	unsigned sector_size;
};

/* What can be told before there is a key, so that none is made in vain. OUTCOME_USAGE … */
enum outcome keygen_check_place(const struct keygen_place *place, struct verdict *v) _must_check_;

/*
 * A secure key into its place, never over another one, both of the repository's files or neither. Its
 * properties get a verification pattern if the kernel can compute one; else a warning says so.
 */
enum outcome keygen_store(const struct keygen_place *place, const struct volume_key *key,
			  struct verdict *v) _must_check_;

#endif
