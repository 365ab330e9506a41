/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/backup.h"

#include <errno.h>
#include <unistd.h>

#include "luks/library.h"

int luks_backup_write(const struct luks_device *device, const char *path)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	int r;

	/* The library refuses an existing file too, but with the errno of a bad argument. */
	if (access(path, F_OK) == 0)
		return -EEXIST;
	r = luks_library_load(device->fd, -1, &cd);
	if (r != 0)
		return r;
	return luks_library_result("crypt_header_backup",
				   crypt_header_backup(cd, CRYPT_LUKS2, path));
}
