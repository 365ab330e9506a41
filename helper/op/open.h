/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening and closing by hand, and getting at one binding's passphrase.
 */
#ifndef CEXLUKS_OP_OPEN_H
#define CEXLUKS_OP_OPEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "op/verdict.h"

struct open_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *name; /* NULL: luks-UUID */
	bool load;	  /* put the passphrase into the keyring instead of opening */
	uint64_t timeout_ms;
};

enum outcome op_open(const struct open_request *request, struct verdict *v);
enum outcome op_close(const char *name, struct verdict *v);

struct pass_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *binding;
	uint64_t timeout_ms;
};

/*
 * @ret: owned by the caller; it was tried on its keyslot. Of a card binding only if the volume key is a
 * secure key; no card is asked.
 */
enum outcome op_pass(const struct pass_request *request, struct secret **ret, struct verdict *v);

#endif
