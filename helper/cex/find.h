/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Can a card use this key, and if not, what stands in the way? Looks at what cex/bus.h and
 * cex/module.h read; asks no card.
 */
#ifndef CEXLUKS_CEX_FIND_H
#define CEXLUKS_CEX_FIND_H

#include <stddef.h>

#include "base/attributes.h"
#include "cex/bus.h"
#include "cex/condition.h"
#include "cex/keyblob.h"
#include "cex/module.h"

struct cex_want {
	enum cex_mode mode;   /* CEX_MODE_UNKNOWN: any that holds a master key */
	int min_card;	      /* 6: CEX6 or newer; 0: any */
	int min_api_ordinal;  /* EP11 only; 0: any */
	struct cex_mkvp mkvp; /* without a mode: any valid master key will do */
};

/* What a secure key of this kind needs; @mkvp may be NULL. */
struct cex_want cex_want_make(enum cex_key_kind kind, const struct cex_mkvp *mkvp);

/**
 * cex_queue_judge() - one queue
 *
 * Return: CEX_OK, CEX_MASTER_KEY_OLD (usable both), or what stands in the way: CEX_CARD_WRONG_MODE,
 * CEX_QUEUE_IN_USE, CEX_CARD_OFFLINE, CEX_MASTER_KEY_NOT_SET, CEX_MASTER_KEY_UNKNOWN. A queue that
 * no driver serves is CEX_MODULE_MISSING if no driver is there, else it is reserved for guests.
 */
enum cex_condition cex_queue_judge(const struct cex_bus *bus, const struct cex_card *card,
				   const struct cex_queue *queue, const struct cex_want *want);

/**
 * cex_find() - the best queue of all
 * @modules: may be NULL: not looked at
 * @ret:     set with CEX_OK and CEX_MASTER_KEY_OLD, and with a condition of one queue
 * @reason:  names what was found, queue by queue, those first that it is about; may be NULL
 *
 * Of several obstacles the one nearest to "usable" is reported. Looks once: a card still coming
 * online counts as it is now.
 *
 * Return: a condition, CEX_OK included.
 */
enum cex_condition cex_find(const struct cex_bus *bus, const struct cex_modules *modules,
			    const struct cex_want *want, struct cex_apqn *ret,
			    struct cex_reason *reason);

#endif
