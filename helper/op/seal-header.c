/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/seal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "luks/credential.h"
#include "luks/header.h"
#include "op/backup.h"
#include "op/credential-source.h"
#include "op/credential.h"
#include "op/service.h"

struct carrier {
	const struct seal_request *request;
	struct luks_device *device;
	struct luks_header *header;
	int lock;
	char uuid[UUID_SIZE]; /* of the header, which may be loaded again */
	char *what;	      /* for the causes */
	struct verdict *v;
};

static void carrier_done(struct carrier *c)
{
	if (c->lock >= 0)
		(void)close(c->lock);
	luks_header_free(c->header);
	luks_device_free(c->device);
	free(c->what);
}
#define _cleanup_carrier_ _cleanup_(carrier_done)

static enum outcome load_header(struct carrier *c)
{
	struct luks_reason reason = { "" };
	int r;

	luks_header_free(take_ptr(c->header));
	r = luks_header_load(c->device, NULL, &c->header, &reason);
	if (r != 0)
		return verdict_luks(c->v, r, c->device->path, &reason);
	(void)snprintf(c->uuid, sizeof(c->uuid), "%s", luks_header_uuid(c->header));
	return OUTCOME_OK;
}

static enum outcome open_carrier(struct carrier *c, const char *path)
{
	int r = luks_device_open(path, &c->device);

	if (r == 0)
		r = luks_device_lock(c->device, &c->lock);
	if (r != 0)
		return verdict_luks(c->v, r, path, NULL);
	if (asprintf(&c->what, "the API key of %s in the header of %s", c->request->profile, path) < 0) {
		c->what = NULL;
		return verdict_errno(c->v, ENOMEM, path);
	}
	return load_header(c);
}

/* What the header has under that number, or of the profile at all (@id -1); borrowed from it. */
static const struct luks_token *token_of(const struct carrier *c, int id)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(c->header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_CREDENTIAL && !strcmp(tokens[i]->profile, c->request->profile) &&
		    (id < 0 || tokens[i]->id == id))
			return tokens[i];
	return NULL;
}

static int add(const struct carrier *c, const struct sealed_key *sealed, int *ret_token, struct luks_reason *reason)
{
	_cleanup_secret_ struct secret *bytes = NULL, *text = NULL;
	struct luks_credential credential = { .profile = c->request->profile };
	int r = secret_new(sealed->len, &bytes);

	if (r < 0)
		return r;
	memcpy(secret_data(bytes), sealed->bytes, sealed->len);
	r = base64_encode_secret(bytes, &text);
	if (r < 0)
		return r;
	credential.sealed = (const char *)secret_bytes(text);
	return luks_credential_add(c->device, &credential, ret_token, reason);
}

/* As the next boot will: from the header that is on the device now, by the card. */
static enum outcome prove(struct carrier *c, int id, const struct secret *api_key)
{
	_cleanup_secret_ struct secret *back = NULL;
	struct carried_key carried = { .path = c->device->path };
	const struct luks_token *token;
	bool old = false;
	enum outcome o = load_header(c);

	if (o != OUTCOME_OK)
		return o;
	token = token_of(c, id);
	if (!token)
		return verdict_set(c->v, OUTCOME_INTERNAL, "%s is gone again", c->what);
	carried.sealed = token->sealed;
	memcpy(carried.uuid, c->uuid, sizeof(carried.uuid));
	o = credential_from_header(&carried, c->request->profile, c->request->sysroot, &old, &back, c->v);
	if (o == OUTCOME_OK && !secret_equal(back, api_key))
		return verdict_set(c->v, OUTCOME_CREDENTIAL_UNUSABLE, "%s is not what was sealed", c->what);
	return o;
}

static enum outcome switch_to_new(struct carrier *c, const struct sealed_key *sealed, const struct secret *api_key,
				  int replaces)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int id, r = add(c, sealed, &id, &reason);

	if (r != 0)
		return verdict_luks(c->v, r, c->device->path, &reason);
	o = prove(c, id, api_key);
	if (o != OUTCOME_OK)
		return o;
	r = luks_credential_retire(c->device, c->request->profile, replaces, id, &reason);
	return r != 0 ? verdict_luks(c->v, r, c->device->path, &reason) : OUTCOME_OK;
}

static enum outcome seal_into(struct carrier *c, const struct secret *api_key, int replaces)
{
	struct sealed_key sealed = {
		.what = c->what,
		.profile = c->request->profile,
		.device = c->device->path,
		.uuid = c->uuid,
	};
	enum outcome o = seal_to_memory(c->request, api_key, &sealed, c->v);
	struct verdict made = *c->v;

	if (o == OUTCOME_OK)
		o = op_backup(c->device, c->request->header_backup, c->v);
	if (o == OUTCOME_OK)
		o = switch_to_new(c, &sealed, api_key, replaces);
	if (o == OUTCOME_OK)
		*c->v = made;
	return o;
}

enum outcome seal_to_header(const struct seal_request *request, const struct secret *api_key, const char *device,
			    int replaces, struct verdict *v)
{
	_cleanup_carrier_ struct carrier c = { .request = request, .lock = -1, .v = v };
	enum outcome o = open_carrier(&c, device);

	return o == OUTCOME_OK ? seal_into(&c, api_key, replaces) : o;
}

/* The first of the other sources that is there. */
static enum outcome find_key(const struct seal_request *request, const struct config_profile *profile,
			     struct secret **ret, struct verdict *v)
{
	_cleanup_credential_sources_ struct credential_sources sources = { .n = 0 };
	enum outcome o = credential_sources(profile, &sources, v);
	bool old, others = false;

	if (o != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < sources.n; i++) {
		if (credential_source_is_header(sources.list[i].text))
			continue;
		others = true;
		o = credential_read(request->sysroot, profile, &sources.list[i], deadline_after(request->timeout_ms),
				    &old, ret, v);
		if (o != OUTCOME_CREDENTIAL_MISSING)
			return o;
	}
	if (others)
		return o;
	o = request->ask(profile->kms.name, ret, v);
	return o == OUTCOME_OK ? credential_check_key(*ret, "what was given", v) : o;
}

/* The one that works until now goes, so the service has to accept the new one first. */
static enum outcome ask_service(const struct seal_request *request, struct service *service, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request ping = { .verb = KMS_PING, .deadline = deadline_after(request->timeout_ms) };

	return op_session_call(service->session, service->profile, &ping, &reply, v);
}

enum outcome op_seal_header(const struct seal_request *request, struct seal_result *ret, struct verdict *v)
{
	const struct service_request wanted = { request->sysroot, request->config_path, request->profile };
	_cleanup_service_ struct service service = { 0 };
	_cleanup_carrier_ struct carrier c = { .request = request, .lock = -1, .v = v };
	struct config_profile *profile;
	struct kms_profile *kms;
	enum outcome o = service_open(&wanted, &service, v);

	if (o == OUTCOME_OK)
		o = open_carrier(&c, request->header);
	if (o != OUTCOME_OK)
		return o;
	profile = config_profile_find(service.config, service.profile);
	ret->configured = carried_is_wanted(profile);
	kms = &profile->kms;
	o = find_key(request, profile, &kms->api_keys[0], v);
	kms->n_api_keys = kms->api_keys[0] != NULL;
	if (o == OUTCOME_OK && token_of(&c, -1))
		o = ask_service(request, &service, v);
	return o == OUTCOME_OK ? seal_into(&c, kms->api_keys[0], -1) : o;
}
