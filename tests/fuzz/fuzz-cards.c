/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What another machine's "cards --json" printed: whatever is taken can be judged, queue by queue. */
#include "fuzz-folder.h"

#include "cex/find.h"
#include "op/cards-file.h"

static void judge(const struct cex_bus *bus, const struct cex_card *card, const struct cex_want *want)
{
	PROMISE(card->n_queues <= LIMIT_AP_QUEUES && memchr(card->type, '\0', sizeof(card->type)));
	for (size_t i = 0; i < card->n_queues; i++) {
		enum cex_condition condition = cex_queue_judge(bus, card, &card->queues[i], want);

		PROMISE(condition != CEX_OK || card->queues[i].device.online);
		PROMISE(cex_condition_text(condition)[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cex_want wants[] = { cex_want_make(CEX_KEY_CCA_AESCIPHER, NULL), cex_want_make(CEX_KEY_EP11_AES, NULL) };
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct verdict v = { 0 };
	enum outcome outcome;
	char path[96];

	folder_put("cards.json", data, len);
	(void)snprintf(path, sizeof(path), "%s/cards.json", folder());
	outcome = cards_file_read(path, &bus, &v);
	PROMISE(outcome == OUTCOME_USAGE || outcome == OUTCOME_OK);
	PROMISE((outcome == OUTCOME_OK) == (bus != NULL));
	for (size_t i = 0; bus && i < bus->n_cards; i++)
		for (size_t j = 0; j < ARRAY_SIZE(wants); j++)
			judge(bus, &bus->cards[i], &wants[j]);
	return 0;
}
