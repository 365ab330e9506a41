/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bind.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "luks/backup.h"
#include "luks/bind.h"
#include "luks/header.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/policy.h"
#include "op/prove.h"
#include "op/session.h"

/* luks_bind_add() hands callback results through from here on. */
#define UNWRAP_FAILED 1000

struct bind {
	const struct bind_request *request;
	struct config *config;
	struct config_profile *profile;
	struct op_session *session;
	struct luks_device *device;
	struct luks_header *header;
	const struct luks_token *bound; /* what is there already for this profile, borrowed */
	struct secret *passphrase;	/* the new one */
	int existing_keyslot;		/* what the existing one opens */
	struct verdict *v;
};

static void bind_done(struct bind *b)
{
	secret_free(b->passphrase);
	luks_header_free(b->header);
	luks_device_free(b->device);
	op_session_free(b->session);
	config_free(b->config);
}

static enum outcome read_config(struct bind *b)
{
	const char *name = config_binding_profile(b->request->binding);
	enum outcome o;
	int r;

	if (!name) {
		verdict_set(b->v, OUTCOME_USAGE, "'%s' is not a binding this version can make",
			    b->request->binding);
		return verdict_hint(b->v, "write it as kms:PROFILE");
	}
	o = config_load(b->request->sysroot, b->request->config_path, &b->config, b->v);
	if (o == OUTCOME_NOTHING_TO_DO) {
		verdict_set(b->v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
		return verdict_hint(b->v, "start from %s.example", CONFIG_PATH);
	}
	if (o != OUTCOME_OK)
		return o;
	b->profile = config_profile_find(b->config, name);
	if (!b->profile) {
		verdict_set(b->v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", b->config->path, name);
		return verdict_hint(b->v, "add the section, or correct the binding's name");
	}
	r = op_session_new(b->config, b->request->sysroot, &b->session);
	return r < 0 ? verdict_errno(b->v, r, "session") : OUTCOME_OK;
}

static enum outcome load_header(struct bind *b)
{
	struct luks_reason reason = { "" };
	const struct luks_token *const *tokens;
	size_t n;
	int r;

	b->bound = NULL;
	luks_header_free(take_ptr(b->header));
	r = luks_header_load(b->device, NULL, &b->header, &reason);
	if (r != 0)
		return verdict_luks(b->v, r, b->request->device, &reason);
	n = luks_header_tokens(b->header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_KMS && tokens[i]->keyslot >= 0 &&
		    !strcmp(tokens[i]->profile, b->profile->kms.name))
			b->bound = tokens[i];
	return OUTCOME_OK;
}

static enum outcome open_volume(struct bind *b)
{
	int r = luks_device_open(b->request->device, &b->device);

	if (r != 0)
		return verdict_luks(b->v, r, b->request->device, NULL);
	return load_header(b);
}

/* Gets the passphrase as the next boot will, and tries it on the keyslot. */
static enum outcome prove_binding(struct bind *b)
{
	_cleanup_secret_ struct secret *got = NULL;
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	o = op_session_unwrap(b->session, b->bound, luks_header_uuid(b->header), deadline_after(b->request->timeout_ms),
			   &got, b->v);
	if (o != OUTCOME_OK)
		return o;
	r = luks_header_test(b->header, b->bound->keyslot, got, &reason);
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* A binding that can never work again is replaced; a service that is only away is not a reason. */
static bool is_broken(enum outcome o)
{
	return o == OUTCOME_KMS_BAD_CIPHERTEXT || o == OUTCOME_WRONG_PASSPHRASE ||
	       o == OUTCOME_KMS_KEY_GONE || o == OUTCOME_NOT_BOUND;
}

/* Higher than any there was, and high enough for "min-serial". */
static int64_t next_serial(const struct bind *b)
{
	const struct config_volume *pin = config_volume_find(b->config, luks_header_uuid(b->header));
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(b->header, &tokens);
	int64_t highest = pin && pin->min_serial ? pin->min_serial - 1 : 0;

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->serial > highest)
			highest = tokens[i]->serial;
	return highest + 1;
}

/* Called by libcryptsetup while it adds the keyslot: the real unwrap, and it must be what we made. */
static int unwrap(const struct luks_token *token, void *userdata, struct secret **ret)
{
	_cleanup_secret_ struct secret *got = NULL;
	struct bind *b = userdata;

	if (op_session_unwrap(b->session, token, luks_header_uuid(b->header), deadline_after(b->request->timeout_ms),
			   &got, b->v) != OUTCOME_OK)
		return UNWRAP_FAILED;
	if (!secret_equal(got, b->passphrase)) {
		verdict_set(b->v, OUTCOME_KMS_BAD_CIPHERTEXT,
			    "kms:%s gave back something else than was wrapped", token->profile);
		return UNWRAP_FAILED;
	}
	*ret = take_ptr(got);
	return 0;
}

static enum outcome ask_existing(struct bind *b, struct secret **ret)
{
	struct luks_reason reason = { "" };
	enum outcome o = b->request->ask(b->request->device, b->request->userdata, ret, b->v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_bind_check_passphrase(b->device, *ret, &b->existing_keyslot, &reason);
	if (r == LUKS_WRONG_PASSPHRASE) {
		verdict_set(b->v, OUTCOME_WRONG_PASSPHRASE,
			    "%s: no keyslot opens with the passphrase given", b->request->device);
		return verdict_hint(b->v, "a key file counts whole, its final newline too");
	}
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

static enum outcome back_up(const struct luks_device *device, const char *path, struct verdict *v)
{
	int r;

	if (!path)
		return OUTCOME_OK;
	r = luks_backup_write(device, path);
	if (r == -EEXIST) {
		verdict_set(v, OUTCOME_USAGE, "%s exists already", path);
		return verdict_hint(v, "name a new file for the header backup");
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return verdict_set(v, OUTCOME_USAGE, "there is no folder for %s", path);
	return r != 0 ? verdict_luks(v, r, path, NULL) : OUTCOME_OK;
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
		.keyring_token = b->config->open_by_systemd,
	};
	enum outcome o;
	int r;

	r = secret_random_passphrase(LIMIT_PASSPHRASE_LEN, &b->passphrase);
	if (r < 0)
		return verdict_errno(b->v, r, "random numbers");
	o = prove_wrap(b->session, b->profile, luks_header_uuid(b->header), next_serial(b),
		       b->passphrase, deadline_after(b->request->timeout_ms), &token, b->v);
	if (o != OUTCOME_OK)
		return o;
	bind.token = token;
	r = luks_bind_add(b->device, &bind, &ret->keyslot, &ret->token, &reason);
	if (r >= UNWRAP_FAILED)
		return b->v->outcome;
	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* What interrupted runs left: tokens of ours that name no keyslot. */
static enum outcome clean(struct bind *b, struct bind_result *ret)
{
	struct luks_reason reason = { "" };
	int r = luks_bind_clean(b->device, &ret->cleaned, &reason);

	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

static enum outcome retire(struct bind *b, int token)
{
	struct luks_reason reason = { "" };
	int r = luks_bind_remove(b->device, token, &reason);

	return r != 0 ? verdict_luks(b->v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* Proves what is there. OUTCOME_OK: go on and bind; *@ret_broken: the token to retire then, or -1. */
/* What the boot would refuse is not proven, however well it unwraps. */
static enum outcome check_policy(struct bind *b)
{
	const struct config_volume *pin = config_volume_find(b->config, luks_header_uuid(b->header));
	_cleanup_cmdline_ struct cmdline *nothing = NULL;
	int r = cmdline_parse("", &nothing);

	return r < 0 ? verdict_errno(b->v, r, "policy")
		     : policy_check_token(b->config, pin, nothing, b->bound, b->v);
}

static enum outcome look_at_existing(struct bind *b, int *ret_broken)
{
	enum outcome o;
	bool refused;

	*ret_broken = -1;
	if (!b->bound)
		return OUTCOME_OK;
	o = check_policy(b);
	refused = outcome_is_refusal(o);
	if (o == OUTCOME_OK)
		o = prove_binding(b);
	if (o == OUTCOME_OK)
		return verdict_set(b->v, OUTCOME_NOTHING_TO_DO,
				   "%s is bound to %s, and it opens keyslot %d", b->request->device,
				   b->request->binding, b->bound->keyslot);
	if (!refused && !is_broken(o))
		return o;
	log_warning("the binding in token %d does not work any more: %s; replacing it",
		    b->bound->id, b->v->cause);
	*ret_broken = b->bound->id;
	return OUTCOME_OK;
}

/* A volume bound before "open = systemd" was set, or by a run that was interrupted, lacks a token. */
static enum outcome complete_bound(struct bind *b)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (!b->config->open_by_systemd || b->request->dry_run ||
	    luks_bind_has_keyring(b->header, b->bound->keyslot))
		return OUTCOME_NOTHING_TO_DO;
	o = back_up(b->device, b->request->header_backup, b->v);
	if (o != OUTCOME_OK)
		return o;
	r = luks_bind_add_keyring(b->device, b->bound->keyslot, &reason);
	if (r != 0)
		return verdict_luks(b->v, r, b->request->device, &reason);
	return verdict_set(b->v, OUTCOME_OK, "%s is bound to %s, and systemd finds its key now (keyslot %d)",
			   b->request->device, b->request->binding, b->bound->keyslot);
}

static enum outcome bind_story(struct bind *b, struct bind_result *ret)
{
	_cleanup_secret_ struct secret *existing = NULL;
	enum outcome o;
	int broken;

	o = read_config(b);
	if (o == OUTCOME_OK)
		o = open_volume(b);
	if (o == OUTCOME_OK)
		o = look_at_existing(b, &broken);
	if (o == OUTCOME_NOTHING_TO_DO && b->config)
		return complete_bound(b);
	if (o == OUTCOME_OK)
		o = ask_existing(b, &existing);
	if (o == OUTCOME_OK && b->request->dry_run)
		return verdict_set(b->v, OUTCOME_OK, "%s can be bound to %s", b->request->device,
				   b->request->binding);
	if (o == OUTCOME_OK)
		o = back_up(b->device, b->request->header_backup, b->v);
	if (o == OUTCOME_OK)
		o = clean(b, ret);
	if (o == OUTCOME_OK)
		o = add_binding(b, existing, ret);
	if (o == OUTCOME_OK && broken >= 0)
		o = retire(b, broken);
	if (o == OUTCOME_OK)
		verdict_set(b->v, OUTCOME_OK, "%s opens with %s (keyslot %d, token %d)",
			    b->request->device, b->request->binding, ret->keyslot, ret->token);
	return o;
}

enum outcome op_bind(const struct bind_request *request, struct bind_result *ret, struct verdict *v)
{
	_cleanup_(bind_done) struct bind b = { .request = request, .v = v };

	*ret = (struct bind_result){ .keyslot = -1, .token = -1 };
	return bind_story(&b, ret);
}

static const struct luks_token *find_binding(const struct luks_header *header, const char *binding)
{
	const char *profile = config_binding_profile(binding);
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++) {
		if (profile && tokens[i]->kind == LUKS_TOKEN_KMS &&
		    !strcmp(tokens[i]->profile, profile))
			return tokens[i];
		if (!profile && tokens[i]->kind == LUKS_TOKEN_CARD && !strcmp(binding, "card"))
			return tokens[i];
	}
	return NULL;
}

static enum outcome remove_binding(const struct unbind_request *request,
				   const struct luks_device *device, int token, struct verdict *v)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (request->dry_run)
		return verdict_set(v, OUTCOME_OK, "%s would be removed from %s",
				   request->binding ? request->binding : "that keyslot",
				   request->device);
	o = back_up(device, request->header_backup, v);
	if (o != OUTCOME_OK)
		return o;
	r = token >= 0 ? luks_bind_remove(device, token, &reason)
		       : luks_bind_remove_keyslot(device, request->keyslot, &reason);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	return verdict_set(v, OUTCOME_OK, "removed from %s", request->device);
}

enum outcome op_unbind(const struct unbind_request *request, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *token = NULL;
	struct luks_reason reason = { "" };
	int r;

	if (request->binding && !config_binding_is_valid(request->binding)) {
		verdict_set(v, OUTCOME_USAGE, "'%s' is not a binding", request->binding);
		return verdict_hint(v, "write it as kms:PROFILE or card, or use --keyslot");
	}
	r = luks_device_open(request->device, &device);
	if (r != 0)
		return verdict_luks(v, r, request->device, NULL);
	r = luks_header_load(device, NULL, &header, &reason);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	if (request->binding) {
		token = find_binding(header, request->binding);
		if (!token)
			return verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s is not bound to %s",
					   request->device, request->binding);
	}
	return remove_binding(request, device, token ? token->id : -1, v);
}
