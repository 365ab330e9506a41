/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

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

/* What an attempt that succeeded noticed on its way. */
static void warn_about(struct checker *c, const struct attempt *a, const char *binding)
{
	if (a->old_master_key)
		check_warn(c, name_of(a), binding, WARNING_MASTER_KEY_OLD,
			   "the card has the volume's master key as its old one");
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

/* Whether this binding opens the volume. */
static bool conclude(struct checker *c, struct attempt *a)
{
	char binding[BINDING_NAME_SIZE];

	binding_name(&a->binding, binding);
	check_found(c, name_of(a), binding[0] ? binding : "header", &a->verdict);
	if (a->state != ATTEMPT_OPENED)
		return false;
	warn_about(c, a, binding);
	return true;
}

/* Neither KMS nor card is asked: what policy says of each binding. */
static size_t check_policy(struct checker *c, const struct attempt *a)
{
	size_t good = 0;

	for (size_t i = 0; i < a->n_order; i++) {
		char binding[BINDING_NAME_SIZE];
		struct verdict v = { 0 };

		binding_name(&a->order[i], binding);
		if (policy_check_binding(c->setup.config, a->want->pin, c->setup.cmdline, a->header,
					 &a->order[i], &v) == OUTCOME_OK) {
			(void)verdict_set(&v, OUTCOME_OK, "would be tried");
			good++;
		}
		check_found(c, name_of(a), binding, &v);
	}
	return good;
}

/* Every binding by itself, all at once. How many open the volume. */
static size_t check_bindings(struct checker *c, struct plan_volume *want, size_t n)
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
	size_t good = 0;
	int r = round_begin(&round);

	for (size_t i = 0; r == 0 && i < n && i < LIMIT_VOLUMES; i++) {
		struct attempt *a = &round.attempts[round.n_attempts++];

		attempt_init(a, c->setup.config, c->setup.cmdline, want, ATTEMPT_PROVE);
		a->only = (int)i;
	}
	if (r == 0) {
		round_run(&round, deadline_after(c->request->timeout_ms));
	} else {
		(void)verdict_errno(&v, r, "cannot watch disks and network");
		check_found(c, want->uuid, "bindings", &v);
	}
	for (size_t i = 0; i < round.n_attempts; i++)
		good += conclude(c, &round.attempts[i]);
	round_end(&round);
	return good;
}

void check_volume(struct checker *c, struct plan_volume *want)
{
	struct attempt first;
	size_t good = 0;

	attempt_init(&first, c->setup.config, c->setup.cmdline, want, ATTEMPT_PROVE);
	attempt_look(&first);
	c->found->n_volumes++;
	if (!first.n_order)
		check_found(c, name_of(&first), "header", &first.verdict);
	else if (c->request->offline)
		good = check_policy(c, &first);
	else
		good = check_bindings(c, want, first.n_order);
	if (first.header && first.n_order)
		check_people(c, &first);
	c->found->n_opening += good > 0;
	attempt_done(&first);
}
