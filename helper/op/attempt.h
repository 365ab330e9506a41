/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening one volume automatically, as a small state machine that boot and open drive with events:
 * the device appears, the network comes up, the service answers. It reads as rule 4 wants it: the
 * device is resolved once, its header copied and checked, and that copy is what gets opened.
 */
#ifndef CEXLUKS_OP_ATTEMPT_H
#define CEXLUKS_OP_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "luks/header.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/plan.h"
#include "op/session.h"
#include "op/verdict.h"

enum attempt_state {
	ATTEMPT_WAITS_FOR_DEVICE,
	ATTEMPT_WAITS_FOR_NETWORK, /* header checked, binding chosen */
	ATTEMPT_WAITS_FOR_KMS,	   /* job under way */
	ATTEMPT_HAS_PASSPHRASE,	   /* retry behind a prompt: the question is not pending yet */
	ATTEMPT_HAS_ANSWERED,	   /* systemd opens it now; its live table is still to be compared */
	ATTEMPT_OPENED,		   /* or keys loaded, or open already */
	ATTEMPT_FAILED,
	ATTEMPT_REFUSED,
};

/* What to do with a passphrase that opens its keyslot. */
enum attempt_how {
	ATTEMPT_ACTIVATE, /* open the volume */
	ATTEMPT_LOAD,	  /* put it into the keyring for systemd */
	ATTEMPT_ANSWER,	  /* answer the pending question of systemd-cryptsetup */
};

struct attempt {
	struct config *config;
	const struct cmdline *cmdline;
	struct plan_volume *want;
	enum attempt_how how;
	enum attempt_state state;
	struct verdict verdict;
	struct luks_device *device, *header_device;
	struct luks_header *header;
	const struct luks_token *order[LIMIT_TOKENS]; /* borrowed from header */
	size_t n_order, next;
	const struct luks_token *token; /* being tried; in the end the one that the verdict is about */
	const struct luks_token *told;	/* what a->verdict is about, while others are tried */
	unsigned job;
	struct secret *passphrase;
	bool answered;
	uint64_t started_ms, device_ms, submitted_ms, ended_ms;
	unsigned tries;
	char correlation_id[UUID_SIZE], iam_request_id[65];
};

/* @config, @cmdline and @want are borrowed and must outlive the attempt. */
void attempt_init(struct attempt *a, struct config *config, const struct cmdline *cmdline,
		  struct plan_volume *want, enum attempt_how how);
void attempt_done(struct attempt *a);

bool attempt_is_over(const struct attempt *a);

/* Is the device there? Then copy and check its header and choose a binding. */
void attempt_look(struct attempt *a);

/* The network is up: ask for the passphrase. @deadline: of the whole attempt. */
void attempt_submit(struct attempt *a, struct op_session *session, deadline_t deadline);

/* A final reply whose id is a->job. Opens the volume, or goes on to the next binding. */
void attempt_reply(struct attempt *a, struct kms_reply *reply);

/* ATTEMPT_HAS_PASSPHRASE: answer if the question is pending by now. ATTEMPT_HAS_ANSWERED: compare
 * the live table once the mapping is there. */
void attempt_answer(struct attempt *a);

/* Patience is over: gives the verdict that fits the state. */
void attempt_give_up(struct attempt *a);

#endif
