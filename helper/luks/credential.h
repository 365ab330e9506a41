/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * API keys in a header: tokens of the kind "credential", which name a profile and no keyslot. Add, prove, retire: the new
 * one comes beside the old one, and an interruption leaves both, each of them whole. What is in them is not for this
 * folder.
 */
#ifndef CEXLUKS_LUKS_CREDENTIAL_H
#define CEXLUKS_LUKS_CREDENTIAL_H

#include "base/attributes.h"
#include "luks/condition.h"
#include "luks/device.h"

struct luks_credential {
	const char *profile;
	const char *sealed; /* base64 */
};

/**
 * luks_credential_add() - one more token, in one header write, read back from the device
 * @ret_token: its number
 *
 * Return: 0, LUKS_REFUSED, LUKS_NO_SPACE, LUKS_CHANGED, -errno.
 */
int luks_credential_add(const struct luks_device *device, const struct luks_credential *credential, int *ret_token,
			struct luks_reason *reason) _must_check_;

/**
 * luks_credential_retire() - the profile's tokens go, one header write each
 * @only: this one; -1: all of them
 * @keep: never this one; -1: none is kept
 *
 * Return: 0, also when none was there; LUKS_REFUSED, LUKS_CHANGED, -errno.
 */
int luks_credential_retire(const struct luks_device *device, const char *profile, int only, int keep,
			   struct luks_reason *reason) _must_check_;

#endif
