/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One net child and the profiles it knows. Profiles are loaded (credential, CA) and handed over
 * when they are first used. Verbs and boot talk to the services only through a session.
 */
#ifndef CEXLUKS_OP_SESSION_H
#define CEXLUKS_OP_SESSION_H

#include "base/attributes.h"
#include "base/cleanup.h"
#include "kms/client.h"
#include "luks/token.h"
#include "op/config.h"
#include "op/verdict.h"

struct session;

/* @config: borrowed, must outlive the session. The child starts with the first job. */
int session_new(struct config *config, const char *sysroot, struct session **ret) _must_check_;
void session_free(struct session *session);
DEFINE_CLEANUP(struct session *, session_free);
#define _cleanup_session_ _cleanup_(session_freep)

/* NULL until the first job. */
struct kms_client *session_client(const struct session *session);

/**
 * session_submit() - a job for a profile by name
 * @request: profile index is filled in here
 * @ret_id:  which replies belong to it
 */
enum outcome session_submit(struct session *session, const char *profile,
			    struct kms_request *request, unsigned *ret_id,
			    struct verdict *v) _must_check_;

/* Submits and waits for the final reply; a reply that is not KMS_OK becomes the verdict. */
enum outcome session_call(struct session *session, const char *profile,
			  struct kms_request *request, struct kms_reply **ret,
			  struct verdict *v) _must_check_;

/**
 * session_submit_unwrap() - the job that gets a kms token's passphrase
 * @uuid: of the volume, part of the additional data
 */
enum outcome session_submit_unwrap(struct session *session, const struct luks_token *token,
				   const char *uuid, deadline_t deadline, unsigned *ret_id,
				   struct verdict *v) _must_check_;

/* The same, waiting. @ret: owned by the caller. */
enum outcome session_unwrap(struct session *session, const struct luks_token *token,
			    const char *uuid, deadline_t deadline, struct secret **ret,
			    struct verdict *v) _must_check_;

/**
 * session_aad() - additional data of a binding: "cexluks:1", UUID, serial
 * @serial: the decimal text of the serial, borrowed by @request as long as the call lasts
 */
void session_aad(struct kms_request *request, const char *uuid, const char *serial);

#endif
