/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to attempt.c (device, header, bindings) and attempt-key.c (what comes after the passphrase):
 * how an attempt goes on and how it ends.
 */
#ifndef CEXLUKS_OP_ATTEMPT_STEP_H
#define CEXLUKS_OP_ATTEMPT_STEP_H

#include "op/attempt.h"

/* This binding did not do it, for that reason: the next one, or the end. */
void attempt_try_next(struct attempt *a, const struct verdict *v);

/* Ends with @v about the binding being tried: as a refusal where the outcome is one. */
void attempt_fail(struct attempt *a, const struct verdict *v);

void attempt_succeed(struct attempt *a, const char *how);

/* Somebody opened it before us, as @holder: fine if it is this volume, exactly as checked. */
void attempt_found_open(struct attempt *a, const char *holder);

/* An option that only systemd understands leaves the volume to it. */
static inline bool attempt_is_for_systemd(const struct attempt *a)
{
	if (a->how == ATTEMPT_PROVE && a->config->open_by_systemd)
		return true;
	return (a->how == ATTEMPT_ACTIVATE || a->how == ATTEMPT_PROVE) && a->want->options.unknown[0];
}

/*
 * Cards may come at any time, so it is worth waiting for one; for a module or the bus that is missing only as long as
 * udev may be at it (a->modules_until_ms).
 */
bool attempt_may_wait_for_card(struct attempt *a, enum outcome outcome) _must_check_;

/* The passphrase is in hand. */
void attempt_use_passphrase(struct attempt *a);

#endif
