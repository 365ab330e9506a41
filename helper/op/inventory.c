/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/inventory.h"

#include <time.h>

#include "op/service-end.h"

enum outcome op_inventory(const struct inventory_request *request, struct inventory *ret,
			  struct verdict *v)
{
	struct verdict nobody = { 0 };
	enum outcome o;
	int r;

	*ret = (struct inventory){ .now = time(NULL) };
	o = request->device ? volumes_find_one(request->sysroot, request->config_path, request->device,
					       &ret->volumes, v) :
			      volumes_find(request->sysroot, request->config_path, &ret->volumes, v);
	if (o != OUTCOME_OK)
		return o;
	r = keys_directory_read(request->sysroot, &ret->keys);
	if (r < 0)
		return verdict_errno(v, r, "keys directory");
	/* Where it is not clear whose they are, they are listed without a service. */
	if (ret->volumes.config &&
	    config_keys_profile(ret->volumes.config, &ret->keys_profile, &nobody) != OUTCOME_OK)
		ret->keys_profile = NULL;
	return verdict_set(v, OUTCOME_OK, "%zu volumes, %zu key files", ret->volumes.list.n, ret->keys.n);
}

void inventory_done(struct inventory *inventory)
{
	keys_directory_done(&inventory->keys);
	volumes_done(&inventory->volumes);
}

void inventory_service(const struct inventory *inventory, const char *profile,
		       struct inventory_service *ret)
{
	struct config *config = inventory->volumes.config;

	*ret = (struct inventory_service){ .profile = profile, .word = "unknown" };
	ret->configured = config && profile ? config_profile_find(config, profile) : NULL;
	if (!ret->configured)
		return;
	ret->word = kms_service_name(ret->configured->kms.service);
	ret->ends = service_days_left(ret->configured->kms.service, inventory->now, &ret->days_left);
}

const struct luks_token *inventory_binding(const struct list_entry *e, size_t *i)
{
	const struct luks_token *const *tokens;
	size_t n = e->header ? luks_header_tokens(e->header, &tokens) : 0;

	while (*i < n) {
		const struct luks_token *token = tokens[(*i)++];

		if (token->keyslot >= 0 && token->kind != LUKS_TOKEN_CREDENTIAL)
			return token;
	}
	return NULL;
}
