/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which service the keys directory was loaded through since the machine came up, with no file failing: what
 * a migration of its files has to know before the old ciphertexts go. Two small files in /run.
 */
#ifndef CEXLUKS_OP_KEYS_PROOF_H
#define CEXLUKS_OP_KEYS_PROOF_H

#include <stdbool.h>

#include "base/attributes.h"

enum keys_proof {
	KEYS_PROOF_LOAD, /* on the running system */
	KEYS_PROOF_BOOT, /* in the initramfs */
};

/* Return: 0, -errno; without it a migration asks for another boot. */
int keys_proof_write(const char *sysroot, enum keys_proof proof, const char *profile) _must_check_;

bool keys_proof_is(const char *sysroot, enum keys_proof proof, const char *profile);

#endif
