/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/find.h"

#include <stdio.h>
#include <string.h>

#include "cex/apqn.h"

#define STATE_TEXT	 48 /* longest: "is a" with a card's type */
#define EP11_API_ORDINAL 4 /* protected keys; S:zkey/pkey.c and pkey_ep11.c */

struct cex_want cex_want_make(enum cex_key_kind kind, const struct cex_mkvp *mkvp)
{
	struct cex_want want = {
		.mode = cex_key_kind_mode(kind),
		.min_card = cex_key_kind_min_card(kind),
		.min_api_ordinal = cex_key_kind_mode(kind) == CEX_MODE_EP11 ? EP11_API_ORDINAL : 0,
	};

	if (mkvp)
		want.mkvp = *mkvp;
	return want;
}

static bool fits(const struct cex_card *card, const struct cex_want *want)
{
	int generation = cex_card_generation(card);

	if (card->mode != CEX_MODE_CCA && card->mode != CEX_MODE_EP11)
		return false;
	if (want->mode != CEX_MODE_UNKNOWN && card->mode != want->mode)
		return false;
	/* What the card does not tell is for VERIFYKEY2 to find out. */
	if (generation && generation < want->min_card)
		return false;
	return card->api_ordinal < 0 || card->api_ordinal >= want->min_api_ordinal;
}

static enum cex_condition judge_masters(const struct cex_master_keys *masters,
					const struct cex_mkvp *mkvp)
{
	const struct cex_master_key *cur = &masters->keys[CEX_REGISTER_CUR];
	const struct cex_master_key *old = &masters->keys[CEX_REGISTER_OLD];

	/* The kernel passes over a domain without a current key, also for a key that matches the old one. */
	if (cur->state != CEX_STATE_VALID)
		return CEX_MASTER_KEY_NOT_SET;
	if (mkvp->mode == CEX_MODE_UNKNOWN || cex_mkvp_equal(&cur->mkvp, mkvp))
		return CEX_OK;
	if (old->state == CEX_STATE_VALID && cex_mkvp_equal(&old->mkvp, mkvp))
		return CEX_MASTER_KEY_OLD;
	return CEX_MASTER_KEY_UNKNOWN;
}

enum cex_condition cex_queue_judge(const struct cex_bus *bus, const struct cex_card *card,
				   const struct cex_queue *queue, const struct cex_want *want)
{
	if (!fits(card, want))
		return CEX_CARD_WRONG_MODE;
	if (cex_device_is_passed(&queue->device))
		return CEX_QUEUE_IN_USE;
	if (card->device.config == 0 || queue->device.config == 0)
		return CEX_CARD_OFFLINE;
	/* No driver: apmask and aqmask reserve it for guests, or there is no driver to bind. */
	if (!queue->device.driver[0] && queue->device.online < 0)
		return bus->has_queue_driver ? CEX_QUEUE_IN_USE : CEX_MODULE_MISSING;
	if (!cex_device_is_online(&card->device) || !cex_device_is_online(&queue->device))
		return CEX_CARD_OFFLINE;
	return judge_masters(&queue->masters, &want->mkvp);
}

/*
 * Larger is nearer to a working key. A domain that is offline may hold the right master key, one with
 * another key does not; domains of guests are part of the furniture on a host for guests.
 */
static int nearness(enum cex_condition condition)
{
	static const enum cex_condition order[] = {
		CEX_NO_CARD,		CEX_CARD_WRONG_MODE, CEX_MODULE_MISSING,     CEX_QUEUE_IN_USE,
		CEX_MASTER_KEY_UNKNOWN, CEX_CARD_OFFLINE,    CEX_MASTER_KEY_NOT_SET, CEX_MASTER_KEY_OLD,
		CEX_OK,
	};

	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (order[i] == condition)
			return (int)i;
	return -1;
}

/* One queue beside what is wanted. */
struct sight {
	const struct cex_card *card;
	const struct cex_queue *queue;
	const struct cex_want *want;
	enum cex_condition condition;
};

/* A master key is told by its pattern, as many digits of it as a CCA one has. */
static void master_key_text(const struct sight *s, char ret[static STATE_TEXT])
{
	const struct cex_master_key *keys = s->queue->masters.keys;
	char mkvp[CEX_MKVP_TEXT];

	cex_mkvp_text(&keys[CEX_REGISTER_CUR].mkvp, mkvp);
	if (cex_mkvp_equal(&keys[CEX_REGISTER_NEW].mkvp, &s->want->mkvp))
		(void)snprintf(ret, STATE_TEXT, "has it as NEW");
	else
		(void)snprintf(ret, STATE_TEXT, "has %.*s", 2 * CEX_MKVP_CCA, mkvp);
}

/* What it is or has instead, where "wrong mode" and the like would leave a question. */
static void state_text(const struct sight *s, char ret[static STATE_TEXT])
{
	const struct cex_device *offline = cex_device_is_online(&s->card->device) ? &s->queue->device :
										    &s->card->device;
	const char *status = cex_device_status(offline);

	if (s->condition == CEX_MASTER_KEY_UNKNOWN)
		master_key_text(s, ret);
	else if (s->condition == CEX_MASTER_KEY_NOT_SET && s->want->mkvp.mode != CEX_MODE_UNKNOWN)
		(void)snprintf(ret, STATE_TEXT, "has none");
	else if (s->condition == CEX_CARD_WRONG_MODE && s->want->mode != CEX_MODE_UNKNOWN &&
		 s->card->mode == s->want->mode)
		(void)snprintf(ret, STATE_TEXT, "is a %s", s->card->type);
	else if (s->condition == CEX_CARD_WRONG_MODE)
		(void)snprintf(ret, STATE_TEXT, "in %s mode", cex_mode_text(s->card->mode));
	else if (s->condition == CEX_CARD_OFFLINE && status[0] != '-')
		(void)snprintf(ret, STATE_TEXT, "%s", status);
	else
		(void)snprintf(ret, STATE_TEXT, "%s", cex_condition_text(s->condition));
}

/* "00.0047 offline, 01.0047 has fedcba9876543210": as many as fit. */
static void tell(struct cex_reason *reason, const struct sight *s)
{
	size_t used = strlen(reason->text);
	char name[CEX_APQN_SIZE], state[STATE_TEXT];

	cex_apqn_text(&s->queue->apqn, name);
	state_text(s, state);
	if (used + strlen(state) + CEX_APQN_SIZE + 4 > sizeof(reason->text))
		return;
	(void)snprintf(reason->text + used, sizeof(reason->text) - used, "%s%s %s", used ? ", " : "",
		       name, state);
}

/* Calls @visit for each queue, with what stands in its way. */
static void each_queue(const struct cex_bus *bus, const struct cex_want *want,
		       void (*visit)(const struct sight *s, void *userdata), void *userdata)
{
	for (size_t i = 0; i < bus->n_cards; i++)
		for (size_t j = 0; j < bus->cards[i].n_queues; j++) {
			struct sight s = {
				.card = &bus->cards[i],
				.queue = &bus->cards[i].queues[j],
				.want = want,
			};

			s.condition = cex_queue_judge(bus, s.card, s.queue, want);
			visit(&s, userdata);
		}
}

struct choice {
	enum cex_condition best;
	struct cex_apqn *apqn;
	struct cex_reason *reason;
};

static void choose(const struct sight *s, void *userdata)
{
	struct choice *choice = userdata;

	if (nearness(s->condition) <= nearness(choice->best))
		return;
	choice->best = s->condition;
	*choice->apqn = s->queue->apqn;
}

static void tell_best(const struct sight *s, void *userdata)
{
	struct choice *choice = userdata;

	if (s->condition == choice->best)
		tell(choice->reason, s);
}

static void tell_rest(const struct sight *s, void *userdata)
{
	struct choice *choice = userdata;

	if (s->condition != choice->best)
		tell(choice->reason, s);
}

/* The reason begins with what counts, because lines are cut at their end. */
static enum cex_condition best_queue(const struct cex_bus *bus, const struct cex_want *want,
				     struct cex_apqn *ret, struct cex_reason *reason)
{
	struct choice choice = { .best = CEX_NO_CARD, .apqn = ret, .reason = reason };

	reason->text[0] = '\0';
	each_queue(bus, want, choose, &choice);
	each_queue(bus, want, tell_best, &choice);
	each_queue(bus, want, tell_rest, &choice);
	return choice.best;
}

enum cex_condition cex_find(const struct cex_bus *bus, const struct cex_modules *modules,
			    const struct cex_want *want, struct cex_apqn *ret,
			    struct cex_reason *reason)
{
	struct cex_reason unwanted;
	enum cex_condition best;
	enum cex_module missing;

	if (!reason)
		reason = &unwanted;
	if (!bus->present)
		return (enum cex_condition)cex_because(reason, CEX_NO_AP_BUS,
						       "/sys/bus/ap is not there");
	best = best_queue(bus, want, ret, reason);
	if (best == CEX_NO_CARD)
		return (enum cex_condition)cex_because(reason, best, "%s",
						       bus->n_cards ? "no card has a domain" :
								      "no card is attached");
	/* With no card at all the handler modules would not have been loaded, and are not the reason. */
	if (modules && cex_modules_missing(modules, want->mode, &missing))
		return (enum cex_condition)cex_because(reason, CEX_MODULE_MISSING,
						       "kernel module %s is not loaded",
						       cex_module_name(missing));
	return best;
}
