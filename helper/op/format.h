/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A new encrypted volume around a secure key: look, get the key and have a card verify it, write the
 * header, store the verification pattern, bind. Whatever can be checked is checked before anything is
 * written.
 */
#ifndef CEXLUKS_OP_FORMAT_H
#define CEXLUKS_OP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "cex/pattern.h"
#include "op/lock.h"
#include "op/verdict.h"

struct format_request {
	const char *sysroot;
	const char *config_path;
	const char *device;
	const char *volume_key_file; /* the key: from this file, */
	const char *zkey_name;	     /* or of this name in zkey's repository, or a new one: */
	const char *key_type;	     /* these three as in struct keygen_request */
	unsigned bits;
	const char *apqns;
	const char *save_key;	     /* name in zkey's repository, or NULL */
	unsigned sector_size;	     /* 0: 4096 */
	const char *uuid, *label;    /* or NULL */
	const char *const *bindings; /* "card", "kms:PROFILE" */
	size_t n_bindings;
	bool recovery_key;
	bool force; /* what the device holds may go */
	bool dry_run;
	uint64_t timeout_ms; /* of each exchange with a service */

	/* Gets the passphrase that people will type. NULL: the recovery key is for them. */
	enum outcome (*ask)(const char *device, void *userdata, struct secret **ret,
			    struct verdict *v);
	/* Gets the recovery key to people, once the header has it. */
	enum outcome (*show)(const struct secret *recovery_key, void *userdata, struct verdict *v);
	/* A step begins. */
	void (*step)(const char *text, void *userdata);
	void *userdata;
};

enum format_state {
	FORMAT_UNTOUCHED, /* nothing was written to the device */
	FORMAT_UNKNOWN,	  /* writing the header failed: it has none that is valid, or a whole one */
	FORMAT_WRITTEN,	  /* it is a volume */
};

/* How far it came; also after a failure. */
struct format_result {
	enum format_state state;
	bool key_saved;			 /* as @save_key */
	bool shown;			 /* the recovery key */
	size_t n_bound;			 /* of the bindings, in their order */
	char uuid[UUID_SIZE];		 /* with FORMAT_WRITTEN */
	char pattern[CEX_PATTERN_SIZE];	 /* verification pattern, "" where it could not be computed */
	bool pattern_stored;
	struct lock lock;		 /* with OUTCOME_OK and no dry run */
};

enum outcome op_format(const struct format_request *request, struct format_result *ret,
		       struct verdict *v);

#endif
