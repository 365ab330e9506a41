/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recovery key: a passphrase for a sheet of paper, in the form that systemd-cryptenroll prints and
 * systemd-cryptsetup understands: 256 random bits in modhex, an alphabet whose letters sit on the same
 * keys of most keyboards, in eight groups of eight.
 * Source: src/shared/recovery-key.c of systemd 256, make_recovery_key() and
 * recovery-key.h, RECOVERY_KEY_MODHEX_FORMATTED_LENGTH.
 */
#ifndef CEXLUKS_OP_RECOVERY_KEY_H
#define CEXLUKS_OP_RECOVERY_KEY_H

#include "base/attributes.h"
#include "base/secret.h"

#define RECOVERY_KEY_LEN 71 /* 64 letters and 7 hyphens */

/**
 * recovery_key_make() - a new one
 * @ret: RECOVERY_KEY_LEN characters without newline or NUL, which are the passphrase; owned by the caller
 *
 * Return: 0 or -errno of getrandom(2).
 */
int recovery_key_make(struct secret **ret) _must_check_;

#endif
