/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One automatic way in, as policy orders them and attempts try them.
 */
#ifndef CEXLUKS_OP_BINDING_H
#define CEXLUKS_OP_BINDING_H

#include "luks/token.h"

enum binding_kind {
	BINDING_NONE, /* nothing tried yet */
	BINDING_KMS,
	BINDING_CARD,
	BINDING_KEYFILE, /* Ignition's public passphrase: no token of ours, only the configuration names it */
};

struct binding {
	enum binding_kind kind;
	const struct luks_token *token; /* kms and card; borrowed from the header */
	const char *path;		/* keyfile; borrowed from the configuration */
};

#define BINDING_NAME_SIZE 96

/* The keyslot that the binding names; -1 for keyfile, whose passphrase must be tried. */
int binding_keyslot(const struct binding *binding);

/* "kms:prod", "card", "keyfile:/etc/luks/cex.key", as people write it; "" for none. */
void binding_name(const struct binding *binding, char ret[static BINDING_NAME_SIZE]);

#endif
