/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An AP queue's number: adapter and domain, written "00.0035", as lszcrypt and chzcrypt do.
 */
#ifndef CEXLUKS_CEX_APQN_H
#define CEXLUKS_CEX_APQN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/limits.h"

struct cex_apqn {
	uint16_t card;
	uint16_t domain;
};

#define CEX_APQN_SIZE 8	    /* "00.0035" and the NUL */
#define CEX_APQN_ANY  0xffff /* "any" for the kernel, in both members */

/* Exactly "CC.DDDD", hexadecimal, either case. */
bool cex_apqn_parse(const char *text, struct cex_apqn *ret) _must_check_;

/* @apqn.card must fit two digits, which what cex_apqn_parse() reads does. */
void cex_apqn_text(const struct cex_apqn *apqn, char ret[static CEX_APQN_SIZE]);

static inline bool cex_apqn_equal(const struct cex_apqn *a, const struct cex_apqn *b)
{
	return a->card == b->card && a->domain == b->domain;
}

/* A list of them, as people and zkey write it: "00.0047,01.0047". */
struct cex_apqns {
	struct cex_apqn list[LIMIT_AP_APQNS];
	size_t n;
};

#define CEX_APQNS_SIZE (LIMIT_AP_APQNS * CEX_APQN_SIZE) /* with commas in place of the NULs */

/* Leading zeros may be left out, as zkey allows ("0.47"). False: empty, not a list, one of them twice. */
bool cex_apqns_parse(const char *text, struct cex_apqns *ret) _must_check_;

/* "" for an empty list. */
void cex_apqns_text(const struct cex_apqns *apqns, char ret[static CEX_APQNS_SIZE]);

bool cex_apqns_have(const struct cex_apqns *apqns, const struct cex_apqn *apqn);

#endif
