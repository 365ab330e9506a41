/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keys-proof.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"

#define FOLDER "/run/cexluks"

static int path_of(const char *sysroot, enum keys_proof proof, char ret[static PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s" FOLDER "/keys.%s", sysroot,
			 proof == KEYS_PROOF_BOOT ? "boot" : "load");

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int keys_proof_write(const char *sysroot, enum keys_proof proof, const char *profile)
{
	_cleanup_free_ char *folder = NULL;
	char path[PATH_MAX];
	int r = path_of(sysroot, proof, path);

	if (r == 0 && asprintf(&folder, "%s" FOLDER, sysroot) < 0) {
		folder = NULL;
		return -ENOMEM;
	}
	if (r == 0)
		r = file_make_dirs(folder, 0755);
	return r == 0 ? file_write_atomic(path, profile, strlen(profile), 0644) : r;
}

bool keys_proof_is(const char *sysroot, enum keys_proof proof, const char *profile)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];

	return path_of(sysroot, proof, path) == 0 && file_read(path, LIMIT_ID, &text, NULL) == 0 &&
	       !strcmp(text, profile);
}
