/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "luks/bind.h"
#include "luks/credential.h"
#include "luks/header.h"
#include "op/backup.h"
#include "op/bind.h"
#include "op/config.h"

/* Every token of the binding: an interrupted run may have left two. */
struct found {
	int ids[LIMIT_TOKENS];
	size_t n;
};

/* "credential:PROFILE", which opens nothing and is no binding, but goes the same way. */
static const char *credential_profile(const char *binding)
{
	return !strncmp(binding, "credential:", 11) && binding[11] ? binding + 11 : NULL;
}

static bool is_of(const struct luks_token *token, const char *binding)
{
	const char *profile = credential_profile(binding);

	if (profile)
		return token->kind == LUKS_TOKEN_CREDENTIAL && !strcmp(token->profile, profile);
	profile = config_binding_profile(binding);

	if (profile)
		return token->kind == LUKS_TOKEN_KMS && !strcmp(token->profile, profile);
	return token->kind == LUKS_TOKEN_CARD && !strcmp(binding, "card");
}

static struct found find_binding(const struct luks_header *header, const char *binding)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);
	struct found found = { .n = 0 };

	for (size_t i = 0; i < n; i++)
		if (is_of(tokens[i], binding))
			found.ids[found.n++] = tokens[i]->id;
	return found;
}

static int remove_all(const struct unbind_request *request, const struct luks_device *device,
		      const struct found *found, struct luks_reason *reason)
{
	int r = 0;

	if (!request->binding)
		return luks_bind_remove_keyslot(device, request->keyslot, reason);
	if (credential_profile(request->binding))
		return luks_credential_retire(device, credential_profile(request->binding), -1, -1, reason);
	for (size_t i = 0; r == 0 && i < found->n; i++)
		r = luks_bind_remove(device, found->ids[i], reason);
	return r;
}

static enum outcome remove_binding(const struct unbind_request *request,
				   const struct luks_device *device, const struct found *found,
				   struct verdict *v)
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
	r = remove_all(request, device, found, &reason);
	if (r != 0)
		return verdict_luks(v, r, request->device, &reason);
	return verdict_set(v, OUTCOME_OK, "removed from %s", request->device);
}

static enum outcome open_device(const struct unbind_request *request, struct luks_device **ret,
				int *ret_lock, struct luks_header **ret_header, struct verdict *v)
{
	struct luks_reason reason = { "" };
	int r = luks_device_open(request->device, ret);

	if (r == 0 && !request->dry_run)
		r = luks_device_lock(*ret, ret_lock);
	if (r == 0)
		r = luks_header_load(*ret, NULL, ret_header, &reason);
	return r != 0 ? verdict_luks(v, r, request->device, &reason) : OUTCOME_OK;
}

enum outcome op_unbind(const struct unbind_request *request, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_close_ int lock = -1;
	struct found found = { .n = 0 };
	enum outcome o;

	if (request->binding && !config_binding_is_valid(request->binding) && !credential_profile(request->binding)) {
		verdict_set(v, OUTCOME_USAGE, "'%s' is not a binding", request->binding);
		return verdict_hint(v, "write it as kms:PROFILE, card or credential:PROFILE, or use --keyslot");
	}
	o = open_device(request, &device, &lock, &header, v);
	if (o != OUTCOME_OK)
		return o;
	if (request->binding) {
		found = find_binding(header, request->binding);
		if (!found.n)
			return credential_profile(request->binding) ?
				       verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s carries no %s", request->device,
						   request->binding) :
				       verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s is not bound to %s", request->device,
						   request->binding);
	}
	return remove_binding(request, device, &found, v);
}
