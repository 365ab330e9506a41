/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One crypto adapter and its queues.
 * Source: drivers/s390/crypto/{ap_card,zcrypt_card,zcrypt_cex4}.c of Linux 6.x.
 */
#ifndef CEXLUKS_CEX_CARD_H
#define CEXLUKS_CEX_CARD_H

#include <stddef.h>

#include "base/attributes.h"
#include "cex/device.h"
#include "cex/mkvp.h"
#include "cex/queue.h"

struct cex_card {
	uint16_t id;
	struct cex_device device;
	char type[LIMIT_AP_WORD];	/* "CEX8C": only with a driver; else "" */
	char hwtype[LIMIT_AP_WORD];	/* "14"; "" when unreadable */
	char serial[LIMIT_AP_WORD];	/* "" when unknown */
	int32_t depth;			/* entries of a queue, less one; -1 when unreadable */
	int32_t api_ordinal;		/* EP11 only; else -1 */
	uint32_t functions;		/* ap_functions; 0 when unreadable */
	enum cex_mode mode;
	struct cex_queue *queues;	/* by rising domain */
	size_t n_queues;
};

/**
 * cex_card_load() - one card as it is now
 * @bus: folder of all cards
 * @ret: to be released with cex_card_done(), also when nothing of it was readable
 *
 * Return: 0, -ENOMEM, -ENAMETOOLONG.
 */
int cex_card_load(const struct cex_place *bus, uint16_t id, struct cex_card *ret) _must_check_;
void cex_card_done(struct cex_card *card);

/* 8 for a CEX8C; 0 when the type is unknown. */
int cex_card_generation(const struct cex_card *card);

/* lszcrypt's MODE: "CCA-Coproc", "Accelerator", "EP11-Coproc", "Unknown". Static. */
const char *cex_card_mode_text(const struct cex_card *card);

/* lszcrypt's FUNCTIONS: "S--D--N-F-". */
#define CEX_FUNCTIONS_SIZE 11
void cex_card_functions_text(const struct cex_card *card, char ret[static CEX_FUNCTIONS_SIZE]);

#endif
