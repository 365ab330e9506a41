/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/card.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define FUNCTION_CCA	     0x10000000u
#define FUNCTION_ACCELERATOR 0x08000000u
#define FUNCTION_EP11	     0x04000000u

/* In lszcrypt's order of looking. */
static enum cex_mode mode_of(uint32_t functions)
{
	if (functions & FUNCTION_CCA)
		return CEX_MODE_CCA;
	if (functions & FUNCTION_ACCELERATOR)
		return CEX_MODE_ACCELERATOR;
	return functions & FUNCTION_EP11 ? CEX_MODE_EP11 : CEX_MODE_UNKNOWN;
}

static int by_domain(const void *a, const void *b)
{
	const struct cex_queue *x = a, *y = b;

	return (int)x->apqn.domain - (int)y->apqn.domain;
}

/* Readdir order is no order, and a queue that goes away meanwhile has nothing left to read. */
static int load_queues(const struct cex_place *place, struct cex_card *card)
{
	_cleanup_closedir_ DIR *dir = cex_place_open(place);
	bool online = cex_device_is_online(&card->device);
	const struct dirent *entry;
	struct cex_apqn apqn;
	int r;

	while (dir && (entry = readdir(dir)) && card->n_queues < LIMIT_AP_QUEUES) {
		struct cex_queue *larger;

		if (!cex_apqn_parse(entry->d_name, &apqn) || apqn.card != card->id)
			continue;
		larger = reallocarray(card->queues, card->n_queues + 1, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		card->queues = larger;
		r = cex_queue_load(place, apqn, online, &card->queues[card->n_queues]);
		if (r < 0)
			return r;
		card->n_queues++;
	}
	if (card->n_queues)
		qsort(card->queues, card->n_queues, sizeof(*card->queues), by_domain);
	return 0;
}

int cex_card_load(const struct cex_place *bus, uint16_t id, struct cex_card *ret)
{
	_cleanup_(cex_card_done) struct cex_card card = { .id = id };
	struct cex_place place;
	int r;

	r = cex_place_make(&place, bus->path, "/card%02x", id & 0xffu);
	if (r < 0)
		return r;
	cex_device_load(&place, &card.device);
	(void)cex_attribute_line(&place, "type", card.type, sizeof(card.type));
	(void)cex_attribute_line(&place, "hwtype", card.hwtype, sizeof(card.hwtype));
	(void)cex_attribute_line(&place, "serialnr", card.serial, sizeof(card.serial));
	card.depth = cex_attribute_number(&place, "depth");
	card.api_ordinal = cex_attribute_number(&place, "API_ordinalnr");
	(void)cex_attribute_hex32(&place, "ap_functions", &card.functions);
	card.mode = mode_of(card.functions);
	r = load_queues(&place, &card);
	if (r < 0)
		return r;
	*ret = card;
	card = (struct cex_card){ 0 };
	return 0;
}

void cex_card_done(struct cex_card *card)
{
	free(card->queues);
	*card = (struct cex_card){ 0 };
}

int cex_card_generation(const struct cex_card *card)
{
	const char *t = card->type;

	if (strncmp(t, "CEX", 3) != 0 || t[3] < '1' || t[3] > '9' || !t[4])
		return 0;
	return t[3] - '0';
}

const char *cex_card_mode_text(const struct cex_card *card)
{
	switch (card->mode) {
	case CEX_MODE_CCA:
		return "CCA-Coproc";
	case CEX_MODE_ACCELERATOR:
		return "Accelerator";
	case CEX_MODE_EP11:
		return "EP11-Coproc";
	case CEX_MODE_UNKNOWN:
		break;
	}
	return "Unknown";
}

void cex_card_functions_text(const struct cex_card *card, char ret[static CEX_FUNCTIONS_SIZE])
{
	static const char letters[] = "SMCDAXNHFR";

	for (unsigned i = 0; i < CEX_FUNCTIONS_SIZE - 1; i++)
		ret[i] = card->functions & 0x80000000u >> i ? letters[i] : '-';
	ret[CEX_FUNCTIONS_SIZE - 1] = '\0';
}
