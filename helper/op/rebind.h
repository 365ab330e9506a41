/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After zkey-cryptsetup re-enciphered the volume key: our tokens name keyslots of the old one, or none where it was told
 * to remove these. Each binding gets a new one for the new key.
 */
#ifndef CEXLUKS_OP_REBIND_H
#define CEXLUKS_OP_REBIND_H

#include <stdint.h>

#include "base/secret.h"
#include "op/verdict.h"

struct rebind_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *header_backup; /* new file, or NULL */
	uint64_t timeout_ms; /* of each exchange with a service */
	/* A person's passphrase, where the new keyslot opens with none of ours. */
	enum outcome (*ask)(const char *device, void *userdata, struct secret **ret, struct verdict *v);
	void *ask_userdata;
	/* Of each binding when it is done, or of the device when nothing could begin. */
	void (*told)(const char *what, const struct verdict *v, void *userdata);
	void *userdata;
};

/**
 * op_rebind() - new keyslots for all bindings, proven
 *
 * Tokens tell which bindings there were; they stay until all of these work again. When the passphrase of one opened the
 * keyslot that zkey-cryptsetup made, that keyslot goes in the end, and so do those
 * of the old key that tokens of ours name. Repeatable after an interruption.
 *
 * Return: OUTCOME_OK, OUTCOME_NOTHING_TO_DO, OUTCOME_NOT_BOUND, the first failure.
 */
enum outcome op_rebind(const struct rebind_request *request);

#endif
