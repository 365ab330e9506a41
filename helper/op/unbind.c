/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "luks/bind.h"
#include "luks/header.h"
#include "op/backup.h"
#include "op/bind.h"
#include "op/config.h"

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
	o = op_backup(device, request->header_backup, v);
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
