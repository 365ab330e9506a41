/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine has that services hold the keys of: volumes with their bindings, the files of the keys directory,
 * the services, and how long these will be there. Asks nobody.
 */
#ifndef CEXLUKS_OP_INVENTORY_H
#define CEXLUKS_OP_INVENTORY_H

#include <stdint.h>

#include "op/keys-directory.h"
#include "op/volumes.h"

struct inventory_request {
	const char *sysroot;
	const char *config_path;
	const char *device; /* NULL: every volume */
};

struct inventory {
	struct volumes volumes;
	struct keys_directory keys;
	const char *keys_profile; /* that its files belong to, by the configuration; NULL: unknown */
	int64_t now;
};

/* A service as a binding or a configuration names it. */
struct inventory_service {
	const char *profile;
	const struct config_profile *configured; /* NULL: the configuration does not know it */
	const char *word;     /* "hpcs" …, "unknown" */
	bool ends;
	int64_t days_left;    /* of one that ends */
};

/* Of configuration and volumes only a wrong configuration, or a @device that is not there, is a failure. */
enum outcome op_inventory(const struct inventory_request *request, struct inventory *ret,
			  struct verdict *v) _must_check_;
void inventory_done(struct inventory *inventory);
#define _cleanup_inventory_ _cleanup_(inventory_done)

/* @profile: borrowed by @ret. */
void inventory_service(const struct inventory *inventory, const char *profile,
		       struct inventory_service *ret);

/* The next token of @e that is a kms or card binding with a keyslot, from @*i on; NULL: no more. */
const struct luks_token *inventory_binding(const struct list_entry *e, size_t *i);

#endif
