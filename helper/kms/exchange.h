/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One request until there is a verdict: resolve the name, try, judge, wait, try again, all under
 * one deadline. It knows neither IAM nor Key Protect; its owner builds the request and judges the
 * answers.
 */
#ifndef CEXLUKS_KMS_EXCHANGE_H
#define CEXLUKS_KMS_EXCHANGE_H

#include <stdbool.h>

#include "kms/errors.h"
#include "kms/http.h"
#include "kms/net.h"

/* Where a request connects to: the service, or the proxy in front of it. */
struct target {
	char *host;  /* without brackets */
	unsigned port;
	char *fixed; /* configured addresses, or NULL */
	bool numeric;
};

/**
 * target_init() - from a checked profile
 * @endpoint: URL of the service
 *
 * Return: 0, -ENOMEM.
 */
int target_init(struct target *target, const struct kms_profile *profile,
		const char *endpoint) _must_check_;
void target_done(struct target *target);

struct exchange_ops {
	/* Fills in the request but for resolve and deadline; what it points to outlives the try. */
	int (*build)(void *owner, struct http_request *ret);
	/* What an answer means. */
	void (*judge)(void *owner, const struct http_answer *answer, struct verdict *ret);
	/* The verdict is final and the exchange idle again: it may be started anew from here. */
	void (*done)(void *owner, const struct verdict *verdict);
};

enum exchange_state {
	EXCHANGE_IDLE,
	EXCHANGE_RESOLVING,
	EXCHANGE_RUNNING,
	EXCHANGE_WAITING,
};

struct exchange {
	struct net *net;
	const struct exchange_ops *ops;
	void *owner;
	const struct target *target;
	enum exchange_state state;
	deadline_t deadline;
	bool once; /* not to be repeated when the service may have seen it */
	unsigned tries;
	/* private */
	struct http_request request;
	char *resolve;
	struct http_try *http;
	uint64_t asked_at;
	deadline_t wake;
	unsigned answers;
	struct verdict last;
};

/* Begins; ops, owner, target, deadline are set. The verdict may come before this returns. */
void exchange_start(struct exchange *x);

/* Does what is due: name resolved, wait over, deadline over. */
void exchange_step(struct exchange *x);

/* libcurl says that the try ended. */
void exchange_try_ended(struct exchange *x, CURLcode result);

/* An interface or address came or went: do not sit out a wait that was for want of a network. */
void exchange_network_changed(struct exchange *x);

/* When exchange_step() has something to do by itself. */
deadline_t exchange_wake(const struct exchange *x);

/* What the verdict would be if the time were over now. */
void exchange_verdict_now(const struct exchange *x, struct verdict *ret);

/* Stops without a verdict and releases what it holds; it can be started again. */
void exchange_cancel(struct exchange *x);

#endif
