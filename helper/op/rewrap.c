/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rewrap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "luks/bind.h"
#include "luks/header.h"
#include "op/carried.h"
#include "op/cmdline.h"
#include "op/policy.h"
#include "op/session.h"

struct rewrap {
	const struct rewrap_request *request;
	struct config *config;
	struct op_session *session;
	struct luks_device *device;
	int lock; /* on the device; -1: none */
	struct verdict *v;
};

/* One token of the profile: an interrupted run may have left two. */
struct one {
	struct luks_header *header;
	const struct luks_token *bound; /* borrowed from @header */
	struct secret *passphrase;
	char *ciphertext; /* the newer one */
};

static void rewrap_done(struct rewrap *w)
{
	if (w->lock >= 0)
		(void)close(w->lock);
	luks_device_free(w->device);
	op_session_free(w->session);
	config_free(w->config);
}

static void one_done(struct one *one)
{
	free(one->ciphertext);
	secret_free(one->passphrase);
	luks_header_free(one->header);
}

static enum outcome load_header(const struct rewrap *w, struct luks_header **ret)
{
	struct luks_reason reason = { "" };
	int r = luks_header_load(w->device, NULL, ret, &reason);

	if (r == 0)
		r = carried_note(w->config, *ret, w->device->path);
	return r != 0 ? verdict_luks(w->v, r, w->request->device, &reason) : OUTCOME_OK;
}

/* The @nth token of the profile, as the header has it now; @one->bound stays NULL when there is none. */
static enum outcome find(const struct rewrap *w, size_t nth, struct one *one)
{
	const struct luks_token *const *tokens;
	enum outcome o = load_header(w, &one->header);
	size_t n, seen = 0;

	if (o != OUTCOME_OK)
		return o;
	n = luks_header_tokens(one->header, &tokens);
	for (size_t i = 0; i < n && !one->bound; i++)
		if (tokens[i]->kind == LUKS_TOKEN_KMS && tokens[i]->keyslot >= 0 &&
		    !strcmp(tokens[i]->profile, w->request->profile) && seen++ == nth)
			one->bound = tokens[i];
	return OUTCOME_OK;
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
	if (r < 0)
		return verdict_errno(w->v, r, "session");
	r = luks_device_open(w->request->device, &w->device);
	if (r == 0 && !w->request->dry_run)
		r = luks_device_lock(w->device, &w->lock);
	return r != 0 ? verdict_luks(w->v, r, w->request->device, NULL) : OUTCOME_OK;
}

/* A token that the boot would refuse is not to be refreshed. */
static enum outcome check_policy(const struct rewrap *w, const struct one *one)
{
	_cleanup_cmdline_ struct cmdline *nothing = NULL;
	int r = cmdline_parse("", &nothing);

	if (r < 0)
		return verdict_errno(w->v, r, "policy");
	return policy_check_token(w->config,
				  config_volume_find(w->config, luks_header_uuid(one->header)), nothing,
				  one->bound, w->v);
}

static deadline_t patience(const struct rewrap *w)
{
	return deadline_after(w->request->timeout_ms);
}

/* With the passphrase a service sends its newer ciphertext, if there is one. */
static enum outcome ask(const struct rewrap *w, struct one *one)
{
	struct luks_reason reason = { "" };
	enum outcome o = op_session_unwrap_newer(w->session, one->bound, luks_header_uuid(one->header),
						 patience(w), &one->passphrase, &one->ciphertext, w->v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_header_test(one->header, one->bound->keyslot, one->passphrase, &reason);
	return r != 0 ? verdict_luks(w->v, r, w->request->device, &reason) : OUTCOME_OK;
}

/* The new ciphertext must give the same passphrase before the old one goes. */
static enum outcome prove(const struct rewrap *w, const struct one *one, const struct luks_token *next)
{
	_cleanup_secret_ struct secret *got = NULL;
	enum outcome o = op_session_unwrap(w->session, next, luks_header_uuid(one->header), patience(w),
					   &got, w->v);

	if (o == OUTCOME_OK && !secret_equal(got, one->passphrase))
		return verdict_set(w->v, OUTCOME_KMS_BAD_CIPHERTEXT,
				   "kms:%s gave a new ciphertext that is of something else",
				   w->request->profile);
	return o;
}

static enum outcome store(const struct rewrap *w, const struct one *one, const struct luks_token *next)
{
	struct luks_reason reason = { "" };
	int r = w->request->dry_run ? 0 :
				      luks_bind_replace_token(w->device, one->bound, next, &reason);

	return r != 0 ? verdict_luks(w->v, r, w->request->device, &reason) : OUTCOME_OK;
}

/* @ret: whether it was wrapped by an older version of the root key. */
static enum outcome rewrap_one(const struct rewrap *w, struct one *one, bool *ret)
{
	struct luks_token next = *one->bound; /* borrows what the old one owns */
	enum outcome o = check_policy(w, one);

	if (o == OUTCOME_OK)
		o = ask(w, one);
	*ret = one->ciphertext;
	if (o != OUTCOME_OK || !*ret)
		return o;
	next.ciphertext = one->ciphertext;
	o = prove(w, one, &next);
	return o == OUTCOME_OK ? store(w, one, &next) : o;
}

static enum outcome conclude(const struct rewrap *w, size_t n, size_t changed)
{
	if (!n)
		return verdict_set(w->v, OUTCOME_NOT_BOUND, "%s is not bound to kms:%s",
				   w->request->device, w->request->profile);
	if (!changed)
		return verdict_set(w->v, OUTCOME_NOTHING_TO_DO,
				   "the newest version of the root key has wrapped kms:%s",
				   w->request->profile);
	return verdict_set(w->v, OUTCOME_OK, "kms:%s %s the newest root key", w->request->profile,
			   w->request->dry_run ? "can be wrapped by" : "is wrapped by");
}

enum outcome op_rewrap(const struct rewrap_request *request, struct verdict *v)
{
	_cleanup_(rewrap_done) struct rewrap w = { .request = request, .v = v, .lock = -1 };
	enum outcome o = begin(&w);
	size_t changed = 0;

	for (size_t n = 0; o == OUTCOME_OK; n++) {
		_cleanup_(one_done) struct one one = { .bound = NULL };
		bool old = false;

		o = find(&w, n, &one);
		if (o == OUTCOME_OK && !one.bound)
			return conclude(&w, n, changed);
		if (o == OUTCOME_OK)
			o = rewrap_one(&w, &one, &old);
		changed += old;
	}
	return o;
}
