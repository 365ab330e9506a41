/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Adding and removing automatic ways in: add, prove, switch, retire.
 */
#ifndef CEXLUKS_OP_BIND_H
#define CEXLUKS_OP_BIND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "op/verdict.h"

struct bind_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *binding;		/* "kms:PROFILE" or "card" */
	const char *header_backup;	/* new file, or NULL */
	bool dry_run;
	bool luks2_keyring; /* a kms binding: systemd may open with its key, whatever "open" says */
	bool keep_bare; /* leave tokens without keyslots, which otherwise go as what interrupted runs left */
	bool renew; /* replace a binding that works by a new one; it opens the volume for that itself */
	uint64_t timeout_ms; /* of each exchange with the service */
	const struct secret *existing; /* a passphrase that opens the volume now; NULL: to be asked for */
	/* Gets one; called only when it is needed, and not when @existing is there. */
	enum outcome (*ask)(const char *device, void *userdata, struct secret **ret,
			    struct verdict *v);
	void *userdata;
};

struct bind_result {
	int keyslot;
	int token;
	bool anew;	   /* a new binding was made, or would be */
	unsigned cleaned;  /* what interrupted runs had left */
	char warning[256]; /* what the administrator should know besides, or "" */
};

/*
 * OUTCOME_OK: bound and proven. OUTCOME_NOTHING_TO_DO: was bound, and that was proven again. To renew
 * what is not bound is OUTCOME_NOT_BOUND.
 *
 * A card binding is made only on a volume whose key is a secure key that a card of this machine
 * verified just now; it needs no configuration.
 */
enum outcome op_bind(const struct bind_request *request, struct bind_result *ret, struct verdict *v);

/**
 * op_bind_check() - could this binding be made, as far as that shows without a volume?
 *
 * The binding's spelling; of a KMS its profile, credential and the way there. Only @request's binding,
 * places and timeout are looked at.
 */
enum outcome op_bind_check(const struct bind_request *request, struct verdict *v) _must_check_;

struct unbind_request {
	const char *device;
	const char *binding; /* or NULL with keyslot */
	int keyslot;	     /* -1: by binding */
	const char *header_backup;
	bool dry_run;
};

enum outcome op_unbind(const struct unbind_request *request, struct verdict *v);

#endif
