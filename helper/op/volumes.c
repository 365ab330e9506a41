/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/uuid.h"
#include "op/plan.h"

void volumes_done(struct volumes *volumes)
{
	list_done(&volumes->list);
	config_free(take_ptr(volumes->config));
}

static bool is_same(const struct luks_device *one, const struct luks_device *other)
{
	struct stat a, b;

	if (one->devno || other->devno)
		return one->devno == other->devno;
	return fstat(one->fd, &a) == 0 && fstat(other->fd, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static int take(struct volumes *volumes, struct luks_device *device)
{
	for (size_t i = 0; i < volumes->list.n; i++)
		if (is_same(volumes->list.entries[i].device, device)) {
			luks_device_free(device);
			return 0;
		}
	return list_add(&volumes->list, device);
}

static void miss(struct volumes *volumes, const char *name, int r, const struct luks_reason *reason)
{
	struct volumes_missing *m = &volumes->missing[volumes->n_missing];

	for (size_t i = 0; i < volumes->n_missing; i++)
		if (!strcmp(volumes->missing[i].name, name))
			return;
	if (volumes->n_missing == ARRAY_SIZE(volumes->missing))
		return; /* as many as can be named: LIMIT_VOLUMES */
	(void)snprintf(m->name, sizeof(m->name), "%s", name);
	(void)verdict_luks(&m->verdict, r, name, reason);
	volumes->n_missing++;
}

static bool is_taken(const struct volumes *volumes, const char *uuid)
{
	for (size_t i = 0; i < volumes->list.n; i++)
		if (uuid_matches(volumes->list.entries[i].device->uuid, uuid))
			return true;
	return false;
}

/* A detached header counts as the device. What crypttab says of other kinds of volumes is not for us. */
static void take_path(struct volumes *volumes, const char *path)
{
	struct luks_device *device = NULL;
	struct luks_reason reason = { "" };
	int r = luks_device_open(path, &device);

	if (r == 0)
		r = take(volumes, device);
	if (r != 0 && r != LUKS_NOT_LUKS2)
		miss(volumes, path, r, &reason);
}

static void take_uuid(struct volumes *volumes, const char *uuid)
{
	struct luks_device *device = NULL;
	struct luks_reason reason = { "" };
	int r = is_taken(volumes, uuid) ? 0 : luks_device_find(uuid, &device, &reason);

	if (r == 0 && device)
		r = take(volumes, device);
	if (r != 0)
		miss(volumes, uuid, r, &reason);
}

/* By path first: what crypttab names so may be named by UUID in the configuration. */
static void take_planned(struct volumes *volumes, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *vol = &plan->volumes[i];
		const char *path = vol->options.header[0] ? vol->options.header : vol->source;

		if (path[0])
			take_path(volumes, path);
	}
	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *vol = &plan->volumes[i];

		if (!vol->options.header[0] && !vol->source[0])
			take_uuid(volumes, vol->uuid);
	}
}

static int take_attached(const char *uuid, void *userdata)
{
	struct luks_device *device = NULL;
	struct luks_reason reason = { "" };

	return luks_device_find(uuid, &device, &reason) == 0 ? take(userdata, device) : 0;
}

static int take_named(struct volumes *volumes)
{
	_cleanup_plan_ struct plan *plan = NULL;
	int r = plan_make_for_machine(volumes->config, &plan);

	if (r == 0)
		take_planned(volumes, plan);
	return r;
}

static enum outcome read_config(const char *sysroot, const char *config_path, struct volumes *ret,
				struct verdict *v)
{
	enum outcome o;

	*ret = (struct volumes){ 0 };
	o = config_load(sysroot, config_path, &ret->config, v);
	return o == OUTCOME_NOTHING_TO_DO ? OUTCOME_OK : o;
}

enum outcome volumes_find(const char *sysroot, const char *config_path, struct volumes *ret,
			  struct verdict *v)
{
	enum outcome o = read_config(sysroot, config_path, ret, v);
	int r = 0;

	if (o != OUTCOME_OK)
		return o;
	if (ret->config)
		r = take_named(ret);
	if (r == 0)
		r = luks_device_each(take_attached, ret);
	return r < 0 ? verdict_errno(v, r, "cannot list devices") :
		       verdict_set(v, OUTCOME_OK, "%zu volumes", ret->list.n);
}

enum outcome volumes_find_one(const char *sysroot, const char *config_path, const char *device,
			      struct volumes *ret, struct verdict *v)
{
	enum outcome o = read_config(sysroot, config_path, ret, v);
	struct luks_device *one = NULL;
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = luks_device_open(device, &one);
	if (r == 0)
		r = take(ret, one);
	if (r != 0)
		return verdict_luks(v, r, device, NULL);
	return verdict_set(v, OUTCOME_OK, "%s", device);
}
