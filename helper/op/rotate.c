/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rotate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "luks/header.h"
#include "op/bind.h"
#include "op/config.h"
#include "op/rewrap.h"

/* Bindings by name, each once: an interrupted run may have left two tokens of one. */
struct names {
	char *list[LIMIT_TOKENS];
	size_t n;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
}

static bool has(const struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], name))
			return true;
	return false;
}

/* A card binding has nothing that a service would wrap. */
static bool counts(const struct rotate_request *request, const struct luks_token *token)
{
	if (token->keyslot < 0 || token->kind == LUKS_TOKEN_CREDENTIAL)
		return false;
	return !request->rewrap_only || token->kind == LUKS_TOKEN_KMS;
}

static enum outcome find(const struct rotate_request *request, struct names *names, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	struct luks_reason reason = { "" };
	int r = luks_device_open(request->device, &device);
	size_t n;

	if (r == 0)
		r = luks_header_load(device, NULL, &header, &reason);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *name = NULL;

		if (!counts(request, tokens[i]))
			continue;
		name = luks_token_binding(tokens[i]);
		if (!name)
			return verdict_errno(v, ENOMEM, "bindings");
		if ((!request->binding || !strcmp(request->binding, name)) && !has(names, name))
			names->list[names->n++] = take_ptr(name);
	}
	if (names->n)
		return OUTCOME_OK;
	verdict_set(v, OUTCOME_NOT_BOUND, "%s has no %s%s", request->device,
		    request->binding	 ? "binding " :
		    request->rewrap_only ? "binding that a KMS wraps" :
					   "binding of ours",
		    request->binding ? request->binding : "");
	return OUTCOME_NOT_BOUND;
}

static enum outcome renew(const struct rotate_request *request, const char *binding,
			  const char *backup, struct verdict *v)
{
	struct bind_result result;

	return op_bind(&(struct bind_request){ .sysroot = request->sysroot,
					       .config_path = request->config_path,
					       .device = request->device,
					       .binding = binding,
					       .header_backup = backup,
					       .dry_run = request->dry_run,
					       .renew = true,
					       .timeout_ms = request->timeout_ms },
		       &result, v);
}

static enum outcome rewrap(const struct rotate_request *request, const char *binding,
			   const char *backup, struct verdict *v)
{
	return op_rewrap(&(struct rewrap_request){ .sysroot = request->sysroot,
						   .config_path = request->config_path,
						   .device = request->device,
						   .profile = config_binding_profile(binding),
						   .header_backup = backup,
						   .dry_run = request->dry_run,
						   .timeout_ms = request->timeout_ms },
			 v);
}

enum outcome op_rotate(const struct rotate_request *request)
{
	_cleanup_(names_done) struct names names = { .n = 0 };
	const char *backup = request->header_backup;
	enum outcome sum = OUTCOME_NOTHING_TO_DO;
	struct verdict v = { 0 };

	if (find(request, &names, &v) != OUTCOME_OK) {
		request->told(request->device, &v, request->userdata);
		return v.outcome;
	}
	for (size_t i = 0; i < names.n; i++) {
		enum outcome o = request->rewrap_only ? rewrap(request, names.list[i], backup, &v) :
							renew(request, names.list[i], backup, &v);

		request->told(names.list[i], &v, request->userdata);
		if (o == OUTCOME_OK)
			backup = NULL; /* the header of before is in it */
		if (sum == OUTCOME_NOTHING_TO_DO || (sum == OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO))
			sum = o;
	}
	return sum;
}
