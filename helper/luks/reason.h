/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to luks/: fills the one line that goes with a condition. */
#ifndef CEXLUKS_LUKS_REASON_H
#define CEXLUKS_LUKS_REASON_H

#include "base/attributes.h"
#include "luks/condition.h"

/**
 * luks_reason_set() - write the line; what came from a disk is made printable
 * @reason: may be NULL
 *
 * The line is also a debug message. Never pass a secret.
 */
void luks_reason_set(struct luks_reason *reason, const char *format, ...) _printf_(2, 3);

/* The same, and LUKS_REFUSED for the caller to return. */
#define luks_refuse(reason, ...) (luks_reason_set((reason), __VA_ARGS__), LUKS_REFUSED)

#endif
