/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/prove.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "op/new-token.h"

struct probe {
	struct op_session *session;
	const struct config_profile *profile;
	const char *uuid;
	char serial[24];
	deadline_t deadline;
};

static enum outcome wrap(const struct probe *p, const struct secret *passphrase, bool aad,
			 char **ret, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_WRAP,
		.deadline = p->deadline,
		.plaintext = passphrase,
	};
	enum outcome o;

	if (aad)
		op_session_aad(&request, p->uuid, p->serial);
	o = op_session_call(p->session, p->profile->kms.name, &request, &reply, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(reply->ciphertext);
	return o;
}

/* Whether an unwrap with another volume's data fails as it should. */
static enum outcome aad_is_honoured(const struct probe *p, const char *ciphertext, bool *ret,
				    struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_UNWRAP,
		.deadline = p->deadline,
		.ciphertext = ciphertext,
	};
	enum outcome o;

	op_session_aad(&request, "00000000-0000-0000-0000-000000000000", p->serial);
	o = op_session_call(p->session, p->profile->kms.name, &request, &reply, v);
	if (o != OUTCOME_OK && o != OUTCOME_KMS_BAD_CIPHERTEXT)
		return o;
	*ret = o == OUTCOME_KMS_BAD_CIPHERTEXT;
	return OUTCOME_OK;
}

static enum outcome wrap_best(const struct probe *p, const struct secret *passphrase, char **ret,
			      bool *ret_aad, struct verdict *v)
{
	bool documented = p->profile->kms.service != KMS_SERVICE_HPCS;
	_cleanup_free_ char *ciphertext = NULL;
	bool honoured = false;
	enum outcome o = wrap(p, passphrase, true, &ciphertext, v);

	if (o == OUTCOME_OK)
		o = aad_is_honoured(p, ciphertext, &honoured, v);
	else if (!documented && (o == OUTCOME_KMS_REFUSED || o == OUTCOME_KMS_BAD_CIPHERTEXT))
		o = OUTCOME_OK; /* refuses additional data: go without */
	if (o != OUTCOME_OK)
		return o;
	if (!honoured && documented) {
		verdict_set(v, OUTCOME_KMS_REFUSED,
			    "%s does not honour additional data, though its service documents it",
			    p->profile->kms.name);
		return verdict_hint(v, "is service = %s right for this endpoint?",
				    kms_service_name(p->profile->kms.service));
	}
	if (!honoured) {
		free(take_ptr(ciphertext));
		o = wrap(p, passphrase, false, &ciphertext, v);
		if (o != OUTCOME_OK)
			return o;
	}
	*ret = take_ptr(ciphertext);
	*ret_aad = honoured;
	return OUTCOME_OK;
}

enum outcome prove_root_key(const struct config_profile *profile, struct verdict *v)
{
	if (profile->kms.root_key)
		return OUTCOME_OK;
	if (profile->from_old) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "default_crk_uuid in %s names no root key", CONFIG_OLD_PATH);
		return verdict_hint(v, "put a UUID there: hpcs-for-luks list shows those of your root keys");
	}
	verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no root-key", profile->kms.name);
	return verdict_hint(v, "cexluks key list %s shows the keys", profile->kms.name);
}

enum outcome prove_wrap(struct op_session *session, const struct config_profile *profile,
			const char *uuid, int64_t serial, const struct secret *passphrase,
			deadline_t deadline, struct luks_token **ret, struct verdict *v)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct probe p = {
		.session = session,
		.profile = profile,
		.uuid = uuid,
		.deadline = deadline,
	};
	enum outcome o;
	int r;

	o = prove_root_key(profile, v);
	if (o != OUTCOME_OK)
		return o;
	r = new_token(LUKS_TOKEN_KMS, serial, &token);
	if (r < 0)
		return verdict_errno(v, r, "token");
	(void)snprintf(p.serial, sizeof(p.serial), "%" PRId64, serial);
	token->profile = strdup(profile->kms.name);
	token->key = strdup(profile->kms.root_key);
	if (!token->profile || !token->key)
		return verdict_errno(v, ENOMEM, "token");
	o = wrap_best(&p, passphrase, &token->ciphertext, &token->aad, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(token);
	return o;
}
