/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/service.h"

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

	if (o != OUTCOME_OK)
		return o;
	if (!request->profile && ret->config->n_profiles != 1) {
		verdict_set(v, OUTCOME_USAGE, "%s has %zu profiles", ret->config->path,
			    ret->config->n_profiles);
		return verdict_hint(v, "name one of them");
	}
	profile = request->profile ? config_profile_find(ret->config, request->profile)
				   : &ret->config->profiles[0];
	if (!profile) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", ret->config->path,
			    request->profile);
		return verdict_hint(v, "add the section, or correct the name");
	}
	ret->profile = profile->kms.name;
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
