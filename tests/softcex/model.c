// SPDX-License-Identifier: GPL-2.0
/* Cards, queues, master keys; see model.h. */
#include "model.h"

DEFINE_MUTEX(model_lock);
LIST_HEAD(model_cards);

struct ap_card *model_card(u16 id)
{
	struct ap_card *card;

	list_for_each_entry(card, &model_cards, node)
		if (card->id == id)
			return card;
	return NULL;
}

struct ap_queue *model_queue(u16 card_id, u16 domain)
{
	struct ap_card *card = model_card(card_id);
	struct ap_queue *queue;

	if (card)
		list_for_each_entry(queue, &card->queues, node)
			if (queue->domain == domain)
				return queue;
	return NULL;
}

bool model_card_online(const struct ap_card *card)
{
	return card->online && card->config && !card->chkstop;
}

bool model_queue_online(const struct ap_queue *queue)
{
	return queue->online && queue->config && !queue->chkstop && model_card_online(queue->card);
}

static enum master_key_kind kind_of(const struct ap_queue *queue)
{
	return queue->card->mode == AP_EP11 ? MASTER_KEY_EP11 : MASTER_KEY_CCA;
}

void model_pattern(const struct ap_queue *queue, enum mk_register reg, u8 ret[MASTER_KEY_PATTERN])
{
	memset(ret, 0, MASTER_KEY_PATTERN);
	if (queue->mk[reg].state == MK_FULL)
		master_key_pattern(kind_of(queue), queue->mk[reg].key, ret);
}

static bool passes(const struct queue_filter *f, const struct ap_queue *queue)
{
	const struct ap_card *card = queue->card;
	u8 pattern[MASTER_KEY_PATTERN];

	if (f->apqn.card != AP_ANY && f->apqn.card != card->id)
		return false;
	if (f->apqn.domain != AP_ANY && f->apqn.domain != queue->domain)
		return false;
	if (!model_queue_online(queue) || !queue->bound || !card->bound || queue->driver != AP_DRIVER_CEX)
		return false;
	if (card->mode != f->mode || card->hwtype < f->min_hwtype || queue->mk[MK_CUR].state != MK_FULL)
		return false;
	if (!f->pattern)
		return true;
	model_pattern(queue, f->reg, pattern);
	return queue->mk[f->reg].state == MK_FULL && memcmp(pattern, f->pattern, f->pattern_size) == 0;
}

size_t model_find(const struct queue_filter *filter, struct apqn *ret, size_t n)
{
	struct ap_card *card;
	struct ap_queue *queue;
	size_t found = 0;

	list_for_each_entry(card, &model_cards, node) {
		list_for_each_entry(queue, &card->queues, node) {
			if (!passes(filter, queue))
				continue;
			if (ret && found < n)
				ret[found] = (struct apqn){ card->id, queue->domain };
			found++;
		}
	}
	return found;
}

int model_master_key(struct ap_queue *queue, enum mk_register reg, enum mk_state state, const char *name)
{
	struct master_key mk = { .state = state };
	int r;

	if (strcmp(name, "-") == 0) {
		memset(&queue->mk[reg], 0, sizeof(queue->mk[reg]));
		return 0;
	}
	r = master_key_derive(kind_of(queue), name, mk.key);
	if (r == 0)
		r = master_key_derive(MASTER_KEY_APKA, name, mk.apka);
	if (r == 0)
		r = master_key_derive(MASTER_KEY_ASYM, name, mk.asym);
	if (r == 0)
		queue->mk[reg] = mk;
	return r;
}

int model_rotate(struct ap_queue *queue)
{
	if (queue->mk[MK_NEW].state != MK_FULL)
		return -ENODATA;
	queue->mk[MK_OLD] = queue->mk[MK_CUR];
	queue->mk[MK_CUR] = queue->mk[MK_NEW];
	memset(&queue->mk[MK_NEW], 0, sizeof(queue->mk[MK_NEW]));
	return 0;
}

void model_used(struct ap_queue *queue)
{
	queue->requests++;
	queue->card->requests++;
}
