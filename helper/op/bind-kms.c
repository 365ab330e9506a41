/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bindings whose passphrase a KMS wraps. */
#include "op/bind-kind.h"

#include <string.h>

#include "base/limits.h"
#include "op/prove.h"

static const struct config_profile *profile_of(const struct bind *b)
{
	return config_profile_find(b->config, b->profile);
}

static enum outcome kms_begin(struct bind *b)
{
	enum outcome o = bind_read_config(b);
	int r;

	if (o == OUTCOME_NOTHING_TO_DO) {
		verdict_set(b->v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
		return verdict_hint(b->v, "start from %s.example", CONFIG_PATH);
	}
	if (o != OUTCOME_OK)
		return o;
	if (!profile_of(b)) {
		verdict_set(b->v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", b->config->path,
			    b->profile);
		return verdict_hint(b->v, "add the section, or correct the binding's name");
	}
	r = op_session_new(b->config, b->request->sysroot, &b->session);
	return r < 0 ? verdict_errno(b->v, r, "session") : OUTCOME_OK;
}

static enum outcome kms_reach(struct bind *b)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_PING,
		.deadline = deadline_after(b->request->timeout_ms),
	};

	enum outcome o = prove_root_key(profile_of(b), b->v);

	return o == OUTCOME_OK ? op_session_call(b->session, b->profile, &request, &reply, b->v) : o;
}

static bool kms_matches(const struct bind *b, const struct luks_token *token)
{
	return token->kind == LUKS_TOKEN_KMS && !strcmp(token->profile, b->profile);
}

static enum outcome kms_unwrap(struct bind *b, const struct luks_token *token, struct secret **ret)
{
	return op_session_unwrap(b->session, token, luks_header_uuid(b->header),
				 deadline_after(b->request->timeout_ms), ret, b->v);
}

/* Gets the passphrase as the next boot will, and tries it on the keyslot. */
static enum outcome kms_prove(struct bind *b)
{
	_cleanup_secret_ struct secret *got = NULL;
	struct luks_reason reason = { "" };
	enum outcome o = kms_unwrap(b, b->bound, &got);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_header_test(b->header, b->bound->keyslot, got, &reason);
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* Any volume may ask a KMS. */
static enum outcome kms_suits(struct bind *b)
{
	(void)b;
	return OUTCOME_OK;
}

static enum outcome kms_admit(struct bind *b, const struct secret *existing)
{
	(void)b;
	(void)existing;
	return OUTCOME_OK;
}

static enum outcome kms_make(struct bind *b, struct luks_token **ret)
{
	int r = secret_random_passphrase(LIMIT_PASSPHRASE_LEN, &b->passphrase);

	if (r < 0)
		return verdict_errno(b->v, r, "random numbers");
	return prove_wrap(b->session, profile_of(b), luks_header_uuid(b->header), bind_next_serial(b),
			  b->passphrase, deadline_after(b->request->timeout_ms), ret, b->v);
}

const struct bind_kind bind_kms = {
	.begin = kms_begin,
	.reach = kms_reach,
	.matches = kms_matches,
	.prove = kms_prove,
	.suits = kms_suits,
	.admit = kms_admit,
	.make = kms_make,
	.unwrap = kms_unwrap,
};
