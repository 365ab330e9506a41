/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * After a root key was rotated at the service: the same passphrase, wrapped by the key's newest
 * version. The keyslot stays, and the token changes in one header write.
 */
#ifndef CEXLUKS_OP_REWRAP_H
#define CEXLUKS_OP_REWRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "op/config.h"

struct rewrap_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *profile;
	bool dry_run;
	uint64_t timeout_ms;
};

/* OUTCOME_NOTHING_TO_DO: the newest version has wrapped it already. */
enum outcome op_rewrap(const struct rewrap_request *request, struct verdict *v);

#endif
