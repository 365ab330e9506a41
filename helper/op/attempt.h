/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening one volume automatically, as a small state machine that boot and open drive with events:
 * the device appears, the network comes up, the service answers, a card comes. It reads as rule 4
 * wants it: the device is resolved once, its header copied and checked, and that copy is what gets
 * opened. A service that is slow gets company: the next binding is tried beside it, and the first
 * that opens the volume wins. With the passphrase in hand rule 5 takes over (attempt-key.c): a paes volume is opened by
 * its volume key, and only as what that key is. All bindings of a volume lead to one volume key, so
 * a missing card is no reason to try another binding.
 */
#ifndef CEXLUKS_OP_ATTEMPT_H
#define CEXLUKS_OP_ATTEMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "luks/header.h"
#include "op/binding.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/plan.h"
#include "op/policy.h"
#include "op/session.h"
#include "op/tried.h"
#include "op/verdict.h"
#include "op/volume-key.h"

struct keys;

/* A binding whose service was asked and has not answered yet. */
struct attempt_job {
	struct binding binding;
	unsigned id;
};

enum attempt_state {
	ATTEMPT_WAITS_FOR_DEVICE,
	ATTEMPT_MAY_START,	   /* header checked, a binding chosen that needs no network */
	ATTEMPT_WAITS_FOR_NETWORK, /* header checked, binding chosen */
	ATTEMPT_WAITS_FOR_SEAL,	   /* as before, but no card was found yet that opens the profile's API key */
	ATTEMPT_WAITS_FOR_KMS,	   /* job under way */
	ATTEMPT_WAITS_FOR_CARD,	   /* the volume key is in hand: a secure one, and no card was found for it yet */
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
	ATTEMPT_PROVE,	  /* nothing: it would open, also while it is open */
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
	int only;		/* number of the binding in policy's order to try alone; -1: all */
	struct binding order[POLICY_BINDINGS];
	size_t n_order, next;
	struct binding binding; /* being tried; in the end the one that the verdict is about */
	struct binding told;	/* what a->verdict is about, while others are tried */
	struct tried_list tried; /* for the report; borrows from the header as the bindings do */
	int keyslot;		/* of the binding, once its passphrase is in hand */
	unsigned job;
	deadline_t slow_at;	/* ATTEMPT_WAITS_FOR_KMS: from when on the next binding is tried as well; 0: there is none */
	struct attempt_job slow[POLICY_BINDINGS]; /* asked before, beside what is being tried now */
	size_t n_slow;
	struct secret *passphrase; /* from a KMS or a file; a card binding's is in its token */
	struct volume_key key;	   /* of a paes volume, once a passphrase gave it */
	bool key_is_new;	   /* no card was asked about it yet */
	uint64_t modules_until_ms; /* how long modules may still come; 0: none is missing */
	bool waited_for_card;	   /* until patience was over */
	bool is_last;		   /* failed so that no binding after this one is tried */
	bool old_master_key;	   /* opened, but to be re-enciphered before the next change */
	bool clear_key;		   /* of a paes volume, which then has no card for a lock */
	bool rewrap_due;	   /* the root key was rotated since */
	size_t n_queues;	   /* ATTEMPT_PROVE: that have the master key of a secure one */
	const struct cex_bus *elsewhere; /* ATTEMPT_PROVE: cards to be judged by, in place of this machine's; NULL */
	bool answered;
	bool by_token;		   /* "opened": left to a luks2-keyring token, whose key is still to come */
	bool unchecked_key;	   /* somebody else opened it, and its pattern could not be compared */
	uint64_t started_ms, device_ms, submitted_ms, ended_ms;
	unsigned tries;
	char correlation_id[UUID_SIZE], iam_request_id[65];
};

/* @config, @cmdline and @want are borrowed and must outlive the attempt. */
void attempt_init(struct attempt *a, struct config *config, const struct cmdline *cmdline,
		  struct plan_volume *want, enum attempt_how how);
void attempt_done(struct attempt *a);

bool attempt_is_over(const struct attempt *a);

/* Whether its device carries a token of ours, also in a header that was refused. */
bool attempt_is_bound(const struct attempt *a);

/* The first name of @want (its own, then the aliases) that a mapping has now; NULL: none has. */
const char *attempt_active_name(const struct plan_volume *want);

/* Failed, and yet it may succeed later: as its outcome says, or because a card's kernel was not ready. */
bool attempt_is_worth_another(const struct attempt *a);

/* Is the device there? Then copy and check its header and choose a binding. */
void attempt_look(struct attempt *a);

/* ATTEMPT_MAY_START: the passphrase is public, so everything else is up to the volume key. */
void attempt_start(struct attempt *a);

/*
 * The network is up: ask for the passphrase. @deadline: of the whole attempt. With the last binding, cards that cannot
 * open a sealed API key now may do so later: ATTEMPT_WAITS_FOR_SEAL, for when something has changed.
 */
void attempt_submit(struct attempt *a, struct op_session *session, deadline_t deadline);

/* ATTEMPT_WAITS_FOR_KMS and a->slow_at is over: chooses the next binding, and takes the answer of either. */
void attempt_look_further(struct attempt *a);

/* Whether the final reply to job @id is to be given to attempt_reply(). */
bool attempt_awaits(const struct attempt *a, unsigned id);

/* A final reply that the attempt awaits. Opens the volume, or goes on to the next binding. */
void attempt_reply(struct attempt *a, struct kms_reply *reply);

/**
 * attempt_look_at_cards() - ATTEMPT_WAITS_FOR_CARD: can one use the volume key by now?
 *
 * Opens the volume if so. Asks cards and kernel, so it is for when something has changed.
 */
void attempt_look_at_cards(struct attempt *a);

/* ATTEMPT_HAS_PASSPHRASE: answer if the question is pending by now. ATTEMPT_HAS_ANSWERED: compare
 * the live table once the mapping is there. */
void attempt_answer(struct attempt *a);

/**
 * attempt_settle_token() - a->by_token: nothing more comes from the keys directory
 * @keys:  after keys_end(); NULL when there were none to load
 * @about: what became of them all
 *
 * Fails unless a key that its tokens name was loaded: nobody can open it then.
 */
void attempt_settle_token(struct attempt *a, const struct keys *keys, const struct verdict *about);

/* Patience is over: gives the verdict that fits the state. */
void attempt_give_up(struct attempt *a);

#endif
