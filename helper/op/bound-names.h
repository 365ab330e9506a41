/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bindings of one volume by name, each once: an interrupted run may have left two tokens of one.
 */
#ifndef CEXLUKS_OP_BOUND_NAMES_H
#define CEXLUKS_OP_BOUND_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "luks/header.h"
#include "op/verdict.h"

struct bound_names {
	char *list[LIMIT_TOKENS]; /* "kms:prod", "card", in the order of their tokens */
	size_t n;
	char uuid[UUID_SIZE]; /* of the volume */
};

/* @ret: release with bound_names_done(), also after a failure. No binding at all is fine. */
enum outcome bound_names_read(const char *device, struct bound_names *ret,
			      struct verdict *v) _must_check_;

/* The same, and those that have a token and no keyslot: interrupted, or lost their keyslot to somebody else. */
enum outcome bound_names_read_bare(const char *device, struct bound_names *ret,
				   struct verdict *v) _must_check_;

/* Of @header, those that have a token and nothing that opens the volume. Return: 0 or -ENOMEM. */
int bound_names_lost(const struct luks_header *header, struct bound_names *ret) _must_check_;

/* What is to be said of one of them: OUTCOME_NOT_BOUND, and what makes it work again. */
enum outcome bound_names_say_lost(struct verdict *v, const char *binding, const char *device);
void bound_names_done(struct bound_names *names);
#define _cleanup_bound_names_ _cleanup_(bound_names_done)

bool bound_names_have(const struct bound_names *names, const char *binding);

#endif
