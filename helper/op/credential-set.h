/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of an API key: a new one without a gap, whether each is accepted, and a new seal after the card's master key
 * was changed. What is replaced was proven first, and stays as the second source (CREDENTIAL_SPARE) until a boot has
 * had the new one.
 */
#ifndef CEXLUKS_OP_CREDENTIAL_SET_H
#define CEXLUKS_OP_CREDENTIAL_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "op/verdict.h"

struct credential_request {
	const char *sysroot;
	const char *config_path;
	const char *profile;
	uint64_t timeout_ms; /* of each exchange with the service */
	/* credential set: the new API key; @ret is taken over */
	enum outcome (*ask)(const char *profile, struct secret **ret, struct verdict *v);
	/* credential check and renew: one source and what became of it; check: NULL when none could be looked for */
	void (*told)(const char *source, const struct verdict *v);
	const char *key_type; /* of a new seal's secure key, as in op/keygen.h */
	const char *apqns;
};

/**
 * op_credential_set() - a new API key in the profile's first source, which is "file:" or "sealed:"
 *
 * The service has to accept it before anything is written.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when the source has this key; OUTCOME_CREDENTIAL_UNUSABLE
 * when it is none, or kept by something else; as the service says; as op_seal().
 */
enum outcome op_credential_set(const struct credential_request *request, struct verdict *v);

/**
 * op_credential_finish() - the key before the new one goes
 *
 * The machine must have booted since the new one came, no image that can be booted may have another key in its copy of
 * the file (op/bootable.h), and the service accept the new one.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO; OUTCOME_IMAGE_STALE; as op_credential_set().
 */
enum outcome op_credential_finish(const struct credential_request *request, struct verdict *v);

/* Every source for itself: can it be read, and does the service accept it? The first outcome that is not good. */
enum outcome op_credential_check(const struct credential_request *request, struct verdict *v);

/*
 * What opens with the card's old master key is sealed anew; each file and token is replaced once the new one was proven.
 * OUTCOME_NOTHING_TO_DO when all open with the current one.
 */
enum outcome op_credential_renew(const struct credential_request *request, struct verdict *v);

#endif
