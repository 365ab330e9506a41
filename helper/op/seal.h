/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sealing a profile's API key, and sealing it anew: a secure key of its own, made now, is the lock. What was sealed is
 * opened again, as a boot does, before a file is written.
 */
#ifndef CEXLUKS_OP_SEAL_H
#define CEXLUKS_OP_SEAL_H

#include <stdint.h>

#include "base/secret.h"
#include "op/sealed-key.h"
#include "op/verdict.h"

struct seal_request {
	const char *sysroot;
	const char *config_path;
	const char *profile;
	const char *output;   /* new file; NULL: /etc/cexluks/PROFILE.sealed, below sysroot */
	const char *key_type; /* of the secure key, and where it is made: as in op/keygen.h */
	const char *apqns;
	uint64_t timeout_ms; /* for sources that have to be waited for */
};

struct seal_result {
	char path[256]; /* as the configuration names it: without sysroot */
};

/* The first API key of the profile's sources into a new file, never over another one. */
enum outcome op_seal(const struct seal_request *request, struct seal_result *ret, struct verdict *v);

/* Seals @api_key. @ret: its names are set by the caller. */
enum outcome seal_to_memory(const struct seal_request *request, const struct secret *api_key,
			    struct sealed_key *ret, struct verdict *v) _must_check_;

/**
 * seal_to_file() - seal @api_key and write it to @path, whole or not at all
 * @path: replaced if it is there, once the new one was proven
 */
enum outcome seal_to_file(const struct seal_request *request, const struct secret *api_key, const char *path,
			  struct verdict *v) _must_check_;

#endif
