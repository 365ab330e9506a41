/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One round of attempts under one deadline: the loop that owns all waiting. It sleeps in poll(2)
 * on disks, network, cards, net child and pending questions, and lets each attempt take its next step.
 */
#ifndef CEXLUKS_OP_ROUND_H
#define CEXLUKS_OP_ROUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/deadline.h"
#include "cex/watch.h"
#include "kms/network.h"
#include "luks/watch.h"
#include "op/attempt.h"
#include "op/keys.h"
#include "op/plan.h"
#include "op/session.h"

struct round {
	struct config *config;
	const struct cmdline *cmdline;
	struct plan *plan;
	struct op_session *session;
	struct luks_watch *disks;
	struct network_watch *network;
	struct cex_watch *cards; /* made when a volume waits for one; a test may set it before */
	bool cards_changed;	 /* whoever waits for a card should look again */
	int questions;		/* answer_watch(), or -1 */
	enum attempt_how how;
	bool (*how_for)(const struct plan_volume *volume); /* ANSWER only for these; NULL: all alike */
	bool wait_for_network;	/* false: the first try does not wait for an interface */
	struct attempt attempts[LIMIT_VOLUMES];
	size_t n_attempts;
	struct keys *keys;	/* to be loaded as well, with the same session; or NULL */
	bool keys_can_wait;	/* they are for volumes left to their tokens: without one they hold nobody up */
	uint64_t network_ms;	/* first seen up; 0: never looked or never up */
};

/* Opens the watches and one attempt per planned volume that is not open yet. */
int round_begin(struct round *round) _must_check_;
void round_end(struct round *round);

/**
 * round_run() - until every attempt is over or the deadline is
 *
 * With plan->scan set, devices that are there when udev's queue is empty join, if they carry our
 * token; when none does the round is over at once.
 */
void round_run(struct round *round, deadline_t deadline);

/**
 * round_end_keys() - the sum of the keys directory, and what it means for volumes left to their tokens
 * @about: as keys_new() left it; in the end what became of the keys
 */
void round_end_keys(struct round *round, struct verdict *about);

#endif
