/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bindings that were tried for one volume, in the order in which their turn came: when, how long, and what came of
 * each. A slow service and the binding tried beside it are two of them. For the report; nothing is decided by it.
 */
#ifndef CEXLUKS_OP_TRIED_H
#define CEXLUKS_OP_TRIED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/uuid.h"
#include "op/binding.h"
#include "op/verdict.h"

struct tried {
	struct binding binding;
	bool is_asked;
	uint64_t began_ms, ended_ms; /* CLOCK_BOOTTIME; ended_ms is 0 while it is under way */
	struct verdict verdict;	     /* once it has ended */
	unsigned requests;
	char correlation_id[UUID_SIZE], iam_request_id[65];
};

struct tried_list {
	struct tried list[LIMIT_TRIED];
	size_t n; /* all of them, also those that had no room */
};

/* How many are in the list. */
size_t tried_listed(const struct tried_list *t);

/* It is @binding's turn, perhaps once more. */
void tried_begin(struct tried_list *t, const struct binding *binding);

/* The last turn was taken away again, and may come once more: if nothing was asked, it was none. */
void tried_put_back(struct tried_list *t);

/* Its service is asked now: the time counts from here, and not anew when that is done once more. */
void tried_ask(struct tried_list *t, const struct binding *binding);

/* What the service said about the request, whatever it was. */
void tried_reply(struct tried_list *t, const struct binding *binding, const struct kms_reply *reply);

/* This came of it. The first word counts. */
void tried_end(struct tried_list *t, const struct binding *binding, const struct verdict *v);

/* It is over; whoever has given no answer until now has timed out. */
void tried_end_all(struct tried_list *t);

#endif
