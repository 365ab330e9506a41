/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/apply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "op/backup.h"
#include "op/bind.h"
#include "op/own-way.h"
#include "op/report.h"
#include "op/sum.h"
#include "op/volumes.h"

struct apply {
	const struct apply_request *request;
	const char *device;
	const struct config_volume *pin;
	const struct bound_names *all; /* at the beginning, with what an interrupted run left */
	struct own_way way;
	enum outcome sum;
};

static enum outcome tell(struct apply *a, const char *binding, const struct verdict *v)
{
	a->request->told(a->device, binding, v, a->request->userdata);
	a->sum = outcome_sum(a->sum, v->outcome);
	return v->outcome;
}

static bool is_named(const struct apply *a, const char *binding)
{
	for (size_t i = 0; i < a->pin->n_bindings; i++)
		if (!strcmp(a->pin->bindings[i], binding))
			return true;
	return false;
}

/* --- add and prove --------------------------------------------------------------------------- */

static bool add(struct apply *a, const char *binding)
{
	const struct bind_request request = {
		.sysroot = a->request->sysroot,
		.config_path = a->request->config_path,
		.device = a->device,
		.binding = binding,
		.dry_run = a->request->dry_run,
		.timeout_ms = a->request->timeout_ms,
		.ask = own_way_ask,
		.userdata = &a->way,
	};
	struct bind_result result;
	struct verdict v = { 0 };

	a->way.but = binding;
	(void)op_bind(&request, &result, &v); /* its outcome is in the verdict */
	return outcome_exit_code(tell(a, binding, &v)) == 0;
}

/* --- retire ---------------------------------------------------------------------------------- */

/* What no boot has shown is only a hope. */
static bool a_boot_used_one(const struct apply *a)
{
	_cleanup_free_ char *path = NULL;

	if (asprintf(&path, "%s%s", a->request->sysroot, REPORT_PATH) < 0) {
		path = NULL;
		return false;
	}
	for (size_t i = 0; i < a->pin->n_bindings; i++)
		if (report_opened_with(path, a->all->uuid, a->pin->bindings[i]))
			return true;
	return false;
}

static void retire(struct apply *a, const char *binding)
{
	const struct unbind_request request = {
		.device = a->device,
		.binding = binding,
		.keyslot = -1,
		.dry_run = a->request->dry_run,
	};
	struct verdict v = { 0 };

	if (a_boot_used_one(a)) {
		(void)op_unbind(&request, &v);
	} else {
		(void)verdict_set(&v, OUTCOME_IMAGE_STALE,
				  "stays until a boot has opened %s by one that is configured", a->device);
		(void)verdict_hint(&v, "rebuild the initramfs, reboot, and apply again");
	}
	(void)tell(a, binding, &v);
}

/* --- one volume ------------------------------------------------------------------------------ */

static void apply_bindings(struct apply *a)
{
	bool proven = true, any = false;

	for (size_t i = 0; i < a->pin->n_bindings; i++) {
		if (config_binding_keyfile(a->pin->bindings[i]))
			continue;
		any = true;
		proven = add(a, a->pin->bindings[i]) && proven;
	}
	for (size_t i = 0; any && proven && i < a->all->n; i++)
		if (!is_named(a, a->all->list[i]))
			retire(a, a->all->list[i]);
}

static enum outcome apply_one(const struct apply_request *request, const char *device,
			      const struct config_volume *pin)
{
	_cleanup_bound_names_ struct bound_names names = { .n = 0 }, all = { .n = 0 };
	struct apply a = {
		.request = request,
		.device = device,
		.pin = pin,
		.all = &all,
		.way = { .sysroot = request->sysroot,
			 .config_path = request->config_path,
			 .timeout_ms = request->timeout_ms,
			 .names = &names,
			 .person = request->ask,
			 .person_userdata = request->ask_userdata },
		.sum = OUTCOME_NOTHING_TO_DO,
	};
	struct verdict v = { 0 };

	if (bound_names_read(device, &names, &v) != OUTCOME_OK ||
	    bound_names_read_bare(device, &all, &v) != OUTCOME_OK ||
	    op_backup_first(device, request->dry_run ? NULL : request->header_backup, &v) != OUTCOME_OK)
		return tell(&a, "", &v);
	apply_bindings(&a);
	return a.sum;
}

/* --- which ----------------------------------------------------------------------------------- */

static enum outcome tell_volume(const struct apply_request *request, const char *name, struct verdict *v)
{
	request->told(name, "", v, request->userdata);
	return v->outcome;
}

static const struct list_entry *find_entry(const struct list *list, const char *uuid)
{
	for (size_t i = 0; i < list->n; i++)
		if (uuid_equal(list->entries[i].device->uuid, uuid))
			return &list->entries[i];
	return NULL;
}

static enum outcome apply_all(const struct apply_request *request, const struct volumes *volumes)
{
	const struct config *config = volumes->config;
	enum outcome sum = OUTCOME_NOTHING_TO_DO;

	for (size_t i = 0; i < config->n_volumes; i++) {
		const struct config_volume *pin = &config->volumes[i];
		const struct list_entry *e = find_entry(&volumes->list, pin->uuid);
		struct verdict v = { 0 };

		if (!pin->n_bindings)
			continue;
		if (!e)
			(void)verdict_set(&v, OUTCOME_DEVICE_MISSING, "no device has UUID %s", pin->uuid);
		sum = outcome_sum(sum, e ? apply_one(request, e->device->path, pin) :
					   tell_volume(request, pin->name, &v));
	}
	return sum;
}

enum outcome op_apply(const struct apply_request *request)
{
	_cleanup_volumes_ struct volumes volumes = { 0 };
	const struct config_volume *pin;
	struct verdict v = { 0 };
	enum outcome o = request->device ?
				 volumes_find_one(request->sysroot, request->config_path, request->device,
						  &volumes, &v) :
				 volumes_find(request->sysroot, request->config_path, &volumes, &v);

	if (o != OUTCOME_OK || !volumes.config) {
		if (o == OUTCOME_OK)
			(void)verdict_set(&v, OUTCOME_CONFIG_ERROR, "%s does not exist", CONFIG_PATH);
		return tell_volume(request, request->device ? request->device : "volumes", &v);
	}
	if (!request->device)
		return apply_all(request, &volumes);
	pin = config_volume_find(volumes.config, volumes.list.entries[0].device->uuid);
	if (pin && pin->n_bindings)
		return apply_one(request, request->device, pin);
	(void)verdict_set(&v, OUTCOME_CONFIG_ERROR, "%s has no [volume] section with \"bindings\" for it",
			  volumes.config->path);
	return tell_volume(request, request->device, &v);
}
