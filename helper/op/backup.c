/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/backup.h"

#include <errno.h>

#include "luks/backup.h"

enum outcome op_backup(const struct luks_device *device, const char *path, struct verdict *v)
{
	int r;

	if (!path)
		return OUTCOME_OK;
	r = luks_backup_write(device, path);
	if (r == -EEXIST) {
		verdict_set(v, OUTCOME_USAGE, "%s exists already", path);
		return verdict_hint(v, "name a new file for the header backup");
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return verdict_set(v, OUTCOME_USAGE, "there is no folder for %s", path);
	return r != 0 ? verdict_luks(v, r, path, NULL) : OUTCOME_OK;
}

enum outcome op_backup_first(const char *device, const char *path, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *opened = NULL;
	int r = path ? luks_device_open(device, &opened) : 0;

	return r != 0 ? verdict_luks(v, r, device, NULL) : op_backup(opened, path, v);
}
