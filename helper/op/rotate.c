/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rotate.h"

#include <string.h>

#include "op/backup.h"
#include "op/bind.h"
#include "op/bound-names.h"
#include "op/config.h"
#include "op/rewrap.h"
#include "op/sum.h"

/* A card binding has nothing that a service would wrap. */
static bool counts(const struct rotate_request *request, const char *name)
{
	if (request->rewrap_only && !config_binding_profile(name))
		return false;
	return !request->binding || !strcmp(request->binding, name);
}

static enum outcome renew(const struct rotate_request *request, const char *binding,
			  struct verdict *v)
{
	struct bind_result result;

	return op_bind(&(struct bind_request){ .sysroot = request->sysroot,
					       .config_path = request->config_path,
					       .device = request->device,
					       .binding = binding,
					       .dry_run = request->dry_run,
					       .renew = true,
					       .timeout_ms = request->timeout_ms },
		       &result, v);
}

static enum outcome rewrap(const struct rotate_request *request, const char *binding,
			   struct verdict *v)
{
	return op_rewrap(&(struct rewrap_request){ .sysroot = request->sysroot,
						   .config_path = request->config_path,
						   .device = request->device,
						   .profile = config_binding_profile(binding),
						   .dry_run = request->dry_run,
						   .timeout_ms = request->timeout_ms },
			 v);
}

static enum outcome none_found(const struct rotate_request *request, struct verdict *v)
{
	return verdict_set(v, OUTCOME_NOT_BOUND, "%s has no %s%s", request->device,
			   request->binding	? "binding " :
			   request->rewrap_only ? "binding that a KMS wraps" :
						  "binding of ours",
			   request->binding ? request->binding : "");
}

enum outcome op_rotate(const struct rotate_request *request)
{
	_cleanup_bound_names_ struct bound_names names = { .n = 0 };
	enum outcome sum = OUTCOME_NOTHING_TO_DO;
	struct verdict v = { 0 };
	size_t n = 0;

	if (bound_names_read(request->device, &names, &v) != OUTCOME_OK ||
	    op_backup_first(request->device, request->dry_run ? NULL : request->header_backup, &v) != OUTCOME_OK) {
		request->told(request->device, &v, request->userdata);
		return v.outcome;
	}
	for (size_t i = 0; i < names.n; i++) {
		const char *name = names.list[i];
		enum outcome o;

		if (!counts(request, name))
			continue;
		n++;
		o = request->rewrap_only ? rewrap(request, name, &v) : renew(request, name, &v);
		request->told(name, &v, request->userdata);
		sum = outcome_sum(sum, o);
	}
	if (n)
		return sum;
	(void)none_found(request, &v);
	request->told(request->device, &v, request->userdata);
	return v.outcome;
}
