/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/claims.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

static const char *links = "/run/udev/links";

void luks_claims_set_folder(const char *directory)
{
	links = directory ? directory : "/run/udev/links";
}

static int each_in(const char *folder, int (*visit)(const char *path, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *id = entry->d_name;
		char path[64];
		int r;

		if (id[0] != 'b' || !id[1] || strspn(id + 1, "0123456789:") != strlen(id + 1))
			continue;
		if (snprintf(path, sizeof(path), "/dev/block/%s", id + 1) >= (int)sizeof(path))
			continue;
		r = visit(path, userdata);
		if (r)
			return r;
	}
	return 0;
}

int luks_claims_each(const char *name, int (*visit)(const char *path, void *userdata), void *userdata)
{
	static const char *const spellings[] = { "disk\\x2fby-uuid\\x2f", "\\x2fdisk\\x2fby-uuid\\x2f" };

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++) {
		_cleanup_free_ char *folder = NULL;
		int r;

		if (asprintf(&folder, "%s/%s%s", links, spellings[i], name) < 0) {
			folder = NULL;
			return -ENOMEM;
		}
		r = each_in(folder, visit, userdata);
		if (r)
			return r;
	}
	return 0;
}
