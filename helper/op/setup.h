/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A first configuration from what somebody answered: tried against the service before it is written, and written
 * where none is. The API key gets a file of its own.
 */
#ifndef CEXLUKS_OP_SETUP_H
#define CEXLUKS_OP_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "op/service.h"
#include "op/verdict.h"

struct setup_request {
	const char *sysroot;
	const char *config_path; /* NULL: the usual place; an absolute one has the API key beside it */
};

/* The values of a [kms NAME] section. "" is what is not known yet. */
struct setup_answers {
	const char *profile;
	const char *endpoint;
	const char *instance; /* its id, or the CRN of a root key */
	const char *iam_endpoint;
	const char *ca_file;
	const char *root_key; /* "" with a CRN */
	struct secret *api_key; /* borrowed; NULL: the file that is there has it */
};

/**
 * op_setup_begin() - may a configuration be made here? Before anybody answers questions
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when there is one, also the old tool's; OUTCOME_NO_PERMISSION …
 */
enum outcome op_setup_begin(const struct setup_request *request, struct verdict *v) _must_check_;

/* Whether @text is a key's CRN, which names instance and root key at once. */
bool setup_is_crn(const char *text);

/* Where the configuration and a profile's API key go; owned by the caller, NULL: no memory. */
char *setup_config_file(const struct setup_request *request);
char *setup_key_file(const struct setup_request *request, const char *profile);

/**
 * op_setup_reach() - asks the service with what is not written yet: TLS, IAM token, instance
 * @ret: to go on with service_list() and service_wrap(); service_done() whatever the outcome
 */
enum outcome op_setup_reach(const struct setup_request *request, const struct setup_answers *answers,
			    uint64_t timeout_ms, struct service *ret, struct verdict *v) _must_check_;

/* Whether the root key wraps, and unwraps what it wrapped: what binding and booting need. */
enum outcome op_setup_prove(const struct setup_answers *answers, uint64_t timeout_ms, struct service *service,
			    struct verdict *v) _must_check_;

/**
 * op_setup_write() - API key first (mode 0600), then the configuration (0644); each whole or not at all
 *
 * Replaces nothing. Without the configuration the new API key goes again.
 */
enum outcome op_setup_write(const struct setup_request *request, const struct setup_answers *answers,
			    struct verdict *v) _must_check_;

#endif
