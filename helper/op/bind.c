/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "luks/bind.h"
#include "op/backup.h"
#include "op/bind-kind.h"
#include "op/carried.h"
#include "op/cmdline.h"
#include "op/lock.h"
#include "op/policy.h"

/* luks_bind_add() hands callback results through from here on. */
#define UNWRAP_FAILED 1000

static void bind_done(struct bind *b)
{
	secret_free(b->passphrase);
	luks_header_free(b->header);
	if (b->lock >= 0)
		(void)close(b->lock);
	luks_device_free(b->device);
	op_session_free(b->session);
	config_free(b->config);
}

enum outcome bind_read_config(struct bind *b)
{
	return config_load(b->request->sysroot, b->request->config_path, &b->config, b->v);
}

static const struct config_volume *pin_of(const struct bind *b)
{
	return b->config ? config_volume_find(b->config, luks_header_uuid(b->header)) : NULL;
}

int64_t bind_next_serial(const struct bind *b)
{
	const struct config_volume *pin = pin_of(b);
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(b->header, &tokens);
	int64_t highest = pin && pin->min_serial ? pin->min_serial - 1 : 0;

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->serial > highest)
			highest = tokens[i]->serial;
	return highest + 1;
}

static enum outcome begin(struct bind *b)
{
	b->profile = config_binding_profile(b->request->binding);
	if (b->profile)
		b->kind = &bind_kms;
	else if (!strcmp(b->request->binding, "card"))
		b->kind = &bind_card;
	if (b->kind == &bind_card && b->request->luks2_keyring)
		return verdict_set(b->v, OUTCOME_USAGE,
				   "--luks2-keyring is for kms bindings: a card's passphrase is not put into a keyring");
	if (b->kind)
		return b->kind->begin(b);
	verdict_set(b->v, OUTCOME_USAGE, "'%s' is not a binding this version can make",
		    b->request->binding);
	(void)verdict_hint(b->v, "write it as kms:PROFILE or card");
	return OUTCOME_USAGE;
}

static enum outcome load_header(struct bind *b)
{
	struct luks_reason reason = { "" };
	int r;

	b->bound = NULL;
	luks_header_free(take_ptr(b->header));
	r = luks_header_load(b->device, NULL, &b->header, &reason);
	if (r == 0 && b->config)
		r = carried_note(b->config, b->header, b->device->path);
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* One change at a time: another run's half of one looks like what an interrupted run left. */
static enum outcome lock_volume(struct bind *b)
{
	if (b->request->dry_run || luks_device_lock(b->device, &b->lock) == 0)
		return OUTCOME_OK;
	verdict_set(b->v, OUTCOME_DEVICE_BUSY, "%s: another run is changing the header",
		    b->request->device);
	return verdict_hint(b->v, "run the command again when it is done");
}

static enum outcome open_volume(struct bind *b)
{
	const struct luks_token *const *tokens;
	enum outcome o;
	size_t n;
	int r = luks_device_open(b->request->device, &b->device);

	if (r != 0)
		return verdict_luks(b->v, r, b->request->device, NULL);
	o = lock_volume(b);
	if (o == OUTCOME_OK)
		o = load_header(b);
	if (o != OUTCOME_OK)
		return o;
	n = luks_header_tokens(b->header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->keyslot >= 0 && b->kind->matches(b, tokens[i]) &&
		    (!b->bound || tokens[i]->serial > b->bound->serial))
			b->bound = tokens[i]; /* an older one is what an interrupted run left */
	return OUTCOME_OK;
}

/* A binding that can never work again is replaced; a service that is only away is not a reason. */
static bool is_broken(enum outcome o)
{
	return o == OUTCOME_KMS_BAD_CIPHERTEXT || o == OUTCOME_WRONG_PASSPHRASE ||
	       o == OUTCOME_KMS_KEY_GONE || o == OUTCOME_NOT_BOUND;
}

/* Called by libcryptsetup while it adds the keyslot: the real unwrap, and it must be what we made. */
static int unwrap(const struct luks_token *token, void *userdata, struct secret **ret)
{
	_cleanup_secret_ struct secret *got = NULL;
	struct bind *b = userdata;

	if (b->kind->unwrap(b, token, &got) != OUTCOME_OK)
		return UNWRAP_FAILED;
	if (!secret_equal(got, b->passphrase)) {
		verdict_set(b->v, OUTCOME_KMS_BAD_CIPHERTEXT,
			    "%s gave back something else than was wrapped", b->request->binding);
		return UNWRAP_FAILED;
	}
	*ret = take_ptr(got);
	return 0;
}

/* @ret: what was asked for, owned by the caller; @existing: that, or what the request has. */
static enum outcome get_existing(struct bind *b, struct secret **ret, const struct secret **existing)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	*existing = b->request->existing;
	if (!*existing) {
		o = b->request->ask(b->request->device, b->request->userdata, ret, b->v);
		if (o != OUTCOME_OK)
			return o;
		*existing = *ret;
	}
	r = luks_bind_check_passphrase(b->device, *existing, &b->existing_keyslot, &reason);
	if (r == LUKS_WRONG_PASSPHRASE) {
		verdict_set(b->v, OUTCOME_WRONG_PASSPHRASE,
			    "%s: no keyslot opens with the passphrase given", b->request->device);
		return verdict_hint(b->v, "a key file counts whole, its final newline too");
	}
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

static enum outcome add_binding(struct bind *b, const struct secret *existing,
				struct bind_result *ret)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	struct luks_reason reason = { "" };
	struct luks_bind bind = {
		.existing = existing,
		.existing_is_known = true,
		.existing_keyslot = b->existing_keyslot,
		.unwrap = unwrap,
		.userdata = b,
		.keyring_token = bind_wants_keyring(b),
		.keep_bare = b->request->keep_bare,
	};
	enum outcome o;
	int r;

	log_step("making a new passphrase for %s ...", b->request->binding);
	o = b->kind->make(b, &token);
	if (o != OUTCOME_OK)
		return o;
	bind.token = token;
	log_step("adding it, and getting it back as the next boot will ...");
	r = luks_bind_add(b->device, &bind, &ret->keyslot, &ret->token, &reason);
	if (r >= UNWRAP_FAILED)
		return b->v->outcome;
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* What interrupted runs left: tokens of ours that name no keyslot. */
static enum outcome clean(struct bind *b, struct bind_result *ret)
{
	struct luks_reason reason = { "" };
	int r = b->request->keep_bare ? 0 : luks_bind_clean(b->device, &ret->cleaned, &reason);

	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

static enum outcome retire(struct bind *b, int token)
{
	struct luks_reason reason = { "" };
	int r = luks_bind_remove(b->device, token, &reason);

	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* What the boot would refuse is not proven, however well it unwraps. */
static enum outcome check_policy(struct bind *b)
{
	_cleanup_cmdline_ struct cmdline *nothing = NULL;
	int r;

	if (!b->config)
		return OUTCOME_OK;
	r = cmdline_parse("", &nothing);
	return r < 0 ? verdict_errno(b->v, r, "policy")
		     : policy_check_token(b->config, pin_of(b), nothing, b->bound, b->v);
}

/* Proves what is there. OUTCOME_OK: go on and bind, in place of what does not work if @ret_replaces. */
static enum outcome look_at_existing(struct bind *b, bool *ret_replaces)
{
	enum outcome o;
	bool refused;

	*ret_replaces = false;
	if (!b->bound)
		return OUTCOME_OK;
	log_step("proving the binding %s that is there ...", b->request->binding);
	o = check_policy(b);
	refused = outcome_is_refusal(o);
	if (o == OUTCOME_OK)
		o = b->kind->prove(b);
	if (o == OUTCOME_OK)
		return verdict_set(b->v, OUTCOME_NOTHING_TO_DO,
				   "%s is bound to %s, and it opens keyslot %d", b->request->device,
				   b->request->binding, b->bound->keyslot);
	if (!refused && !is_broken(o))
		return o;
	log_warning("the binding in token %d does not work any more: %s; replacing it",
		    b->bound->id, b->v->cause);
	*ret_replaces = true;
	return OUTCOME_OK;
}

/* An older token of this binding, where none is to be kept. */
static bool goes(const struct bind *b, const struct luks_token *token)
{
	return b->kind->matches(b, token) && !(b->request->keep_bare && token->keyslot < 0);
}

/* What a run left that was interrupted after the new binding was proven and before all of the old one went. */
static enum outcome retire_older(struct bind *b)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(b->header, &tokens), retired = 0;

	for (size_t i = 0; i < n && !b->request->dry_run; i++) {
		if (tokens[i] == b->bound || !goes(b, tokens[i]))
			continue;
		if (retire(b, tokens[i]->id) != OUTCOME_OK)
			return b->v->outcome;
		retired++;
	}
	if (!retired)
		return OUTCOME_NOTHING_TO_DO;
	return verdict_set(b->v, OUTCOME_OK, "%s is bound to %s (keyslot %d), and no longer to an older one",
			   b->request->device, b->request->binding, b->bound->keyslot);
}

/* Who binds should know when that left one lock fewer than it looks. */
static void warn_of_lock(struct bind *b, struct bind_result *ret)
{
	struct verdict nobody = { 0 }, *v = b->v;
	struct lock lock;

	b->v = &nobody;
	if (load_header(b) == OUTCOME_OK) {
		lock_judge(b->header, b->request->sysroot, &lock);
		if (lock.note[0])
			(void)snprintf(ret->warning, sizeof(ret->warning), "%s%s",
				       lock.kind == LOCK_CARD ? "the card is now the only lock: " : "",
				       lock.note);
	}
	b->v = v;
}

/* Add and prove. @existing opens @b->existing_keyslot. */
static enum outcome add_and_prove(struct bind *b, const struct secret *existing,
				  struct bind_result *ret)
{
	enum outcome o = b->kind->admit(b, existing);

	ret->anew = true;
	if (o == OUTCOME_OK && b->request->dry_run)
		return verdict_set(b->v, OUTCOME_OK, "%s can be bound to %s", b->request->device,
				   b->request->binding);
	if (o == OUTCOME_OK)
		o = op_backup(b->device, b->request->header_backup, b->v);
	if (o == OUTCOME_OK)
		o = clean(b, ret);
	if (o == OUTCOME_OK)
		o = add_binding(b, existing, ret);
	return o;
}

/* All of this binding but the new one, which must be there: what was replaced, and what interrupted runs left. */
static enum outcome retire_others(struct bind *b, const struct bind_result *ret)
{
	const struct luks_token *const *tokens;
	int old[LIMIT_TOKENS];
	bool new_is_there = false;
	size_t n, n_old = 0;
	enum outcome o = load_header(b);

	if (o != OUTCOME_OK)
		return o;
	n = luks_header_tokens(b->header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->id == ret->token)
			new_is_there = tokens[i]->keyslot == ret->keyslot;
		else if (goes(b, tokens[i]))
			old[n_old++] = tokens[i]->id;
	if (!new_is_there)
		return verdict_set(b->v, OUTCOME_DEVICE_BUSY, "%s: somebody else took the new binding away",
				   b->request->device);
	for (size_t i = 0; o == OUTCOME_OK && i < n_old; i++)
		o = retire(b, old[i]);
	return o;
}

static enum outcome bound(struct bind *b, const struct bind_result *ret)
{
	if (b->request->dry_run)
		return b->v->outcome;
	return verdict_set(b->v, OUTCOME_OK, "%s opens with %s (keyslot %d, token %d)",
			   b->request->device, b->request->binding, ret->keyslot, ret->token);
}

static enum outcome bind_anew(struct bind *b, bool replaces, struct bind_result *ret)
{
	_cleanup_secret_ struct secret *asked = NULL;
	const struct secret *existing;
	enum outcome o = b->kind->suits(b);

	if (o == OUTCOME_OK)
		o = get_existing(b, &asked, &existing);
	if (o == OUTCOME_OK)
		o = add_and_prove(b, existing, ret);
	if (o == OUTCOME_OK && replaces && !b->request->dry_run)
		o = retire_others(b, ret);
	return o == OUTCOME_OK ? bound(b, ret) : o;
}

/* --- a new secret for a binding that works --------------------------------------------------- */

/* What the binding gives now, which nobody has to type. */
static enum outcome take_own(struct bind *b, struct secret **ret)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (!b->bound)
		return verdict_set(b->v, OUTCOME_NOT_BOUND, "%s is not bound to %s",
				   b->request->device, b->request->binding);
	o = check_policy(b);
	if (o == OUTCOME_OK)
		o = b->kind->unwrap(b, b->bound, ret);
	if (o != OUTCOME_OK)
		return o;
	b->existing_keyslot = b->bound->keyslot;
	r = luks_header_test(b->header, b->existing_keyslot, *ret, &reason);
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

static enum outcome renew(struct bind *b, struct bind_result *ret)
{
	_cleanup_secret_ struct secret *own = NULL;
	enum outcome o = take_own(b, &own);

	if (o == OUTCOME_OK)
		o = add_and_prove(b, own, ret);
	if (o == OUTCOME_OK && !b->request->dry_run)
		o = retire_others(b, ret);
	return o == OUTCOME_OK ? bound(b, ret) : o;
}

/* --- the story ------------------------------------------------------------------------------- */

static enum outcome bind_story(struct bind *b, struct bind_result *ret)
{
	enum outcome o = begin(b);
	bool replaces;

	if (o == OUTCOME_OK)
		o = open_volume(b);
	if (o == OUTCOME_OK && b->request->renew)
		return renew(b, ret);
	if (o == OUTCOME_OK)
		o = look_at_existing(b, &replaces);
	if (o == OUTCOME_NOTHING_TO_DO) {
		o = bind_complete_keyring(b);
		if (o == OUTCOME_NOTHING_TO_DO)
			o = retire_older(b);
	} else if (o == OUTCOME_OK) {
		o = bind_anew(b, replaces, ret);
	}
	if (o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO)
		warn_of_lock(b, ret);
	if (o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO)
		bind_warn_of_keyring(b, ret);
	return o;
}

enum outcome op_bind(const struct bind_request *request, struct bind_result *ret, struct verdict *v)
{
	_cleanup_(bind_done) struct bind b = { .request = request, .v = v, .lock = -1 };

	*ret = (struct bind_result){ .keyslot = -1, .token = -1 };
	return bind_story(&b, ret);
}

enum outcome op_bind_check(const struct bind_request *request, struct verdict *v)
{
	_cleanup_(bind_done) struct bind b = { .request = request, .v = v, .lock = -1 };
	enum outcome o = begin(&b);

	return o == OUTCOME_OK ? b.kind->reach(&b) : o;
}
