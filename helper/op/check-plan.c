/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which volumes check looks at: those of the next boot, or the one that was asked about. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/uuid.h"
#include "op/attempt.h"
#include "op/check-find.h"

/* Whether the path @name means it. */
static bool is_at(const struct luks_device *device, const char *name)
{
	struct stat own, other;

	if (!name[0] || fstat(device->fd, &own) < 0 || stat(name, &other) < 0)
		return false;
	if (S_ISBLK(own.st_mode) && S_ISBLK(other.st_mode))
		return own.st_rdev == other.st_rdev;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

/* As the boot would name it: by path, by its header's path, or by UUID. */
static struct plan_volume *find_planned(struct plan *plan, const struct luks_device *device)
{
	for (size_t i = 0; i < plan->n_volumes; i++) {
		struct plan_volume *vol = &plan->volumes[i];

		if (is_at(device, vol->source) || is_at(device, vol->options.header) ||
		    (device->uuid[0] && vol->uuid[0] && uuid_matches(device->uuid, vol->uuid)))
			return vol;
	}
	return NULL;
}

/* @plan: nothing narrowed. What it says of the device, or as much as is known of one that it does not name. */
static enum outcome take(struct checker *c, struct plan *plan, const struct luks_device *device,
			 struct verdict *v)
{
	const struct plan_volume *planned = find_planned(plan, device);
	struct plan_volume *one = &c->setup.plan->volumes[0];

	if (!planned && !device->uuid[0])
		return verdict_luks(v, LUKS_NOT_LUKS2, c->request->device, NULL);
	if (strlen(c->request->device) >= sizeof(one->source))
		return verdict_set(v, OUTCOME_USAGE, "the path of the device is too long");
	*one = planned ? *planned : (struct plan_volume){ 0 };
	if (!uuid_is_valid(one->uuid) && device->uuid[0] && !one->options.header[0])
		plan_complete(one, c->setup.config, c->setup.cmdline, device->uuid);
	if (!one->source[0])
		(void)snprintf(one->source, sizeof(one->source), "%s", c->request->device);
	c->setup.plan->n_volumes = 1;
	c->setup.plan->scan = false;
	c->unnamed = !planned && !plan->scan;
	return OUTCOME_OK;
}

static enum outcome plan_one(struct checker *c, const char *path, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_plan_ struct plan *plan = NULL;
	int r = luks_device_open_data(path, &device);

	if (r == 0)
		r = luks_device_judge(device);
	if (r != 0 && r != LUKS_NOT_LUKS2) /* beside a detached header there need not be another one */
		return verdict_luks(v, r, path, NULL);
	r = plan_make_all(c->setup.config, c->setup.cmdline, c->setup.crypttab, &plan);
	return r < 0 ? verdict_errno(v, r, "plan") : take(c, plan, device, v);
}

const char *check_why_not_at_boot(const struct checker *c, const struct plan_volume *want)
{
	if (c->unnamed)
		return "configuration, crypttab and command line name other volumes";
	if (want->options.noauto)
		return "its options say noauto";
	if (want->uuid[0] && !plan_selects(c->setup.cmdline, want->uuid))
		return "rd.cexluks.uuid leaves it out";
	return NULL;
}

/* As the boot scans: a volume counts with a binding of ours on it. */
static int add_if_bound(const char *uuid, void *userdata)
{
	struct checker *c = userdata;
	struct plan_volume found = { 0 };
	struct attempt look;
	bool counts;

	plan_complete(&found, c->setup.config, c->setup.cmdline, uuid);
	attempt_init(&look, c->setup.config, c->setup.cmdline, &found, ATTEMPT_PROVE);
	attempt_look(&look);
	counts = look.n_order > 0 || look.state == ATTEMPT_REFUSED;
	attempt_done(&look);
	if (counts)
		(void)plan_add_found(c->setup.plan, c->setup.config, c->setup.cmdline, uuid);
	return 0;
}

enum outcome check_plan(struct checker *c, struct verdict *v)
{
	int r;

	if (c->request->device)
		return plan_one(c, c->request->device, v);
	if (!c->setup.plan->scan)
		return OUTCOME_OK;
	r = luks_device_each(add_if_bound, c);
	return r < 0 ? verdict_errno(v, r, "cannot list devices") : OUTCOME_OK;
}
