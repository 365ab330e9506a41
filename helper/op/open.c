/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "luks/header.h"
#include "luks/volume.h"
#include "op/attempt.h"
#include "op/config.h"
#include "op/policy.h"
#include "op/round.h"
#include "op/session.h"

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
	if (v->outcome == OUTCOME_OK && !round.attempts[0].token)
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

static enum outcome unwrap_binding(const struct pass_request *request, struct config *config,
				   struct luks_header *header, struct secret **ret,
				   struct verdict *v)
{
	const char *profile = config_binding_profile(request->binding);
	const struct luks_token *order[LIMIT_TOKENS], *token = NULL;
	_cleanup_cmdline_ struct cmdline *cmdline = NULL;
	_cleanup_op_session_ struct op_session *session = NULL;
	size_t n = policy_order(config, NULL, header, order);
	enum outcome o;
	int r;

	for (size_t i = 0; i < n && profile; i++)
		if (order[i]->kind == LUKS_TOKEN_KMS && !strcmp(order[i]->profile, profile))
			token = order[i];
	if (!token)
		return verdict_set(v, OUTCOME_NOT_BOUND, "%s has no binding %s", request->device,
				   request->binding);
	r = cmdline_parse("", &cmdline);
	if (r == 0)
		r = op_session_new(config, request->sysroot, &session);
	if (r < 0)
		return verdict_errno(v, r, "session");
	o = policy_check_token(config, config_volume_find(config, luks_header_uuid(header)), cmdline,
			       token, v);
	if (o != OUTCOME_OK)
		return o;
	o = op_session_unwrap(session, token, luks_header_uuid(header),
			   deadline_after(request->timeout_ms), ret, v);
	if (o != OUTCOME_OK)
		return o;
	r = luks_header_test(header, token->keyslot, *ret, NULL);
	return r != 0 ? verdict_luks(v, r, request->device, NULL)
		      : verdict_set(v, OUTCOME_OK, "%s", request->binding);
}

enum outcome op_pass(const struct pass_request *request, struct secret **ret, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *got = NULL;
	struct luks_reason reason = { "" };
	enum outcome o = need_config(request->sysroot, request->config_path, &config, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_device_open(request->device, &device);
	if (r != 0)
		return verdict_luks(v, r, request->device, NULL);
	r = luks_header_load(device, NULL, &header, &reason);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	o = unwrap_binding(request, config, header, &got, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(got);
	return o;
}
