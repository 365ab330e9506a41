/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sealing a profile's API key, and sealing it anew: a secure key of its own, made now, is the lock. What was sealed is
 * opened again, as a boot does, before a file or a header is written.
 */
#ifndef CEXLUKS_OP_SEAL_H
#define CEXLUKS_OP_SEAL_H

#include <stdbool.h>
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
	const char *header;   /* in place of @output: the device whose header is to carry it */
	const char *header_backup; /* new file, or NULL */
	/* Gets the API key where headers are its only source; @ret is taken over. */
	enum outcome (*ask)(const char *profile, struct secret **ret, struct verdict *v);
};

struct seal_result {
	char path[256]; /* as the configuration names it: without sysroot */
	bool configured; /* op_seal_header(): "header:" is a source of the profile */
};

/* The first API key of the profile's sources into a new file, never over another one. */
enum outcome op_seal(const struct seal_request *request, struct seal_result *ret, struct verdict *v);

/**
 * op_seal_header() - the API key into a volume's header, for "header:"
 *
 * The key is the first one of the profile's other sources; where there are none it is asked for. What it replaces there
 * goes when it is in place and was opened again, and not before the service has accepted the new one.
 *
 * Return: OUTCOME_OK; OUTCOME_CREDENTIAL_MISSING; as the service says; as seal_to_header().
 */
enum outcome op_seal_header(const struct seal_request *request, struct seal_result *ret, struct verdict *v);

/* Seals @api_key. @ret: its names are set by the caller. */
enum outcome seal_to_memory(const struct seal_request *request, const struct secret *api_key,
			    struct sealed_key *ret, struct verdict *v) _must_check_;

/**
 * seal_to_file() - seal @api_key and write it to @path, whole or not at all
 * @path: replaced if it is there, once the new one was proven
 */
enum outcome seal_to_file(const struct seal_request *request, const struct secret *api_key, const char *path,
			  struct verdict *v) _must_check_;

/**
 * seal_to_header() - seal @api_key for the volume on @device, add it to the header, open it again from there, and retire
 * what it replaces
 * @replaces: number of a token; -1: all of the profile's
 */
enum outcome seal_to_header(const struct seal_request *request, const struct secret *api_key, const char *device,
			    int replaces, struct verdict *v) _must_check_;

#endif
