/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "op/bound-names.h"
#include "op/check-find.h"
#include "op/round.h"

static const char *name_of(const struct attempt *a)
{
	if (a->device)
		return a->device->path;
	return a->want->source[0] ? a->want->source : a->want->uuid;
}

/* A keyslot that no token names waits for what somebody types. */
static void check_people(struct checker *c, const struct attempt *a)
{
	const struct luks_keyslot *slots;
	size_t n = luks_header_keyslots(a->header, &slots);

	for (size_t i = 0; i < n; i++)
		if (!slots[i].ours && !slots[i].token_type[0])
			return;
	check_warn(c, name_of(a), "passphrase", WARNING_NO_PASSPHRASE,
		   "no keyslot is for people: without its bindings nobody opens it");
}

/* The boot does not even try them: other bindings may still open the volume. */
static void check_lost(struct checker *c, const struct attempt *a)
{
	_cleanup_bound_names_ struct bound_names lost = { .n = 0 };
	struct verdict v = { 0 };
	int r = bound_names_lost(a->header, &lost);

	c->no_memory = c->no_memory || r < 0;
	for (size_t i = 0; i < lost.n; i++) {
		(void)bound_names_say_lost(&v, lost.list[i], name_of(a));
		check_found(c, name_of(a), lost.list[i], &v);
	}
}

/* What an attempt that succeeded noticed on its way. */
static void warn_about(struct checker *c, const struct attempt *a, const char *binding)
{
	if (a->old_master_key)
		check_warn(c, name_of(a), binding, WARNING_MASTER_KEY_OLD,
			   "%s the volume's master key as its old one", c->elsewhere ? "there a card has" : "the card has");
	if (a->n_queues == 1)
		check_warn(c, name_of(a), binding, WARNING_SINGLE_QUEUE,
			   "one domain has the master key, and no other");
	if (a->rewrap_due)
		check_warn(c, name_of(a), binding, WARNING_REWRAP_DUE,
			   "the root key was rotated since the passphrase was wrapped");
	if (a->clear_key)
		check_warn(c, name_of(a), binding, WARNING_CLEAR_KEY,
			   "no card protects this volume: its paes key is a clear one");
}

/* Proved, or as far as header and configuration tell. */
static bool is_good(const struct attempt *a)
{
	return a->state == ATTEMPT_OPENED || a->state == ATTEMPT_MAY_START ||
	       a->state == ATTEMPT_WAITS_FOR_NETWORK;
}

/* A site's command line picks its own services: that the others are not used is no failure. */
static bool is_left_out(const struct checker *c, const struct attempt *a)
{
	return a->verdict.outcome == OUTCOME_NOT_BOUND && a->binding.kind == BINDING_KMS &&
	       !cmdline_allows_profile(c->setup.cmdline, a->binding.token->profile);
}

/* Where all are left out, nothing opens the volume, and that is one. */
static bool are_all_left_out(const struct checker *c, const struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++)
		if (!is_left_out(c, &round->attempts[i]))
			return false;
	return true;
}

static void conclude(struct checker *c, struct attempt *a, bool is_note)
{
	char binding[BINDING_NAME_SIZE];

	binding_name(&a->binding, binding);
	if (is_note)
		a->verdict.outcome = OUTCOME_NOTHING_TO_DO;
	if (is_good(a) && a->state != ATTEMPT_OPENED)
		(void)verdict_set(&a->verdict, OUTCOME_OK, "would be tried");
	check_found(c, name_of(a), binding[0] ? binding : "header", &a->verdict);
	if (a->state == ATTEMPT_OPENED)
		warn_about(c, a, binding);
}

/* The boot takes them in order, and one that is refused shuts the volume for all that come after it. */
static bool boot_opens(const struct attempt *attempts, size_t n)
{
	for (size_t i = 0; i < n && !attempts[i].is_last; i++)
		if (is_good(&attempts[i]))
			return true;
	return false;
}

static int try_all(struct checker *c, struct round *round)
{
	int r;

	if (c->request->offline) {
		for (size_t i = 0; i < round->n_attempts; i++)
			attempt_look(&round->attempts[i]);
		return 0;
	}
	r = round_begin(round);
	if (r == 0)
		round_run(round, deadline_after(c->request->timeout_ms));
	return r;
}

/* Every binding by itself, all at once. Whether the boot opens the volume. */
static bool check_bindings(struct checker *c, struct plan_volume *want, size_t n)
{
	struct plan none = { 0 };
	struct round round = {
		.config = c->setup.config,
		.cmdline = c->setup.cmdline,
		.plan = &none,
		.session = c->session,
		.questions = -1,
		.how = ATTEMPT_PROVE,
	};
	struct verdict v = { 0 };
	bool opens = false;
	int r;

	for (size_t i = 0; i < n && i < LIMIT_VOLUMES; i++) {
		struct attempt *a = &round.attempts[round.n_attempts++];

		attempt_init(a, c->setup.config, c->setup.cmdline, want, ATTEMPT_PROVE);
		a->only = (int)i;
		a->elsewhere = c->elsewhere;
	}
	r = try_all(c, &round);
	if (r == 0) {
		bool all_out = are_all_left_out(c, &round);

		for (size_t i = 0; i < round.n_attempts; i++)
			conclude(c, &round.attempts[i],
				 !all_out && is_left_out(c, &round.attempts[i]));
		opens = boot_opens(round.attempts, round.n_attempts);
	} else {
		(void)verdict_errno(&v, r, "cannot watch disks and network");
		check_found(c, want->uuid, "bindings", &v);
	}
	round_end(&round);
	return opens;
}

static bool has_token_of(const struct luks_header *header, const char *type)
{
	const struct luks_keyslot *slots;
	size_t n = luks_header_keyslots(header, &slots);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(slots[i].token_type, type))
			return true;
	return false;
}

/*
 * crypttab has volumes that others open, or that nobody waits for. What stops the boot at a prompt is not among them,
 * nor what the configuration or the caller names.
 */
static bool is_not_ours(const struct checker *c, const struct attempt *a)
{
	const struct plan_volume *want = a->want;

	if (c->request->device || want->pin || !want->asked_elsewhere)
		return false;
	if (a->verdict.outcome == OUTCOME_DEVICE_MISSING)
		return want->options.nofail;
	return a->verdict.outcome == OUTCOME_NOT_BOUND &&
	       (want->options.nofail || want->has_key || want->options.unknown[0] ||
		(a->header && has_token_of(a->header, "clevis")));
}

/* As the boot leaves it to systemd (op/attempt.c), with a key that was just unwrapped. */
static bool opens_by_key(const struct checker *c, struct attempt *a)
{
	const char *key;

	if (!a->header || a->verdict.outcome != OUTCOME_NOT_BOUND ||
	    !plan_wants_keys(c->setup.config, c->setup.cmdline) ||
	    policy_has_conditions(c->setup.config, a->want->pin, c->setup.cmdline, luks_header_uuid(a->header)))
		return false;
	key = check_key_of(c, a->header);
	if (key)
		(void)verdict_set(&a->verdict, OUTCOME_OK, "systemd opens it with %s of the keys directory", key);
	return key;
}

/* With the device found and its header read, as far as they are there. */
static void judge(struct checker *c, struct attempt *first)
{
	const char *why_not = check_why_not_at_boot(c, first->want);
	bool opens = false, ours = true;

	if (why_not && !c->request->device)
		return;
	if (why_not)
		check_warn(c, name_of(first), "boot", WARNING_NOT_AT_BOOT, "the boot does not open it: %s",
			   why_not);
	if (!first->n_order) {
		opens = opens_by_key(c, first);
		ours = !is_not_ours(c, first);
		if (!ours)
			first->verdict.outcome = OUTCOME_NOTHING_TO_DO;
		check_found(c, name_of(first), "header", &first->verdict);
	} else {
		opens = check_bindings(c, first->want, first->n_order);
	}
	c->found->n_volumes += ours;
	if (first->header && first->n_order) {
		check_lost(c, first);
		check_people(c, first);
	}
	c->found->n_opening += opens && !why_not;
}

void check_volume(struct checker *c, struct plan_volume *want)
{
	struct attempt first;

	log_step("trying %s as the boot would ...", want->source[0] ? want->source : want->uuid);
	attempt_init(&first, c->setup.config, c->setup.cmdline, want, ATTEMPT_PROVE);
	attempt_look(&first);
	judge(c, &first);
	attempt_done(&first);
}
