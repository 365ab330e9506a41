/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to bind*.c: what the story of a bind asks of the kind of binding. bind.c tells the story,
 * bind-kms.c and bind-card.c answer; bind-keyring.c sees to what lets systemd open.
 */
#ifndef CEXLUKS_OP_BIND_KIND_H
#define CEXLUKS_OP_BIND_KIND_H

#include <stdbool.h>

#include "luks/device.h"
#include "luks/header.h"
#include "op/bind.h"
#include "op/config.h"
#include "op/session.h"

struct bind_kind;

struct bind {
	const struct bind_request *request;
	const struct bind_kind *kind;
	struct config *config;	    /* NULL: a card binding needs none */
	const char *profile;	    /* kms: its name, borrowed from the request */
	struct op_session *session; /* kms */
	struct luks_device *device;
	int lock; /* on the device; -1: none */
	struct luks_header *header;
	const struct luks_token *bound; /* what is there already for this binding, borrowed */
	struct secret *passphrase;	/* the new one */
	int existing_keyslot;		/* what the existing one opens */
	struct verdict *v;
};

struct bind_kind {
	/* Reads the configuration, and finds in it what the binding needs. Before any device is opened. */
	enum outcome (*begin)(struct bind *b);

	/* Whether the way to where the secrets are is open, without a volume. */
	enum outcome (*reach)(struct bind *b);

	/* Whether a token is of this very binding. */
	bool (*matches)(const struct bind *b, const struct luks_token *token);

	/* @b->bound opens its keyslot as the next boot will do it. OUTCOME_OK, or why not. */
	enum outcome (*prove)(struct bind *b);

	/* May this volume be bound so, as far as its header tells? Before anybody is asked for a passphrase. */
	enum outcome (*suits)(struct bind *b);

	/* May it, when @existing opens @b->existing_keyslot? Writes nothing. */
	enum outcome (*admit)(struct bind *b, const struct secret *existing);

	/* A new @b->passphrase, and the token that will give it back. */
	enum outcome (*make)(struct bind *b, struct luks_token **ret);

	/* The passphrase out of the token, as stored in the header. */
	enum outcome (*unwrap)(struct bind *b, const struct luks_token *token, struct secret **ret);
};

extern const struct bind_kind bind_kms;
extern const struct bind_kind bind_card;

/* Reads @b->config. OUTCOME_NOTHING_TO_DO: there is none. */
enum outcome bind_read_config(struct bind *b) _must_check_;

/* Whether the binding gets a luks2-keyring token. */
bool bind_wants_keyring(const struct bind *b) _must_check_;

/* Adds the token that @b->bound lacks. OUTCOME_NOTHING_TO_DO, with the verdict as it was: it lacks none. */
enum outcome bind_complete_keyring(struct bind *b) _must_check_;

/* A token alone opens nothing: says so. */
void bind_warn_of_keyring(const struct bind *b, struct bind_result *ret);

/* Higher than any serial there was, and high enough for "min-serial". */
int64_t bind_next_serial(const struct bind *b);

#endif
