/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/queue.h"

#include "base/cleanup.h"
#include "base/log.h"

static void load_masters(const struct cex_place *place, struct cex_queue *queue)
{
	_cleanup_free_ char *text = NULL;
	int r = cex_attribute_all(place, "mkvps", LIMIT_AP_ATTRIBUTE, &text);

	if (r < 0) {
		log_debug("cex: cannot read master keys of %02x.%04x: errno %d", queue->apqn.card,
			  queue->apqn.domain, -r);
		return;
	}
	cex_master_keys_parse(text, &queue->masters);
}

int cex_queue_load(const struct cex_place *card, struct cex_apqn apqn, bool online,
		   struct cex_queue *ret)
{
	struct cex_queue queue = { .apqn = apqn, .functions = -1 };
	char name[CEX_APQN_SIZE];
	struct cex_place place;
	uint32_t functions;
	int r;

	cex_apqn_text(&apqn, name);
	r = cex_place_make(&place, card->path, "/%s", name);
	if (r < 0)
		return r;
	cex_device_load(&place, &queue.device);
	if (cex_attribute_hex32(&place, "ap_functions", &functions))
		queue.functions = functions;
	if (online && cex_device_is_online(&queue.device))
		load_masters(&place, &queue);
	*ret = queue;
	return 0;
}

const char *cex_queue_se_state(const struct cex_queue *queue)
{
	static const char *const words[] = { "usable", "bound", "unbound", "illicit" };

	if (queue->functions < 0)
		return "error";
	return queue->functions ? words[queue->functions >> 14 & 3] : "invalid";
}
