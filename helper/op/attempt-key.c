/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the passphrase to the open volume. Rule 5: a paes volume is opened by its volume key, once a card
 * can use that; a binding whose passphrase is public opens nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "keyring/keyring.h"
#include "luks/volume-key.h"
#include "luks/volume.h"
#include "op/answer.h"
#include "op/attempt-step.h"

static const struct secret *passphrase_of(const struct attempt *a)
{
	return a->binding.kind == BINDING_CARD ? a->binding.token->passphrase : a->passphrase;
}

/* The passphrase or the key did not do it. */
static void reject(struct attempt *a, int condition, const struct luks_reason *reason)
{
	struct verdict v = { 0 };

	verdict_luks(&v, condition, a->want->name, reason);
	if (condition == LUKS_WRONG_PASSPHRASE)
		attempt_try_next(a, &v); /* something else was wrapped: the next binding may do */
	else
		attempt_fail(a, &v);
}

/* Tested against the checked copy before anybody else gets it; what gave a volume key has been. */
static bool opens_its_keyslot(struct attempt *a)
{
	struct luks_reason reason = { "" };
	int r = a->key.key ? 0 : luks_header_test(a->header, a->keyslot, passphrase_of(a), &reason);

	if (r != 0)
		reject(a, r, &reason);
	return r == 0;
}

static void load_key(struct attempt *a)
{
	struct verdict v = { 0 };
	char description[64];
	int r;

	if (!opens_its_keyslot(a))
		return;
	/* A fresh session does not possess root's user keyring. */
	if (keyring_setup() != 0)
		log_debug("the user keyring cannot be linked");
	(void)snprintf(description, sizeof(description), "cexluks:%s", luks_header_uuid(a->header));
	r = keyring_add(KEYRING_USER, description, passphrase_of(a), a->config->key_expiry_s);
	if (r == 0) {
		attempt_succeed(a, "key loaded, systemd opens it");
		return;
	}
	verdict_set(&v, OUTCOME_INTERNAL, "the kernel keyring took no key: %s",
		    r < 0 ? strerror(-r) : "no keyrings here");
	attempt_fail(a, &v);
}

/* What a card lacks, a passphrase cannot make up for. Short enough for the console. */
static void hint_about_card(struct verdict *v)
{
	static const struct {
		enum outcome outcome;
		const char *next;
	} rows[] = {
		{ OUTCOME_NO_AP_BUS, "attach adapters" },
		{ OUTCOME_NO_CARD, "attach it" },
		{ OUTCOME_CARD_OFFLINE, "set it online" },
		{ OUTCOME_CARD_WRONG_MODE, "change its mode" },
		{ OUTCOME_QUEUE_IN_USE, "free the domain" },
		{ OUTCOME_MASTER_KEY_NOT_SET, "set the master key" },
		{ OUTCOME_MASTER_KEY_UNKNOWN, "attach its domain" },
		{ OUTCOME_DEVICE_MAPPER, "see the kernel log" },
	};
	const struct verdict found = *v;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].outcome == v->outcome)
			verdict_hint(v, "a passphrase cannot replace the card: %s",
				     found.hint[0] ? found.hint : rows[i].next);
}

/*
 * Cards may come at any time. A module or the bus that is missing is final, because nothing loads it
 * later, except that udev may be at it just now: for a card that came this moment, it is.
 */
bool attempt_may_wait_for_card(struct attempt *a, enum outcome outcome)
{
	uint64_t now = deadline_now();

	if (outcome_is_worth_another_try(outcome) || outcome == OUTCOME_DEVICE_MAPPER) {
		a->modules_until_ms = 0;
		return true;
	}
	if (outcome != OUTCOME_MODULE_MISSING && outcome != OUTCOME_NO_AP_BUS)
		return false;
	if (!a->modules_until_ms)
		a->modules_until_ms = now + LIMIT_MODULES_MS;
	return now < a->modules_until_ms;
}

static void wait_for_card(struct attempt *a, struct verdict *v)
{
	if (a->how == ATTEMPT_PROVE) {
		attempt_fail(a, v); /* now counts */
		return;
	}
	hint_about_card(v);
	if (!attempt_may_wait_for_card(a, v->outcome)) {
		attempt_fail(a, v);
		return;
	}
	if (strcmp(a->verdict.cause, v->cause) != 0)
		log_notice("%s: waiting: %s: %s", a->want->name, outcome_word(v->outcome), v->cause);
	a->verdict = *v;
	a->told = a->binding;
}

/*
 * A queue has the master key and the kernel takes the volume key not: so it is when a master key
 * was set a moment ago. The next look at the cards is the next try, and this the verdict if there
 * is none.
 */
static void kernel_refused(struct attempt *a, const struct luks_reason *reason)
{
	struct verdict v = { 0 };

	(void)volume_key_refused(a->config->sysroot, reason->text, &v);
	wait_for_card(a, &v);
}

static void activate(struct attempt *a)
{
	const struct luks_open_flags *flags = &a->want->options.flags;
	struct luks_reason reason = { "" };
	int r;

	if (a->key.secure)
		r = luks_volume_key_open(a->header, a->key.key, a->want->name, flags, &reason);
	else
		r = luks_volume_open(a->header, a->keyslot, passphrase_of(a), a->want->name, flags,
				     &reason);
	if (r == 0)
		attempt_succeed(a, "opened");
	else if (r == LUKS_ACTIVE)
		attempt_found_open(a, a->want->name);
	else if (r == LUKS_KERNEL_REFUSED && a->key.secure)
		kernel_refused(a, &reason);
	else
		reject(a, r, &reason);
}

/*
 * systemd keeps every answer as user key "cryptsetup" for 150 s, to try it on other volumes. Ours
 * fits one volume only and must not outlive the initramfs.
 */
static void forget_answer(void)
{
	int r = keyring_forget(KEYRING_USER, "cryptsetup");

	if (r < 0)
		log_warning("systemd's cached passphrases stay in the keyring: %s", strerror(-r));
}

void attempt_answer(struct attempt *a)
{
	const char *name = attempt_active_name(a->want);
	int r;

	if (name) {
		attempt_found_open(a, name);
		if (a->answered)
			forget_answer();
		if (a->state == ATTEMPT_OPENED && a->answered)
			verdict_set(&a->verdict, OUTCOME_OK, "opened at the prompt");
		return;
	}
	if (a->state == ATTEMPT_HAS_ANSWERED)
		return;
	r = answer_question(a->device, passphrase_of(a));
	if (r == ANSWER_SENT) {
		a->answered = true;
		a->state = ATTEMPT_HAS_ANSWERED;
		verdict_set(&a->verdict, OUTCOME_TIMEOUT,
			    "systemd got the passphrase for %s and did not open it", a->device->path);
		secret_free(take_ptr(a->passphrase));
	} else if (r < 0) {
		log_debug("%s: no answer sent: %s", a->want->name, strerror(-r));
	}
}

static void prepare_answer(struct attempt *a)
{
	if (!opens_its_keyslot(a))
		return;
	verdict_set(&a->verdict, OUTCOME_TIMEOUT, "systemd asks no question for %s",
		    a->device->path);
	a->told = a->binding;
	a->state = ATTEMPT_HAS_PASSPHRASE;
	attempt_answer(a);
}

/* Everything but the last step. */
static void prove(struct attempt *a)
{
	char how[64];

	if (!opens_its_keyslot(a))
		return;
	if (a->key.secure && !a->elsewhere)
		a->n_queues = volume_key_count_queues(&a->key, a->config->sysroot);
	(void)snprintf(how, sizeof(how), "opens keyslot %d in %.1f s", a->keyslot,
		       (double)(deadline_now() - a->started_ms) / 1000.0);
	attempt_succeed(a, how);
}

/* Nothing stands in the way any more. */
static void use(struct attempt *a)
{
	bool left_to_systemd = attempt_is_for_systemd(a) && a->how != ATTEMPT_PROVE;

	switch (left_to_systemd ? ATTEMPT_LOAD : a->how) {
	case ATTEMPT_LOAD:
		load_key(a);
		break;
	case ATTEMPT_ANSWER:
		prepare_answer(a);
		break;
	case ATTEMPT_ACTIVATE:
		activate(a);
		break;
	case ATTEMPT_PROVE:
		prove(a);
		break;
	}
}

static enum outcome check_pattern(const struct attempt *a, struct verdict *v)
{
	const char *uuid = luks_header_uuid(a->header);
	char pattern[CEX_PATTERN_SIZE];
	enum outcome o;

	if (!policy_wants_pattern(a->want->pin, a->cmdline, uuid))
		return OUTCOME_OK;
	o = volume_key_pattern(&a->key, pattern, v);
	return o == OUTCOME_OK ?
		       policy_check_pattern(a->want->pin, a->cmdline, uuid, pattern, v) : o;
}

static void look_at_own_cards(struct attempt *a)
{
	struct cex_verified found = { .old = false };
	struct verdict v = { 0 };
	enum outcome o = volume_key_verify(&a->key, a->config->sysroot, &found, &v);

	a->key_is_new = false;
	if (o == OUTCOME_OK)
		o = check_pattern(a, &v);
	if (o != OUTCOME_OK) {
		wait_for_card(a, &v);
		return;
	}
	if (found.old && !a->old_master_key)
		log_warning("%s: master-key-old: re-encipher its key before the next change of the "
			    "master key", a->want->name);
	a->old_master_key = found.old;
	use(a);
}

/* A verification pattern stays unproven: only a card could compute it. */
static void judge_elsewhere(struct attempt *a)
{
	struct verdict v = { 0 };

	if (volume_key_judge(&a->key, a->elsewhere, &a->old_master_key, &a->n_queues, &v) == OUTCOME_OK)
		use(a);
	else
		attempt_fail(a, &v);
}

void attempt_look_at_cards(struct attempt *a)
{
	if (a->elsewhere) {
		judge_elsewhere(a);
		return;
	}
	look_at_own_cards(a);
}

/* paes, and yet no card is needed: then a KMS may be the lock, if nothing asks for more. */
static void use_unprotected_key(struct attempt *a, const struct verdict *why)
{
	struct verdict v = { 0 };

	if (a->binding.kind != BINDING_KMS || policy_wants_secure_key(a->config, a->want->pin)) {
		verdict_set(&v, OUTCOME_NOT_A_SECURE_KEY, "%s", why->cause);
		attempt_fail(a, &v);
		return;
	}
	if (check_pattern(a, &v) != OUTCOME_OK) {
		attempt_fail(a, &v);
		return;
	}
	a->clear_key = true;
	if (a->how != ATTEMPT_PROVE)
		log_warning("%s: no card protects this volume: its paes key is a clear one",
			    a->want->name);
	use(a);
}

/* A file names no keyslot: it is the one that no binding has, or of several the one that it opens. */
static int find_keyslot(struct attempt *a, struct luks_reason *reason)
{
	const struct luks_keyslot *keyslots;
	size_t others = 0, n = luks_header_keyslots(a->header, &keyslots);

	a->keyslot = binding_keyslot(&a->binding);
	if (a->keyslot >= 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!keyslots[i].ours) {
			a->keyslot = keyslots[i].id;
			others++;
		}
	if (others == 1)
		return 0;
	return luks_header_find_keyslot(a->header, passphrase_of(a), true, &a->keyslot, reason);
}

static void read_volume_key(struct attempt *a)
{
	struct verdict v = { 0 };
	enum outcome o = volume_key_read(a->header, a->keyslot, passphrase_of(a), &a->key, &v);

	if (o == OUTCOME_WRONG_PASSPHRASE) {
		attempt_try_next(a, &v);
		return;
	}
	if (o != OUTCOME_OK) {
		attempt_fail(a, &v);
		return;
	}
	if (!a->key.secure) {
		use_unprotected_key(a, &v);
		return;
	}
	verdict_set(&a->verdict, OUTCOME_TIMEOUT, "no time was left to look at the cards");
	a->told = a->binding;
	a->key_is_new = true;
	a->state = ATTEMPT_WAITS_FOR_CARD;
}

void attempt_use_passphrase(struct attempt *a)
{
	struct luks_reason reason = { "" };
	int r = find_keyslot(a, &reason);

	if (r != 0) {
		reject(a, r, &reason);
		return;
	}
	if (attempt_is_for_systemd(a) && a->how != ATTEMPT_PROVE)
		log_warning("%s: option \"%s\" is systemd's: loading the key, leaving the volume to it",
			    a->want->name, a->want->options.unknown);
	/* Any other volume is opened by passphrase, so that no clear volume key passes through us. */
	if (luks_header_is_paes(a->header))
		read_volume_key(a);
	else
		use(a);
}
