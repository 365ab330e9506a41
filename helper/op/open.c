/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "luks/header.h"
#include "luks/volume.h"
#include "op/attempt.h"
#include "op/carried.h"
#include "op/config.h"
#include "op/policy.h"
#include "op/round.h"
#include "op/session.h"
#include "op/volume-key.h"

static enum outcome need_config(const char *sysroot, const char *path, struct config **ret,
				struct verdict *v)
{
	enum outcome o = config_load(sysroot, path, ret, v);

	if (o != OUTCOME_NOTHING_TO_DO)
		return o;
	verdict_set(v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
	return verdict_hint(v, "start from %s.example", CONFIG_PATH);
}

/* One volume, one round: the same state machine as at boot, without waiting for an interface. */
static enum outcome run_one(const struct open_request *request, struct config *config,
			    const struct cmdline *cmdline, struct plan *plan, struct verdict *v)
{
	_cleanup_op_session_ struct op_session *session = NULL;
	struct round round = {
		.config = config,
		.cmdline = cmdline,
		.plan = plan,
		.questions = -1,
		.how = request->load ? ATTEMPT_LOAD : ATTEMPT_ACTIVATE,
	};
	int r = op_session_new(config, request->sysroot, &session);

	if (r < 0)
		return verdict_errno(v, r, "session");
	round.session = session;
	r = round_begin(&round);
	if (r < 0) {
		round_end(&round);
		return verdict_errno(v, r, "cannot watch disks and network");
	}
	round_run(&round, deadline_after(request->timeout_ms));
	*v = round.attempts[0].verdict;
	if (v->outcome == OUTCOME_OK && round.attempts[0].binding.kind == BINDING_NONE)
		v->outcome = OUTCOME_NOTHING_TO_DO;
	round_end(&round);
	return v->outcome;
}

enum outcome op_open(const struct open_request *request, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_cmdline_ struct cmdline *cmdline = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct plan plan = { .n_volumes = 1 };
	struct plan_volume *volume = &plan.volumes[0];
	enum outcome o;
	int r;

	if (strlen(request->device) >= sizeof(volume->source))
		return verdict_set(v, OUTCOME_USAGE, "the path of the device is too long");
	if (request->name && (!*request->name || strchr(request->name, '/') ||
			      strlen(request->name) >= sizeof(volume->name)))
		return verdict_set(v, OUTCOME_USAGE, "'%s' cannot be a mapper name", request->name);
	o = need_config(request->sysroot, request->config_path, &config, v);
	if (o != OUTCOME_OK)
		return o;
	/* The boot's selections are not for somebody who names a device. */
	r = cmdline_parse("", &cmdline);
	if (r < 0)
		return verdict_errno(v, r, "command line");
	r = luks_device_open(request->device, &device);
	if (r != 0)
		return verdict_luks(v, r, request->device, NULL);
	if (request->name)
		(void)snprintf(volume->name, sizeof(volume->name), "%s", request->name);
	(void)snprintf(volume->source, sizeof(volume->source), "%s", request->device);
	plan_complete(volume, config, cmdline, device->uuid);
	return run_one(request, config, cmdline, &plan, v);
}

enum outcome op_close(const char *name, struct verdict *v)
{
	int r;

	if (strchr(name, '/')) {
		verdict_set(v, OUTCOME_USAGE, "'%s' is a path, not the name of a mapping", name);
		return verdict_hint(v, "/dev/mapper/NAME is closed as NAME");
	}
	r = luks_volume_close(name);
	if (r == LUKS_NO_DEVICE)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s is not open", name);
	if (r != 0)
		return verdict_luks(v, r, name, NULL);
	return verdict_set(v, OUTCOME_OK, "%s is closed", name);
}

/* By hand any binding may be named: also one that the configuration leaves out of the boot. */
static size_t find_bindings(struct config *config, const struct config_volume *pin,
			    const struct luks_header *header, const char *name,
			    struct binding ret[static POLICY_BINDINGS])
{
	struct binding order[POLICY_BINDINGS];
	size_t n = policy_order(config, pin, header, order), found = 0;

	for (size_t i = 0; i < n; i++) {
		char text[BINDING_NAME_SIZE];

		binding_name(&order[i], text);
		/* What lies in a file needs no help to be read. */
		if (!strcmp(text, name) && order[i].token)
			ret[found++] = order[i];
	}
	return found || !pin ? found : find_bindings(config, NULL, header, name, ret);
}

/* The child ends while the caller proves what it got. */
static enum outcome unwrap(const struct pass_request *request, struct op_session *session,
			   const struct luks_header *header, const struct luks_token *token,
			   struct secret **ret, struct verdict *v)
{
	enum outcome o = op_session_unwrap(session, token, luks_header_uuid(header),
					   deadline_after(request->timeout_ms), ret, v);

	op_session_dismiss(session);
	return o;
}

/* A token's passphrase in pages of its own, because it goes to somebody else. */
static enum outcome from_token(const struct luks_token *token, struct secret **ret, struct verdict *v)
{
	size_t len = secret_len(token->passphrase);
	int r = secret_new(len, ret);

	if (r < 0)
		return verdict_errno(v, r, "passphrase");
	memcpy(secret_data(*ret), secret_bytes(token->passphrase), len);
	return OUTCOME_OK;
}

/* It must open its keyslot, and where it is public, what it opens must be a secure key. */
static enum outcome prove(const struct pass_request *request, struct luks_header *header,
			  const struct binding *binding, const struct secret *passphrase,
			  struct verdict *v)
{
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (binding->kind == BINDING_CARD) {
		o = volume_key_read(header, binding->token->keyslot, passphrase, &key, v);
		if (o == OUTCOME_OK && !key.secure)
			v->outcome = o = OUTCOME_NOT_A_SECURE_KEY;
		return o;
	}
	r = luks_header_test(header, binding->token->keyslot, passphrase, &reason);
	return r != 0 ? verdict_luks(v, r, request->device, &reason) : OUTCOME_OK;
}

static enum outcome pass_one(const struct pass_request *request, struct config *config,
			     struct op_session *session, struct luks_header *header,
			     const struct binding *binding, struct secret **ret, struct verdict *v)
{
	const struct config_volume *pin = config_volume_find(config, luks_header_uuid(header));
	_cleanup_cmdline_ struct cmdline *cmdline = NULL;
	enum outcome o;
	int r;

	r = cmdline_parse("", &cmdline);
	if (r < 0)
		return verdict_errno(v, r, "command line");
	o = policy_check_binding(config, pin, cmdline, header, binding, v);
	if (o != OUTCOME_OK)
		return o;
	o = binding->kind == BINDING_CARD ? from_token(binding->token, ret, v) :
					    unwrap(request, session, header, binding->token, ret, v);
	if (o == OUTCOME_OK)
		o = prove(request, header, binding, *ret, v);
	return o == OUTCOME_OK ? verdict_set(v, OUTCOME_OK, "%s", request->binding) : o;
}

/* Nothing about the service: of two tokens that an interrupted run left, the other one may do. */
static bool is_about_token(enum outcome outcome)
{
	return outcome == OUTCOME_WRONG_PASSPHRASE || outcome == OUTCOME_KMS_BAD_CIPHERTEXT ||
	       outcome == OUTCOME_NOT_BOUND || outcome_is_refusal(outcome);
}

/* @session: for the first of them; it is over then. */
static enum outcome pass_binding(const struct pass_request *request, struct config *config,
				 struct op_session **session, struct luks_header *header,
				 struct secret **ret, struct verdict *v)
{
	const struct config_volume *pin = config_volume_find(config, luks_header_uuid(header));
	struct binding found[POLICY_BINDINGS];
	size_t n = find_bindings(config, pin, header, request->binding, found);
	enum outcome o = verdict_set(v, OUTCOME_NOT_BOUND, "%s has no binding %s", request->device,
				     request->binding);

	for (size_t i = 0; i < n; i++) {
		int r = 0;

		if (i) {
			op_session_free(take_ptr(*session));
			r = op_session_new(config, request->sysroot, session);
		}
		if (r < 0)
			return verdict_errno(v, r, "session");
		secret_free(take_ptr(*ret));
		o = pass_one(request, config, *session, header, &found[i], ret, v);
		if (!is_about_token(o))
			break;
	}
	return o;
}

enum outcome op_pass(const struct pass_request *request, struct secret **ret, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_op_session_ struct op_session *session = NULL;
	_cleanup_secret_ struct secret *got = NULL;
	struct luks_reason reason = { "" };
	enum outcome o = need_config(request->sysroot, request->config_path, &config, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = op_session_new(config, request->sysroot, &session);
	if (r == 0 && config_binding_profile(request->binding))
		r = op_session_start(session);
	if (r < 0)
		return verdict_errno(v, r, "session");
	r = luks_device_open(request->device, &device);
	if (r != 0)
		return verdict_luks(v, r, request->device, NULL);
	r = luks_header_load(device, NULL, &header, &reason);
	if (r == 0)
		r = carried_note(config, header, device->path);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	o = pass_binding(request, config, &session, header, &got, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(got);
	return o;
}
