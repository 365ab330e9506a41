/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/cards.h"

#include <errno.h>
#include <stdlib.h>

#include "op/bound-key.h"

static void classify_by_size(struct cards_volume *volume)
{
	enum cex_cipher cipher;

	volume->secure = cex_cipher_parse(luks_header_cipher(volume->header), &cipher) &&
			 cex_key_size_kind(luks_header_key_size(volume->header), cipher,
					   &volume->kind) == 0;
}

/* Whether there is a key to see without asking anybody; the verdict says what else it may be. */
static bool classify_by_key(struct cards_volume *volume)
{
	_cleanup_volume_key_ struct volume_key key = { 0 };

	if (bound_key_read(volume->header, &key, &volume->verdict) == OUTCOME_NOT_BOUND) {
		(void)verdict_set(&volume->verdict, OUTCOME_OK, "%s", volume->device->path);
		return false;
	}
	volume->opened = true;
	volume->secure = key.secure;
	volume->kind = key.blob.kind;
	if (key.secure)
		volume->mkvp = key.blob.mkvp;
	return true;
}

/* Only volumes that have to do with cards stay in the list. */
static bool classify(struct cards_volume *volume)
{
	if (!volume->header)
		return true;
	if (!luks_header_is_paes(volume->header))
		return false;
	if (!classify_by_key(volume))
		classify_by_size(volume);
	return true;
}

static void volume_done(struct cards_volume *volume)
{
	luks_header_free(volume->header);
	luks_device_free(volume->device);
	*volume = (struct cards_volume){ 0 };
}

static int visit(const char *uuid, void *userdata)
{
	struct cards *cards = userdata;
	_cleanup_(volume_done) struct cards_volume volume = { 0 };
	struct luks_reason reason = { "" };
	struct cards_volume *larger;
	int r = luks_device_find(uuid, &volume.device, &reason);

	if (r != 0)
		return 0; /* gone meanwhile, or claimed twice: nothing that a card is needed for */
	r = luks_header_load(volume.device, NULL, &volume.header, &reason);
	(void)verdict_luks(&volume.verdict, r, volume.device->path, &reason);
	if (!classify(&volume))
		return 0;
	larger = reallocarray(cards->volumes, cards->n_volumes + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	cards->volumes = larger;
	cards->volumes[cards->n_volumes++] = volume;
	volume = (struct cards_volume){ 0 };
	return 0;
}

static enum cex_condition find_mode(const struct cards *cards, enum cex_mode mode,
				    struct cex_reason *reason)
{
	struct cex_want want = { .mode = mode };
	struct cex_apqn apqn;

	return cex_find(cards->bus, &cards->modules, &want, &apqn, reason);
}

static bool has_mode(const struct cex_bus *bus, enum cex_mode mode)
{
	for (size_t i = 0; i < bus->n_cards; i++)
		if (bus->cards[i].mode == mode && bus->cards[i].n_queues)
			return true;
	return false;
}

/* A usable domain of one mode is enough; else the verdict is about a mode that is there. */
static enum cex_condition best_of_modes(const struct cards *cards, struct cex_reason *reason)
{
	const enum cex_mode modes[] = { CEX_MODE_CCA, CEX_MODE_EP11 };
	enum cex_condition best = CEX_OK;
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct cex_reason now = { "" };
		enum cex_condition condition;

		if (!has_mode(cards->bus, modes[i]))
			continue;
		condition = find_mode(cards, modes[i], &now);
		if (any && condition != CEX_OK)
			continue;
		best = condition;
		*reason = now;
		any = true;
	}
	return any ? best : find_mode(cards, CEX_MODE_UNKNOWN, reason);
}

static enum outcome judge_all(const struct cards *cards, struct verdict *v)
{
	struct cex_reason reason = { "" };
	enum cex_condition condition = best_of_modes(cards, &reason);

	/* Unless it names a module, the cause lists the domains of all modes. */
	if (condition != CEX_MODULE_MISSING)
		(void)find_mode(cards, CEX_MODE_UNKNOWN, &reason);
	(void)verdict_cex(v, condition, &reason);
	/* No boot and no volume is concerned here, so two hints of the table would mislead. */
	if (v->outcome == OUTCOME_MODULE_MISSING)
		verdict_hint(v, "load it with modprobe; for a boot, rebuild the initramfs with it");
	if (v->outcome == OUTCOME_CARD_WRONG_MODE)
		verdict_hint(v, "configure a card as CCA or EP11 coprocessor");
	return v->outcome;
}

enum outcome op_cards(const struct cards_request *request, struct cards *ret, struct verdict *v)
{
	int r;

	*ret = (struct cards){ 0 };
	r = cex_bus_load(request->sysroot, &ret->bus);
	if (r == 0)
		r = cex_modules_load(request->sysroot, &ret->modules);
	if (r < 0)
		return verdict_errno(v, r, "cannot look at the AP bus");
	if (request->with_volumes) {
		r = luks_device_each(visit, ret);
		if (r < 0)
			return verdict_errno(v, r, "cannot list volumes");
	}
	return judge_all(ret, v);
}

void cards_done(struct cards *cards)
{
	for (size_t i = 0; i < cards->n_volumes; i++)
		volume_done(&cards->volumes[i]);
	free(cards->volumes);
	cex_bus_free(cards->bus);
	*cards = (struct cards){ 0 };
}

/* A handler that is certainly absent keeps the best of queues from being used. */
static enum cex_condition judge(const struct cards *cards, const struct cex_card *card,
				const struct cex_queue *queue, const struct cex_want *want)
{
	enum cex_condition condition = cex_queue_judge(cards->bus, card, queue, want);
	enum cex_module missing;

	if ((condition == CEX_OK || condition == CEX_MASTER_KEY_OLD) &&
	    cex_modules_missing(&cards->modules, card->mode, &missing))
		return CEX_MODULE_MISSING;
	return condition;
}

enum cex_condition cards_judge(const struct cards *cards, const struct cex_card *card,
			       const struct cex_queue *queue)
{
	return judge(cards, card, queue, &(struct cex_want){ .mode = CEX_MODE_UNKNOWN });
}

enum cards_use cards_use(const struct cards *cards, const struct cex_card *card,
			 const struct cex_queue *queue, const struct cards_volume *volume)
{
	struct cex_want want;

	if (!volume->secure)
		return CARDS_CANNOT;
	want = cex_want_make(volume->kind, volume->opened ? &volume->mkvp : NULL);
	switch (judge(cards, card, queue, &want)) {
	case CEX_OK:
		return volume->opened ? CARDS_OPENS : CARDS_MAY_OPEN;
	case CEX_MASTER_KEY_OLD:
		return CARDS_OPENS_OLD;
	default:
		return CARDS_CANNOT;
	}
}
