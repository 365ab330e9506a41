/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "op/migrate.h"
#include "op/sum.h"
#include "op/volumes.h"

struct all {
	const struct migrate_request *request;
	migrate_told_fn told;
	void *userdata;
	enum outcome sum;
};

static void tell(struct all *all, const char *what, const struct verdict *v,
		 const struct migrate_result *result)
{
	all->told(what, v, result, all->userdata);
	all->sum = outcome_sum(all->sum, v->outcome);
}

/* A volume that is moved already is in it too: the step says so. What is finished may have lost its keyslot before. */
static bool hangs_on_service(const struct all *all, const struct list_entry *e)
{
	const struct luks_token *const *tokens;
	size_t n = e->header ? luks_header_tokens(e->header, &tokens) : 0;

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_KMS && (tokens[i]->keyslot >= 0 || all->request->finish) &&
		    (!all->request->from || !strcmp(tokens[i]->profile, all->request->from)))
			return true;
	return false;
}

static void move(struct all *all, const struct list_entry *e)
{
	struct migrate_request request = *all->request;
	struct migrate_result result = { "" };
	struct verdict v = { 0 };

	request.device = e->device->path;
	(void)op_migrate(&request, &result, &v); /* its outcome is in the verdict */
	tell(all, e->device->path, &v, &result);
}

/* Whether the keys directory is none of --from's business. */
static bool leaves_keys(const struct all *all, const struct config *config)
{
	const char *now = NULL;
	struct verdict nobody = { 0 };

	return all->request->from && config && config_keys_profile(config, &now, &nobody) == OUTCOME_OK &&
	       strcmp(now, all->request->from) != 0 && strcmp(now, all->request->to) != 0;
}

enum outcome op_migrate_all(const struct migrate_request *request, migrate_told_fn told, void *userdata)
{
	_cleanup_volumes_ struct volumes volumes = { 0 };
	const struct migrate_result nothing = { "" };
	struct all all = { .request = request, .told = told, .userdata = userdata,
			   .sum = OUTCOME_NOTHING_TO_DO };
	struct verdict v = { 0 };

	if (volumes_find(request->sysroot, request->config_path, &volumes, &v) != OUTCOME_OK) {
		tell(&all, "volumes", &v, &nothing);
		return all.sum;
	}
	for (size_t i = 0; i < volumes.list.n; i++) {
		const struct list_entry *e = &volumes.list.entries[i];

		if (!e->header && luks_header_names_us(e->device, NULL))
			tell(&all, e->device->path, &e->verdict, &nothing);
		else if (hangs_on_service(&all, e))
			move(&all, e);
	}
	for (size_t i = 0; i < volumes.n_missing; i++)
		tell(&all, volumes.missing[i].name, &volumes.missing[i].verdict, &nothing);
	if (!leaves_keys(&all, volumes.config))
		all.sum = outcome_sum(all.sum, op_migrate_keys(request, told, userdata));
	return all.sum;
}
