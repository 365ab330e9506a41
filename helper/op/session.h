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

struct op_session;

/* @config: borrowed, must outlive the session. The child starts with the first job. */
int op_session_new(struct config *config, const char *sysroot, struct op_session **ret) _must_check_;
void op_session_free(struct op_session *session);
DEFINE_CLEANUP(struct op_session *, op_session_free);
#define _cleanup_op_session_ _cleanup_(op_session_freep)

/*
 * Starts the child before there is a job, so that it gets ready while the caller still looks at disks. Not in a boot
 * before the network is up: what the child may read is settled when it starts, and the name service's files come later.
 */
int op_session_start(struct op_session *session) _must_check_;

/* No job follows; the child ends while the caller goes on. */
void op_session_dismiss(struct op_session *session);

/* NULL until the child was started. */
struct kms_client *op_session_client(const struct op_session *session);

/**
 * op_session_submit() - a job for a profile by name
 * @request: profile index is filled in here
 * @ret_id:  which replies belong to it
 */
enum outcome op_session_submit(struct op_session *session, const char *profile,
			    struct kms_request *request, unsigned *ret_id,
			    struct verdict *v) _must_check_;

/* Submits and waits for the final reply; a reply that is not KMS_OK becomes the verdict. */
enum outcome op_session_call(struct op_session *session, const char *profile,
			  struct kms_request *request, struct kms_reply **ret,
			  struct verdict *v) _must_check_;

/**
 * op_session_submit_unwrap() - the job that gets a kms token's passphrase
 * @uuid: of the volume, part of the additional data
 */
enum outcome op_session_submit_unwrap(struct op_session *session, const struct luks_token *token,
				   const char *uuid, deadline_t deadline, unsigned *ret_id,
				   struct verdict *v) _must_check_;

/* The same, waiting. @ret: owned by the caller. */
enum outcome op_session_unwrap(struct op_session *session, const struct luks_token *token,
			    const char *uuid, deadline_t deadline, struct secret **ret,
			    struct verdict *v) _must_check_;

/**
 * op_session_unwrap_newer() - the same, and what the service would have us store instead
 * @ret_ciphertext: owned by the caller; NULL: the root key was not rotated since
 */
enum outcome op_session_unwrap_newer(struct op_session *session, const struct luks_token *token,
				     const char *uuid, deadline_t deadline, struct secret **ret,
				     char **ret_ciphertext, struct verdict *v) _must_check_;

/**
 * op_session_aad() - additional data of a binding: "cexluks:1", UUID, serial
 * @serial: the decimal text of the serial, borrowed by @request as long as the call lasts
 */
void op_session_aad(struct kms_request *request, const char *uuid, const char *serial);

#endif
