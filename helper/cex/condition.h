/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cex/ may report besides 0 and -errno, and the one line that goes with it.
 */
#ifndef CEXLUKS_CEX_CONDITION_H
#define CEXLUKS_CEX_CONDITION_H

#include "base/attributes.h"

enum cex_condition {
	CEX_OK = 0,

	/* about cards and domains; of several the one nearest to "usable" is reported */
	CEX_NO_AP_BUS,		/* the kernel has no AP bus */
	CEX_MODULE_MISSING,	/* a kernel module is certainly absent */
	CEX_NO_CARD,		/* no card, or none with a domain */
	CEX_CARD_WRONG_MODE,	/* cards there, but none in the mode or of the age that is needed */
	CEX_QUEUE_IN_USE,	/* passed through to a guest, or reserved for that */
	CEX_CARD_OFFLINE,	/* card or queue offline, deconfigured or checkstopped */
	CEX_MASTER_KEY_NOT_SET, /* no valid current master key in the domain */
	CEX_MASTER_KEY_UNKNOWN, /* a valid master key, but not the one that is wanted */
	CEX_MASTER_KEY_OLD,	/* usable, but the key must be re-enciphered before the next change */

	/* about keys */
	CEX_KEY_MALFORMED,  /* begins like a key token and breaks a rule of its format */
	CEX_KEY_NOT_SECURE, /* no token at all: clear key bytes, which no card protects */

	/* what the pkey device or a paes cipher said */
	CEX_NO_QUEUE,	   /* no domain fits, or the kernel has no handler for such keys */
	CEX_NOT_SUPPORTED, /* this kernel does not know the call */
	CEX_BUSY,	   /* the card is busy, as after a change of its master key; worth another try */
	CEX_REFUSED,	   /* the kernel refused the token or a parameter (EINVAL) */
	CEX_CARD_ERROR,	   /* the card answered with an error */
};

struct cex_reason {
	char text[120];
};

/* Fills @reason (may be NULL) and returns @condition. Public facts only, never key material. */
int cex_because(struct cex_reason *reason, enum cex_condition condition, const char *format, ...)
	_printf_(3, 4);

/* "usable", "no AP bus" …: for sentences and columns. Static. */
const char *cex_condition_text(enum cex_condition condition);

#endif
