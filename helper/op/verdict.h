/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operation has to say when it is over: the outcome, the cause with its values, and the
 * next step. Operations fill one in; whoever called them from cli/ (or boot's report) speaks.
 */
#ifndef CEXLUKS_OP_VERDICT_H
#define CEXLUKS_OP_VERDICT_H

#include "base/attributes.h"
#include "cex/condition.h"
#include "kms/client.h"
#include "luks/condition.h"
#include "op/outcome.h"

struct verdict {
	enum outcome outcome;
	char cause[320];
	char hint[256]; /* "" uses the table's hint */
};

/* Sets outcome and cause, clears the hint, and returns the outcome for "return verdict_set(…)". */
enum outcome verdict_set(struct verdict *v, enum outcome outcome, const char *format, ...)
	_printf_(3, 4);

/* Replaces the table's hint; returns the outcome. */
enum outcome verdict_hint(struct verdict *v, const char *format, ...) _printf_(2, 3);

/* The hint to show: its own or the table's. */
const char *verdict_hint_text(const struct verdict *v);

/* An unexpected -errno from a lower room: no-permission for EACCES and EPERM, internal otherwise. */
enum outcome verdict_errno(struct verdict *v, int error, const char *what);

/* What kms/ reported, with host, status and code in the cause. */
enum outcome verdict_kms(struct verdict *v, const struct kms_reply *reply);

/* What luks/ reported about @object; @reason may be NULL. */
enum outcome verdict_luks(struct verdict *v, int condition, const char *object,
			  const struct luks_reason *reason);

/*
 * What cex/ reported; its reason becomes the cause. CEX_MASTER_KEY_OLD is OUTCOME_OK. Of what the pkey
 * device says, busy and errors of the card are worth another try, and a refused token is no secure key.
 */
enum outcome verdict_cex(struct verdict *v, enum cex_condition condition,
			 const struct cex_reason *reason);

/* Prints "WHAT: word: cause" and the hint line, to standard error. */
void verdict_print(const struct verdict *v, const char *what);

#endif
