/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image's file tells, and the file system that it is on. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "op/check-find.h"

#define DEPTH 8 /* of mappings on each other */

/* zipl notes the blocks that the image has on the disk, so one that was written later is not what will be loaded. */
static bool is_older(const char *map, const struct stat *image)
{
	struct stat st;

	if (stat(map, &st) < 0)
		return false;
	return st.st_mtim.tv_sec < image->st_mtim.tv_sec ||
	       (st.st_mtim.tv_sec == image->st_mtim.tv_sec && st.st_mtim.tv_nsec < image->st_mtim.tv_nsec);
}

static void check_map(struct checker *c, const char *map, const struct stat *image)
{
	struct verdict v = { 0 };

	if (!is_older(map, image))
		return;
	(void)verdict_set(&v, OUTCOME_BOOTLOADER_STALE, "%s is older than the image, and boots the one before it", map);
	check_found(c, "", "boot loader", &v);
}

/* In the folder of the image, or where zipl.conf's target usually is. */
static void check_loader(struct checker *c, const char *image, const struct stat *st)
{
	const char *slash = strrchr(image, '/');
	int len = slash ? (int)(slash - image) : 1;
	char path[PATH_MAX], other[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%.*s/bootmap", len, slash ? image : ".");
	check_map(c, path, st);
	(void)snprintf(other, sizeof(other), "%s/boot/bootmap", c->request->sysroot);
	if (strcmp(path, other) != 0)
		check_map(c, other, st);
}

/* Whether the block device in this folder of /sys is a dm-crypt mapping, or lies on one. */
static bool is_encrypted(const char *folder, unsigned depth)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *uuid = NULL;
	const struct dirent *entry;
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/dm/uuid", folder) >= (int)sizeof(path))
		return false;
	if (file_read(path, LIMIT_AP_ATTRIBUTE, &uuid, NULL) == 0 && !strncmp(uuid, "CRYPT-", 6))
		return true;
	(void)snprintf(path, sizeof(path), "%s/slaves", folder);
	dir = depth ? opendir(path) : NULL;
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/slaves/%s", folder, entry->d_name) >= (int)sizeof(path))
			continue;
		if (is_encrypted(path, depth - 1))
			return true;
	}
	return false;
}

static void check_file_system(struct checker *c, const struct stat *st)
{
	char folder[PATH_MAX];

	(void)snprintf(folder, sizeof(folder), "%s/sys/dev/block/%u:%u", c->request->sysroot, major(st->st_dev),
		       minor(st->st_dev));
	if (is_encrypted(folder, DEPTH))
		check_warn(c, "", "boot loader", WARNING_BOOT_ENCRYPTED,
			   "the image lies on an encrypted volume, which the boot loader must read before anybody opens it");
}

void check_image_place(struct checker *c, const char *image)
{
	struct stat st;

	if (stat(image, &st) < 0) /* whoever unpacks it says so */
		return;
	check_loader(c, image, &st);
	check_file_system(c, &st);
}
