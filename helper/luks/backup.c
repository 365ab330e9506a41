/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "luks/library.h"

int luks_backup_write(const struct luks_device *device, const char *path)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	int fd, r;

	r = luks_library_load(device->fd, -1, &cd);
	if (r != 0)
		return r;
	/* The library has one errno for a file that exists, a folder that doesn't, and much else. */
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	(void)close(fd); /* empty so far */
	(void)unlink(path);
	r = luks_library_result("crypt_header_backup", crypt_header_backup(cd, CRYPT_LUKS2, path));
	if (r != 0)
		(void)unlink(path); /* half a backup is none */
	return r;
}
