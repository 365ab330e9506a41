/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of the target's own, for what can only be read from one: made at the first call, gone at the end. */
#ifndef CEXLUKS_TESTS_FUZZ_FOLDER_H
#define CEXLUKS_TESTS_FUZZ_FOLDER_H

#include "fuzz.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder_path[64];

static int folder_remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void folder_remove(void)
{
	(void)nftw(folder_path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline const char *folder(void)
{
	if (folder_path[0])
		return folder_path;
	/* in memory where that is possible */
	(void)snprintf(folder_path, sizeof(folder_path), "/dev/shm/cexluks-fuzz-XXXXXX");
	if (!mkdtemp(folder_path)) {
		(void)snprintf(folder_path, sizeof(folder_path), "/tmp/cexluks-fuzz-XXXXXX");
		PROMISE(mkdtemp(folder_path));
	}
	PROMISE(atexit(folder_remove) == 0);
	return folder_path;
}

/* @name may lead through folders, which are made. */
static inline void folder_put(const char *name, const uint8_t *data, size_t len)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder(), name);
	for (char *p = path + strlen(folder()) + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			(void)mkdir(path, 0700); /* it may be there */
			*p = '/';
		}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	PROMISE(fd >= 0 && write(fd, data, len) == (ssize_t)len && close(fd) == 0);
}

#endif
