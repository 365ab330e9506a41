/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/seal.h"

#include <errno.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "op/credential.h"
#include "op/keygen.h"
#include "op/sealed-key.h"
#include "op/service.h"

#define PLACE "/etc/cexluks/%s.sealed"

static void keygen_result_done(struct keygen_result *result)
{
	volume_key_done(&result->key);
}

/* One token: only CBC takes it, and one AES key is enough to derive another. */
static enum outcome make_lock(const struct seal_request *request, struct keygen_result *ret, struct verdict *v)
{
	const struct keygen_request keygen = {
		.sysroot = request->sysroot,
		.key_type = request->key_type,
		.apqns = request->apqns,
	};

	return op_keygen(&keygen, ret, v);
}

enum outcome seal_to_memory(const struct seal_request *request, const struct secret *api_key,
			    struct sealed_key *ret, struct verdict *v)
{
	_cleanup_(keygen_result_done) struct keygen_result lock = { 0 };
	enum outcome o = make_lock(request, &lock, v);
	char queues[CEX_APQNS_SIZE];

	if (o == OUTCOME_OK && lock.chose_ep11)
		log_notice("there is no CCA domain, so an EP11 key seals it");
	if (o == OUTCOME_OK)
		o = sealed_key_make(&lock.key, api_key, request->sysroot, ret, v);
	if (o != OUTCOME_OK)
		return o;
	cex_apqns_text(&lock.apqns, queues);
	return verdict_set(v, OUTCOME_OK, "%s opens with a %s key in: %s", ret->what, lock.key_type, queues);
}

enum outcome seal_to_file(const struct seal_request *request, const struct secret *api_key, const char *path,
			  struct verdict *v)
{
	struct sealed_key sealed = { .what = path, .profile = request->profile };
	enum outcome o = seal_to_memory(request, api_key, &sealed, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = file_write_atomic(path, sealed.bytes, sealed.len, 0600);
	return r < 0 ? verdict_errno(v, r, path) : o;
}

/* Where it goes, and what the configuration is to call that. */
static enum outcome place(const struct seal_request *request, char **ret, struct seal_result *result,
			  struct verdict *v)
{
	struct keygen_place new_file = { .sysroot = request->sysroot };
	int n;

	if (request->output && request->output[0] != '/')
		return verdict_set(v, OUTCOME_USAGE, "'%s' is no absolute path, which the configuration needs",
				   request->output);
	if (request->output)
		n = snprintf(result->path, sizeof(result->path), "%s", request->output);
	else
		n = snprintf(result->path, sizeof(result->path), PLACE, request->profile);
	if (n < 0 || (size_t)n >= sizeof(result->path))
		return verdict_set(v, OUTCOME_USAGE, "the name of the file is too long");
	if (asprintf(ret, "%s%s", request->output ? "" : request->sysroot, result->path) < 0) {
		*ret = NULL;
		return verdict_errno(v, ENOMEM, result->path);
	}
	new_file.file = *ret;
	return keygen_check_place(&new_file, v);
}

enum outcome op_seal(const struct seal_request *request, struct seal_result *ret, struct verdict *v)
{
	const struct service_request wanted = { request->sysroot, request->config_path, request->profile };
	_cleanup_service_ struct service service = { 0 };
	_cleanup_free_ char *path = NULL;
	struct config_profile *profile;
	enum outcome o = service_open(&wanted, &service, v);

	if (o == OUTCOME_OK)
		o = place(request, &path, ret, v);
	if (o != OUTCOME_OK)
		return o;
	profile = config_profile_find(service.config, service.profile);
	o = carried_find(service.config, profile, v);
	if (o == OUTCOME_OK)
		o = credential_load(request->sysroot, profile, deadline_after(request->timeout_ms), v);
	if (o == OUTCOME_OK)
		o = seal_to_file(request, profile->kms.api_keys[0], path, v);
	return o;
}
