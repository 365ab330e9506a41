/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/service.h"

#include "op/prove.h"

enum outcome service_open_any(const struct service_request *request, struct service *ret,
			      struct verdict *v)
{
	enum outcome o = config_load(request->sysroot, request->config_path, &ret->config, v);
	int r;

	if (o == OUTCOME_NOTHING_TO_DO) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
		return verdict_hint(v, "start from %s.example", CONFIG_PATH);
	}
	if (o != OUTCOME_OK)
		return o;
	r = op_session_new(ret->config, request->sysroot, &ret->session);
	return r < 0 ? verdict_errno(v, r, "session") : OUTCOME_OK;
}

enum outcome service_open(const struct service_request *request, struct service *ret,
			  struct verdict *v)
{
	enum outcome o = service_open_any(request, ret, v);
	const struct config_profile *profile;
	const char *name;

	if (o != OUTCOME_OK)
		return o;
	name = request->profile ? request->profile : ret->config->keys_profile;
	if (!name && ret->config->n_profiles != 1) {
		verdict_set(v, OUTCOME_USAGE, "%s has %zu profiles", ret->config->path,
			    ret->config->n_profiles);
		return verdict_hint(v, "name one of them");
	}
	profile = name ? config_profile_find(ret->config, name) : &ret->config->profiles[0];
	if (!profile) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", ret->config->path, name);
		return verdict_hint(v, "add the section, or correct the name");
	}
	ret->profile = profile->kms.name;
	return OUTCOME_OK;
}

enum outcome service_knows_key(const struct service *service, const char *key, struct verdict *v)
{
	const struct config_profile *profile = config_profile_find(service->config, service->profile);

	return key || !profile ? OUTCOME_OK : prove_root_key(profile, v);
}

enum outcome service_wrap(struct service *service, const char *key, const struct secret *plain, deadline_t deadline,
			  struct kms_reply **ret, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *wrapped = NULL, *back = NULL;
	struct kms_request request = { .verb = KMS_WRAP, .deadline = deadline, .key = key, .plaintext = plain };
	enum outcome o = service_knows_key(service, key, v);

	if (o == OUTCOME_OK)
		o = op_session_call(service->session, service->profile, &request, &wrapped, v);
	if (o != OUTCOME_OK)
		return o;
	request = (struct kms_request){ .verb = KMS_UNWRAP, .deadline = deadline, .key = key,
					.ciphertext = wrapped->ciphertext };
	o = op_session_call(service->session, service->profile, &request, &back, v);
	if (o != OUTCOME_OK)
		return o;
	if (!back->plaintext || !secret_equal(back->plaintext, plain))
		return verdict_set(v, OUTCOME_KMS_BAD_CIPHERTEXT,
				   "what kms:%s unwraps is not what it wrapped", service->profile);
	*ret = take_ptr(wrapped);
	return OUTCOME_OK;
}

void service_done(struct service *service)
{
	op_session_free(service->session);
	config_free(service->config);
}

enum outcome service_list(struct service *service, uint64_t timeout_ms,
			  void (*visit)(const struct kms_key *key, void *userdata), void *userdata,
			  struct verdict *v)
{
	struct kms_request request = { .verb = KMS_LIST, .deadline = deadline_after(timeout_ms) };
	deadline_t patience = deadline_after(timeout_ms + 1000); /* the child's verdict comes first */
	unsigned id;
	enum outcome o = op_session_submit(service->session, service->profile, &request, &id, v);

	while (o == OUTCOME_OK) {
		_cleanup_kms_reply_ struct kms_reply *reply = NULL;
		int r = kms_client_next(op_session_client(service->session),
					patience, &reply);

		if (r < 0)
			return verdict_errno(v, r, "no answer from the network process");
		if (!reply)
			return verdict_set(v, OUTCOME_TIMEOUT, "no answer from kms:%s",
					   service->profile);
		if (reply->condition != KMS_OK)
			return verdict_kms(v, reply);
		if (reply->final)
			break;
		visit(&reply->key, userdata);
	}
	return o == OUTCOME_OK ? verdict_set(v, OUTCOME_OK, "kms:%s", service->profile) : o;
}
