/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libdevmapper.h>

#include "base/cleanup.h"
#include "luks/library.h"
#include "luks/reason.h"

#define NAME_MAX_LEN 127 /* DM_NAME_LEN without the NUL */

static void destroy_task(struct dm_task **task)
{
	if (*task)
		dm_task_destroy(*task);
}

bool luks_mapping_name_is_valid(const char *name)
{
	size_t len = strlen(name);

	return len && len <= NAME_MAX_LEN && !strchr(name, '/') && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && strcmp(name, "control") != 0;
}

static int run(struct dm_task *task)
{
	if (dm_task_run(task))
		return 0;
	/* No errno means that not even /dev/mapper/control could be opened. */
	return dm_task_get_errno(task) == ENXIO ? LUKS_NO_DEVICE : LUKS_NO_MAPPER;
}

static int read_target(struct dm_task *task, struct luks_table *table, struct luks_reason *reason)
{
	char *type = NULL, *params = NULL;
	void *next;

	next = dm_get_next_target(task, NULL, &table->start, &table->length, &type, &params);
	if (next || !type || !params) {
		luks_reason_set(reason, "the live mapping has not exactly one target");
		return LUKS_TABLE_MISMATCH;
	}
	return luks_table_parse(type, params, table, reason);
}

int luks_mapping_get(const char *name, struct luks_mapping *ret, struct luks_reason *reason)
{
	_cleanup_(destroy_task) struct dm_task *task = NULL;
	struct dm_info info;
	const char *uuid;
	int r;

	luks_library_quiet_mapper();
	task = dm_task_create(DM_DEVICE_TABLE);
	if (!task)
		return LUKS_NO_MAPPER;
	if (!dm_task_set_name(task, name) || !dm_task_secure_data(task))
		return -ENOMEM;
	r = run(task);
	if (r)
		return r;
	if (!dm_task_get_info(task, &info) || !info.exists)
		return LUKS_NO_DEVICE;
	if (!info.live_table || info.suspended) {
		luks_reason_set(reason, "the mapping is being made, or was suspended");
		return LUKS_BUSY;
	}
	uuid = dm_task_get_uuid(task);
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%s", uuid ? uuid : "");
	return read_target(task, &ret->table, reason);
}
