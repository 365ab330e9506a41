/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/credential.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "luks/change.h"
#include "luks/header.h"
#include "luks/reason.h"

static int build(const struct luks_credential *credential, char **ret, struct luks_reason *reason)
{
	_cleanup_luks_token_ struct luks_token *token = calloc(1, sizeof(*token));
	int r;

	if (!token)
		return -ENOMEM;
	token->kind = LUKS_TOKEN_CREDENTIAL;
	token->id = token->keyslot = -1;
	token->profile = strdup(credential->profile);
	token->sealed = strdup(credential->sealed);
	if (!token->profile || !token->sealed)
		return -ENOMEM;
	r = luks_token_build(token, ret);
	return r == -EINVAL ? luks_refuse(reason, "the new token would break a rule") : r;
}

/* From the device again, as the next boot will. */
static int prove(const struct luks_device *device, const struct luks_credential *credential, int id,
		 struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	int r = luks_header_load(device, NULL, &header, reason);
	size_t n;

	if (r)
		return r;
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->id == id && tokens[i]->kind == LUKS_TOKEN_CREDENTIAL &&
		    !strcmp(tokens[i]->profile, credential->profile) && !strcmp(tokens[i]->sealed, credential->sealed))
			return 0;
	luks_reason_set(reason, "token %d is not what was written", id);
	return LUKS_CHANGED;
}

int luks_credential_add(const struct luks_device *device, const struct luks_credential *credential, int *ret_token,
			struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_json_text_ char *json = NULL;
	int id = -1, r;

	r = build(credential, &json, reason);
	if (r)
		return r;
	r = luks_change_begin(&change, device, &header, reason);
	if (r)
		return r;
	r = luks_change_store_token(&change, CRYPT_ANY_TOKEN, json, &id, reason);
	if (r)
		return r;
	r = prove(device, credential, id, reason);
	if (r)
		return r;
	*ret_token = id;
	return 0;
}

int luks_credential_retire(const struct luks_device *device, const char *profile, int only, int keep,
			   struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	size_t n;
	int r = luks_change_begin(&change, device, &header, reason);

	if (r)
		return r;
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n && !r; i++) {
		const struct luks_token *token = tokens[i];

		if (token->kind == LUKS_TOKEN_CREDENTIAL && !strcmp(token->profile, profile) && token->id != keep &&
		    (only < 0 || token->id == only))
			r = luks_change_result(&change, "removing a credential",
					       crypt_token_json_set(change.cd, token->id, NULL), reason);
	}
	return r;
}
