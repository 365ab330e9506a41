/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One exchange with one profile's service, for the verbs ping, wrap, unwrap, key list, key create.
 */
#ifndef CEXLUKS_OP_SERVICE_H
#define CEXLUKS_OP_SERVICE_H

#include <stdint.h>

#include "kms/client.h"
#include "op/config.h"
#include "op/session.h"
#include "op/verdict.h"

struct service_request {
	const char *sysroot;
	const char *config_path;
	const char *profile; /* NULL: the one that keys-profile names, or the only one */
};

struct service {
	struct config *config;
	struct op_session *session;
	const char *profile; /* borrowed from config */
};

/* Reads the configuration and finds the profile. */
enum outcome service_open(const struct service_request *request, struct service *ret,
			  struct verdict *v) _must_check_;
/* The same without choosing a profile: service->profile stays NULL. */
enum outcome service_open_any(const struct service_request *request, struct service *ret,
			      struct verdict *v) _must_check_;
void service_done(struct service *service);
#define _cleanup_service_ _cleanup_(service_done)

/* Whether it is clear which root key is meant: @key, or the profile's. OUTCOME_CONFIG_ERROR says what to edit. */
enum outcome service_knows_key(const struct service *service, const char *key, struct verdict *v) _must_check_;

/**
 * service_wrap() - wraps, and proves that it can be unwrapped again
 * @key:   root key by id or alias; NULL: the profile's
 * @ret:   with the ciphertext; owned by the caller
 */
enum outcome service_wrap(struct service *service, const char *key, const struct secret *plain, deadline_t deadline,
			  struct kms_reply **ret, struct verdict *v) _must_check_;

/* Root keys, one call of @visit each. */
enum outcome service_list(struct service *service, uint64_t timeout_ms,
			  void (*visit)(const struct kms_key *key, void *userdata), void *userdata,
			  struct verdict *v);

#endif
