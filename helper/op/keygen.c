/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keygen.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cex/bus.h"
#include "cex/find.h"
#include "cex/module.h"

struct keygen {
	struct cex_bus *bus;
	struct cex_modules modules;
	struct cex_new_key what;
	bool limited;		/* to the queues in @named */
	struct cex_apqns named; /* in the order of the request */
	struct cex_apqns found; /* that fit, all with the same master key */
	struct cex_mkvp mkvp;	/* that one */
	struct verdict *v;
};

static void keygen_done(struct keygen *k)
{
	cex_bus_free(k->bus);
}

/* --- what is wanted ------------------------------------------------------------------------- */

static const enum cex_key_kind kinds[] = { CEX_KEY_CCA_AESCIPHER, CEX_KEY_CCA_AESDATA,
					   CEX_KEY_EP11_AES_HEADER };

static bool parse_kind(const char *text, enum cex_key_kind *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcasecmp(text, cex_key_kind_text(kinds[i]))) {
			*ret = kinds[i];
			return true;
		}
	return false;
}

static enum outcome parse(struct keygen *k, const struct keygen_request *request)
{
	unsigned bits = request->bits ? request->bits : 256;

	k->what = (struct cex_new_key){
		.kind = CEX_KEY_CCA_AESCIPHER,
		.bits = bits,
		.cipher = request->xts ? CEX_CIPHER_XTS : CEX_CIPHER_CBC,
	};
	k->limited = request->apqns;
	if (request->key_type && !parse_kind(request->key_type, &k->what.kind))
		return verdict_set(k->v, OUTCOME_USAGE, "'%s' is none of CCA-AESCIPHER, CCA-AESDATA, EP11-AES",
				   request->key_type);
	if (bits != 128 && bits != 192 && bits != 256)
		return verdict_set(k->v, OUTCOME_USAGE, "an AES key has 128, 192 or 256 bits, not %u", bits);
	if (bits == 192 && request->xts)
		return verdict_set(k->v, OUTCOME_USAGE, "XTS mode knows keys of 128 and 256 bits, not 192");
	if (request->apqns && !cex_apqns_parse(request->apqns, &k->named))
		return verdict_set(k->v, OUTCOME_USAGE,
				   "'%s' is no list of different domains like 00.0047,01.0047",
				   request->apqns);
	return OUTCOME_OK;
}

/* --- which queues --------------------------------------------------------------------------- */

/* Calls @visit for each queue that the request is about. */
static void each_queue(struct keygen *k, void (*visit)(struct keygen *k, const struct cex_card *card,
							const struct cex_queue *queue, void *userdata),
		       void *userdata)
{
	for (size_t i = 0; i < k->bus->n_cards; i++)
		for (size_t j = 0; j < k->bus->cards[i].n_queues; j++) {
			const struct cex_queue *queue = &k->bus->cards[i].queues[j];

			if (!k->limited || cex_apqns_have(&k->named, &queue->apqn))
				visit(k, &k->bus->cards[i], queue, userdata);
		}
}

struct modes {
	bool cca, ep11;
};

static void note_mode(struct keygen *k _unused_, const struct cex_card *card,
		      const struct cex_queue *queue _unused_, void *userdata)
{
	struct modes *modes = userdata;

	modes->cca = modes->cca || card->mode == CEX_MODE_CCA;
	modes->ep11 = modes->ep11 || card->mode == CEX_MODE_EP11;
}

/* A CCA queue that is only offline is a reason to say so, not to make another kind of key. */
static bool choose_ep11(struct keygen *k)
{
	struct modes modes = { false, false };

	each_queue(k, note_mode, &modes);
	if (modes.cca || !modes.ep11)
		return false;
	k->what.kind = CEX_KEY_EP11_AES_HEADER;
	return true;
}

/* What the queues are, one after the other: as many as fit into a line. */
struct survey {
	struct cex_want want;
	enum cex_condition worst; /* of queues that are named, or online */
	bool differ;
	char unfit[120];  /* "00.0048 offline, …" */
	char masters[160]; /* "00.0047 0123456789abcdef, …" */
};

static void append(char *text, size_t size, const struct cex_apqn *apqn, const char *state)
{
	size_t used = strlen(text);
	char name[CEX_APQN_SIZE];

	cex_apqn_text(apqn, name);
	if (used + strlen(state) + sizeof(name) + 3 <= size)
		(void)snprintf(text + used, size - used, "%s%s %s", used ? ", " : "", name, state);
}

static void note_master_key(struct keygen *k, const struct cex_queue *queue, struct survey *survey)
{
	const struct cex_mkvp *mkvp = &queue->masters.keys[CEX_REGISTER_CUR].mkvp;
	char digits[CEX_MKVP_TEXT];

	cex_mkvp_text(mkvp, digits);
	digits[2ul * CEX_MKVP_CCA] = '\0'; /* enough of an EP11 one to tell them apart */
	append(survey->masters, sizeof(survey->masters), &queue->apqn, digits);
	if (!k->found.n)
		k->mkvp = *mkvp;
	if (!cex_mkvp_equal(&k->mkvp, mkvp))
		survey->differ = true;
	else if (k->found.n < LIMIT_AP_APQNS)
		k->found.list[k->found.n++] = queue->apqn;
}

static void survey_queue(struct keygen *k, const struct cex_card *card, const struct cex_queue *queue,
			 void *userdata)
{
	struct survey *survey = userdata;
	enum cex_condition condition = cex_queue_judge(k->bus, card, queue, &survey->want);

	if (condition == CEX_OK) {
		note_master_key(k, queue, survey);
		return;
	}
	/* Like zkey: whatever is online takes part, unless it was left out by name. */
	if (!k->limited && condition != CEX_MASTER_KEY_NOT_SET)
		return;
	append(survey->unfit, sizeof(survey->unfit), &queue->apqn, cex_condition_text(condition));
	survey->worst = condition;
}

static enum outcome master_key_setup(struct keygen *k, enum outcome outcome, const char *what)
{
	char list[CEX_APQNS_SIZE];

	cex_apqns_text(&k->found, list);
	verdict_set(k->v, outcome, "the master key setup is improper: %s", what);
	if (!list[0] || strlen(list) > 100)
		return verdict_hint(k->v, "set one master key everywhere, or name domains with --apqns");
	return verdict_hint(k->v, "set one master key everywhere, or name domains that have the same: "
				  "--apqns %s", list);
}

/* No queue fits: why, over all of them. */
static enum outcome none_fits(struct keygen *k, const struct cex_want *want)
{
	struct cex_reason reason = { "" };
	struct cex_apqn apqn;
	enum cex_condition condition = cex_find(k->bus, &k->modules, want, &apqn, &reason);
	enum outcome o = verdict_cex(k->v, condition, &reason);

	if (o == OUTCOME_CARD_WRONG_MODE)
		verdict_hint(k->v, "%s keys need a %s coprocessor, CEX%d or newer: try another --key-type",
			     cex_key_kind_text(k->what.kind), cex_mode_text(want->mode), want->min_card);
	if (o == OUTCOME_MODULE_MISSING)
		verdict_hint(k->v, "load it with modprobe");
	return o;
}

static enum outcome named_are_there(struct keygen *k)
{
	for (size_t i = 0; i < k->named.n; i++) {
		char name[CEX_APQN_SIZE];
		bool there = false;

		for (size_t c = 0; c < k->bus->n_cards; c++)
			for (size_t q = 0; q < k->bus->cards[c].n_queues; q++)
				there = there || cex_apqn_equal(&k->named.list[i],
								&k->bus->cards[c].queues[q].apqn);
		cex_apqn_text(&k->named.list[i], name);
		if (!there) {
			verdict_set(k->v, OUTCOME_NO_CARD, "there is no domain %s", name);
			return verdict_hint(k->v, "cexluks cards shows the domains");
		}
	}
	return OUTCOME_OK;
}

static enum outcome find_queues(struct keygen *k)
{
	struct survey survey = { .want = cex_want_make(k->what.kind, NULL) };
	struct cex_reason reason = { "" };
	enum cex_module missing;

	each_queue(k, survey_queue, &survey);
	if (!k->found.n && (!k->limited || !k->bus->present))
		return none_fits(k, &survey.want);
	if (cex_modules_missing(&k->modules, survey.want.mode, &missing)) {
		verdict_set(k->v, OUTCOME_MODULE_MISSING, "kernel module %s is not loaded",
			    cex_module_name(missing));
		return verdict_hint(k->v, "modprobe %s", cex_module_name(missing));
	}
	if (survey.worst == CEX_MASTER_KEY_NOT_SET)
		return master_key_setup(k, OUTCOME_MASTER_KEY_NOT_SET, survey.unfit);
	if (survey.worst != CEX_OK) {
		(void)cex_because(&reason, survey.worst, "%s", survey.unfit);
		(void)verdict_cex(k->v, survey.worst, &reason);
		return verdict_hint(k->v, "leave it out of --apqns, or make it usable for %s keys",
				    cex_key_kind_text(k->what.kind));
	}
	if (survey.differ)
		return master_key_setup(k, OUTCOME_MASTER_KEY_UNKNOWN, survey.masters);
	return OUTCOME_OK;
}

/* --- the key -------------------------------------------------------------------------------- */

/* Of those that were found, the ones that the kernel has for such keys. */
static int ask_kernel(struct keygen *k, struct cex_pkey *pkey, struct cex_apqns *ret)
{
	struct cex_apqns known;
	int r = cex_pkey_queues_for_kind(pkey, k->what.kind, &known);

	*ret = k->found;
	if (r == CEX_NOT_SUPPORTED && k->what.kind == CEX_KEY_CCA_AESDATA)
		return 0; /* before 5.4: sysfs has to be enough */
	if (r)
		return r;
	ret->n = 0;
	for (size_t i = 0; i < k->found.n; i++)
		if (cex_apqns_have(&known, &k->found.list[i]))
			ret->list[ret->n++] = k->found.list[i];
	return ret->n ? 0 : CEX_NO_QUEUE;
}

static int make(struct keygen *k, struct cex_pkey *pkey, struct secret **ret)
{
	struct cex_apqns queues;
	int r = ask_kernel(k, pkey, &queues);

	if (r == 0)
		r = cex_pkey_generate(pkey, &k->what, &queues, ret);
	if ((r == CEX_REFUSED || r == CEX_NOT_SUPPORTED) && k->what.kind == CEX_KEY_EP11_AES_HEADER) {
		/* Kernels before 5.11 know the older form only; zkey tries it as well. */
		k->what.kind = CEX_KEY_EP11_AES;
		return make(k, pkey, ret);
	}
	return r;
}

static enum outcome explain(struct keygen *k, int r)
{
	const char *type = cex_key_kind_text(k->what.kind);
	bool ep11 = cex_key_kind_mode(k->what.kind) == CEX_MODE_EP11;
	struct cex_reason reason = { "" };

	if (r < 0)
		return verdict_errno(k->v, r, "/dev/pkey");
	if (r == CEX_NO_QUEUE) {
		/* Without its handler the kernel says the same to every key. */
		verdict_set(k->v, OUTCOME_MODULE_MISSING, "the kernel finds no domain that can make %s keys",
			    type);
		return verdict_hint(k->v, "modprobe %s", cex_module_name(ep11 ? CEX_MODULE_PKEY_EP11 :
										CEX_MODULE_PKEY_CCA));
	}
	(void)cex_because(&reason, (enum cex_condition)r, "no %s key was made: %s", type,
			  cex_condition_text((enum cex_condition)r));
	/* EINVAL here is about the kind of key or its size; there is no key yet that could be wrong. */
	(void)verdict_cex(k->v, r == CEX_REFUSED ? CEX_NOT_SUPPORTED : (enum cex_condition)r, &reason);
	if (r == CEX_BUSY)
		verdict_hint(k->v, "run the command again: a card is busy after its master key was changed");
	else if (r == CEX_CARD_ERROR)
		verdict_hint(k->v, "does the card allow such keys? its access controls: TKE, panel.exe");
	else
		verdict_hint(k->v, "try another --key-type, or a newer kernel");
	return k->v->outcome;
}

/* As the next boot will see it. */
static enum outcome prove(struct keygen *k, const char *sysroot, struct cex_pkey *pkey,
			  struct secret *key, struct keygen_result *ret)
{
	const char *cipher = k->what.cipher == CEX_CIPHER_XTS ? "paes-xts-plain64" : "paes-cbc-plain64";
	enum outcome o = volume_key_take(key, cipher, &ret->key, k->v);

	if (o == OUTCOME_OK && !ret->key.secure)
		return verdict_set(k->v, OUTCOME_NOT_A_SECURE_KEY, "the kernel made no secure key");
	if (o == OUTCOME_OK)
		o = volume_key_verify(&ret->key, sysroot, NULL, k->v);
	if (o != OUTCOME_OK)
		return o;
	ret->key_type = cex_key_kind_text(ret->key.blob.kind);
	if (cex_pkey_queues_for_key(pkey, ret->key.key, &ret->key.blob, false, &ret->apqns) != 0)
		ret->apqns = k->found; /* an old kernel does not tell; these have its master key */
	return verdict_set(k->v, OUTCOME_OK, "a new %s key", ret->key_type);
}

enum outcome op_keygen(const struct keygen_request *request, struct keygen_result *ret,
		       struct verdict *v)
{
	_cleanup_(keygen_done) struct keygen k = { .v = v };
	_cleanup_cex_pkey_ struct cex_pkey *pkey = NULL;
	struct secret *key = NULL;
	enum outcome o = parse(&k, request);
	int r;

	*ret = (struct keygen_result){ 0 };
	if (o != OUTCOME_OK)
		return o;
	r = cex_bus_load(request->sysroot, &k.bus);
	if (r == 0)
		r = cex_modules_load(request->sysroot, &k.modules);
	if (r < 0)
		return verdict_errno(v, r, "cannot look at the AP bus");
	if (k.limited && k.bus->present)
		o = named_are_there(&k);
	if (o == OUTCOME_OK && !request->key_type)
		ret->chose_ep11 = choose_ep11(&k);
	if (o == OUTCOME_OK)
		o = find_queues(&k);
	if (o != OUTCOME_OK)
		return o;
	r = cex_pkey_open(request->sysroot, NULL, &pkey);
	if (r == CEX_MODULE_MISSING)
		return verdict_set(v, OUTCOME_MODULE_MISSING, "/dev/pkey is not there: module pkey");
	if (r == 0)
		r = make(&k, pkey, &key);
	return r == 0 ? prove(&k, request->sysroot, pkey, key, ret) : explain(&k, r);
}
