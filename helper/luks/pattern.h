/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * zkey's verification pattern in a header: a token of its own type with an empty list of keyslots,
 * written byte for byte as zkey-cryptsetup writes it, because that compares with strcmp().
 * Source: zkey/zkey-cryptsetup.c of s390-tools 2.43 (PAES_VP_TOKEN_NAME …).
 */
#ifndef CEXLUKS_LUKS_PATTERN_H
#define CEXLUKS_LUKS_PATTERN_H

#include "base/attributes.h"
#include "luks/condition.h"
#include "luks/device.h"
#include "luks/header.h"

#define LUKS_PATTERN_TYPE "paes-verification-pattern"
#define LUKS_PATTERN_SIZE 65 /* 64 lower-case hexadecimal digits and the NUL */

/**
 * luks_pattern_get() - what the checked copy claims; anybody who has the disk can write it
 *
 * Return: 0; LUKS_NOT_BOUND when there is no such token; LUKS_REFUSED when there are two, or its
 * pattern is none.
 */
int luks_pattern_get(const struct luks_header *header, char ret[static LUKS_PATTERN_SIZE],
		     struct luks_reason *reason) _must_check_;

/**
 * luks_pattern_set() - store it, in place of one that is there; one header write, none if it is there
 *
 * A pattern of an integrity key that stood beside the old one goes with it.
 *
 * Return: 0, LUKS_REFUSED (two are there), LUKS_NO_SPACE, LUKS_CHANGED, -EINVAL (no pattern), -errno.
 */
int luks_pattern_set(const struct luks_device *device, const char *pattern,
		     struct luks_reason *reason) _must_check_;

#endif
