/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/session.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "op/carried.h"
#include "op/credential.h"

struct op_session {
	struct config *config;
	char *sysroot;
	struct kms_client *client;
	struct {
		const struct config_profile *profile;
		unsigned index;
	} known[LIMIT_PROFILES];
	size_t n_known;
};

int op_session_new(struct config *config, const char *sysroot, struct op_session **ret)
{
	_cleanup_op_session_ struct op_session *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->config = config;
	s->sysroot = strdup(sysroot);
	if (!s->sysroot)
		return -ENOMEM;
	*ret = take_ptr(s);
	return 0;
}

void op_session_free(struct op_session *session)
{
	if (!session)
		return;
	kms_client_free(session->client);
	free(session->sysroot);
	free(session);
}

int op_session_start(struct op_session *session)
{
	return session->client ? 0 : kms_client_start(&session->client);
}

void op_session_dismiss(struct op_session *session)
{
	if (session->client)
		kms_client_dismiss(session->client);
}

struct kms_client *op_session_client(const struct op_session *session)
{
	return session->client;
}

/* The request gets the index of the profile in the net child, which starts and learns the profile when needed. */
static enum outcome introduce(struct op_session *s, const char *name, struct kms_request *request,
			      struct verdict *v)
{
	struct config_profile *profile = config_profile_find(s->config, name);
	enum outcome o;
	int r;

	for (size_t i = 0; i < s->n_known; i++)
		if (s->known[i].profile == profile) {
			request->profile = s->known[i].index;
			return OUTCOME_OK;
		}
	if (!profile) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", s->config->path, name);
		return verdict_hint(v, "add the profile and rebuild the image, or bind again");
	}
	o = profile->kms.n_api_keys ? OUTCOME_OK : carried_find(s->config, profile, v);
	if (o == OUTCOME_OK)
		o = credential_load(s->sysroot, profile, request->deadline, v);
	if (o != OUTCOME_OK)
		return o;
	r = op_session_start(s);
	if (r < 0)
		return verdict_errno(v, r, "cannot start the network process");
	r = kms_client_add_profile(s->client, &profile->kms, &request->profile);
	if (r < 0)
		return verdict_errno(v, r, "cannot hand the profile to the network process");
	s->known[s->n_known].profile = profile;
	s->known[s->n_known++].index = request->profile;
	return OUTCOME_OK;
}

enum outcome op_session_submit(struct op_session *session, const char *profile,
			    struct kms_request *request, unsigned *ret_id, struct verdict *v)
{
	enum outcome o = introduce(session, profile, request, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = kms_client_submit(session->client, request, ret_id);
	if (r < 0)
		return verdict_errno(v, r, "cannot hand the job to the network process");
	return OUTCOME_OK;
}

enum outcome op_session_call(struct op_session *session, const char *profile,
			  struct kms_request *request, struct kms_reply **ret, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	enum outcome o = introduce(session, profile, request, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = kms_call(session->client, request, &reply);
	if (r < 0)
		return verdict_errno(v, r, "no answer from the network process");
	if (reply->condition != KMS_OK)
		return verdict_kms(v, reply);
	*ret = take_ptr(reply);
	return OUTCOME_OK;
}

void op_session_aad(struct kms_request *request, const char *uuid, const char *serial)
{
	request->aad[0] = "cexluks:1";
	request->aad[1] = uuid;
	request->aad[2] = serial;
	request->n_aad = 3;
}

static void unwrap_request(struct kms_request *request, const struct luks_token *token,
			   const char *uuid, char serial[static 24], deadline_t deadline)
{
	*request = (struct kms_request){
		.verb = KMS_UNWRAP,
		.deadline = deadline,
		.key = token->key,
		.ciphertext = token->ciphertext,
	};
	(void)snprintf(serial, 24, "%" PRId64, token->serial);
	if (token->aad)
		op_session_aad(request, uuid, serial);
}

enum outcome op_session_submit_unwrap(struct op_session *session, const struct luks_token *token,
				   const char *uuid, deadline_t deadline, unsigned *ret_id,
				   struct verdict *v)
{
	struct kms_request request;
	char serial[24];

	unwrap_request(&request, token, uuid, serial, deadline);
	return op_session_submit(session, token->profile, &request, ret_id, v);
}

enum outcome op_session_unwrap_newer(struct op_session *session, const struct luks_token *token,
				     const char *uuid, deadline_t deadline, struct secret **ret,
				     char **ret_ciphertext, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request;
	char serial[24];
	enum outcome o;

	unwrap_request(&request, token, uuid, serial, deadline);
	o = op_session_call(session, token->profile, &request, &reply, v);
	if (o != OUTCOME_OK || !reply)
		return o;
	*ret = take_ptr(reply->plaintext);
	*ret_ciphertext = take_ptr(reply->ciphertext);
	return o;
}

enum outcome op_session_unwrap(struct op_session *session, const struct luks_token *token,
			    const char *uuid, deadline_t deadline, struct secret **ret,
			    struct verdict *v)
{
	_cleanup_free_ char *newer = NULL;

	return op_session_unwrap_newer(session, token, uuid, deadline, ret, &newer, v);
}
