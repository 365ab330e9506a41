/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rewrap.h"

#include <errno.h>
#include <string.h>

#include "luks/bind.h"
#include "luks/header.h"
#include "op/backup.h"
#include "op/cmdline.h"
#include "op/policy.h"
#include "op/session.h"

struct rewrap {
	const struct rewrap_request *request;
	struct config *config;
	struct op_session *session;
	struct luks_device *device;
	struct luks_header *header;
	const struct luks_token *bound; /* borrowed from @header */
	struct secret *passphrase;
	struct luks_token next; /* as @bound, with another ciphertext; borrows the rest */
	char *ciphertext;
	struct verdict *v;
};

static void rewrap_done(struct rewrap *w)
{
	free(w->ciphertext);
	secret_free(w->passphrase);
	luks_header_free(w->header);
	luks_device_free(w->device);
	op_session_free(w->session);
	config_free(w->config);
}

static enum outcome open_volume(struct rewrap *w)
{
	struct luks_reason reason = { "" };
	const struct luks_token *const *tokens;
	int r = luks_device_open(w->request->device, &w->device);
	size_t n;

	if (r == 0)
		r = luks_header_load(w->device, NULL, &w->header, &reason);
	if (r != 0)
		return verdict_luks(w->v, r, w->request->device, &reason);
	n = luks_header_tokens(w->header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_KMS && tokens[i]->keyslot >= 0 &&
		    !strcmp(tokens[i]->profile, w->request->profile) &&
		    (!w->bound || tokens[i]->serial > w->bound->serial))
			w->bound = tokens[i];
	return w->bound ? OUTCOME_OK :
			  verdict_set(w->v, OUTCOME_NOT_BOUND, "%s is not bound to kms:%s",
				      w->request->device, w->request->profile);
}

static enum outcome begin(struct rewrap *w)
{
	enum outcome o = config_load(w->request->sysroot, w->request->config_path, &w->config, w->v);
	int r;

	if (o == OUTCOME_NOTHING_TO_DO)
		return verdict_set(w->v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
	if (o != OUTCOME_OK)
		return o;
	r = op_session_new(w->config, w->request->sysroot, &w->session);
	return r < 0 ? verdict_errno(w->v, r, "session") : open_volume(w);
}

/* A token that the boot would refuse is not to be refreshed. */
static enum outcome check_policy(struct rewrap *w)
{
	_cleanup_cmdline_ struct cmdline *nothing = NULL;
	int r = cmdline_parse("", &nothing);

	if (r < 0)
		return verdict_errno(w->v, r, "policy");
	return policy_check_token(w->config,
				  config_volume_find(w->config, luks_header_uuid(w->header)), nothing,
				  w->bound, w->v);
}

static deadline_t patience(const struct rewrap *w)
{
	return deadline_after(w->request->timeout_ms);
}

static enum outcome opens_keyslot(struct rewrap *w)
{
	struct luks_reason reason = { "" };
	int r = luks_header_test(w->header, w->bound->keyslot, w->passphrase, &reason);

	return r != 0 ? verdict_luks(w->v, r, w->request->device, &reason) : OUTCOME_OK;
}

/* With the passphrase a service sends its newer ciphertext, if there is one. */
static enum outcome ask(struct rewrap *w)
{
	enum outcome o = op_session_unwrap_newer(w->session, w->bound, luks_header_uuid(w->header),
						 patience(w), &w->passphrase, &w->ciphertext, w->v);

	if (o == OUTCOME_OK)
		o = opens_keyslot(w);
	if (o == OUTCOME_OK && !w->ciphertext)
		return verdict_set(w->v, OUTCOME_NOTHING_TO_DO,
				   "the newest version of the root key has wrapped kms:%s",
				   w->request->profile);
	return o;
}

/* The new ciphertext must give the same passphrase before the old one goes. */
static enum outcome prove(struct rewrap *w)
{
	_cleanup_secret_ struct secret *got = NULL;
	enum outcome o;

	w->next = *w->bound;
	w->next.ciphertext = w->ciphertext;
	o = op_session_unwrap(w->session, &w->next, luks_header_uuid(w->header), patience(w), &got,
			      w->v);
	if (o == OUTCOME_OK && !secret_equal(got, w->passphrase))
		return verdict_set(w->v, OUTCOME_KMS_BAD_CIPHERTEXT,
				   "kms:%s gave a new ciphertext that is of something else",
				   w->request->profile);
	return o;
}

static enum outcome store(struct rewrap *w)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (w->request->dry_run)
		return verdict_set(w->v, OUTCOME_OK, "kms:%s can be wrapped by the newest root key",
				   w->request->profile);
	o = op_backup(w->device, w->request->header_backup, w->v);
	if (o != OUTCOME_OK)
		return o;
	r = luks_bind_replace_token(w->device, w->bound, &w->next, &reason);
	if (r != 0)
		return verdict_luks(w->v, r, w->request->device, &reason);
	return verdict_set(w->v, OUTCOME_OK, "kms:%s is wrapped by the newest root key (token %d)",
			   w->request->profile, w->bound->id);
}

enum outcome op_rewrap(const struct rewrap_request *request, struct verdict *v)
{
	_cleanup_(rewrap_done) struct rewrap w = { .request = request, .v = v };
	enum outcome o = begin(&w);

	if (o == OUTCOME_OK)
		o = check_policy(&w);
	if (o == OUTCOME_OK)
		o = ask(&w);
	if (o == OUTCOME_OK)
		o = prove(&w);
	return o == OUTCOME_OK ? store(&w) : o;
}
