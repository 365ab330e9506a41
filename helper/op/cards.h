/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What cards are there, which of their domains could be used, and which volumes need one. Asks nobody:
 * which master key wraps a volume's key is told where a card binding opens the keyslot; of any other
 * volume a domain may be able to open it, and more is not claimed.
 */
#ifndef CEXLUKS_OP_CARDS_H
#define CEXLUKS_OP_CARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "cex/bus.h"
#include "cex/find.h"
#include "cex/keyblob.h"
#include "cex/module.h"
#include "luks/header.h"
#include "op/verdict.h"

struct cards_request {
	const char *sysroot; /* "" or a tree in place of / */
	bool with_volumes;   /* look at this machine's LUKS2 volumes too */
};

/* A LUKS2 volume whose cipher is paes, or whose header was refused. */
struct cards_volume {
	struct luks_device *device;
	struct luks_header *header; /* NULL when it was refused: see verdict */
	struct verdict verdict;
	bool secure;	       /* its key is a secure key of this kind, or by its size can be one */
	enum cex_key_kind kind;
	bool opened;	       /* the key was looked at, through a card binding */
	struct cex_mkvp mkvp;  /* then, of a secure key, the master key that wraps it */
};

struct cards {
	struct cex_bus *bus;
	struct cex_modules modules;
	struct cards_volume *volumes;
	size_t n_volumes;
};

/**
 * op_cards() - look once
 * @ret: to be released with cards_done(), whatever the outcome
 *
 * Return: OUTCOME_OK when at least one domain is usable; otherwise what stands in the way of the one
 * nearest to it; OUTCOME_INTERNAL. All but the last have something to show in @ret.
 */
enum outcome op_cards(const struct cards_request *request, struct cards *ret, struct verdict *v);
void cards_done(struct cards *cards);

/* One queue, for any key its card could use. */
enum cex_condition cards_judge(const struct cards *cards, const struct cex_card *card,
			       const struct cex_queue *queue);

enum cards_use {
	CARDS_CANNOT,
	CARDS_MAY_OPEN,	  /* usable, and of the kind that the key's size tells */
	CARDS_OPENS,	  /* usable, with the master key that wraps the volume's key */
	CARDS_OPENS_OLD,  /* the same, as old master key: the key must be re-enciphered before the next change */
};

/* What the queue is to the volume. */
enum cards_use cards_use(const struct cards *cards, const struct cex_card *card,
			 const struct cex_queue *queue, const struct cards_volume *volume);

#endif
