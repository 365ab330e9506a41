/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/key-store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static enum outcome directory_of(const char *sysroot, char ret[static PATH_MAX], struct verdict *v)
{
	int n = snprintf(ret, PATH_MAX, "%s%s", sysroot, CEX_REPOSITORY_PATH);

	return n < 0 || n >= PATH_MAX ? verdict_errno(v, ENAMETOOLONG, sysroot) : OUTCOME_OK;
}

static enum outcome explain(int r, const char *directory, const char *name, struct verdict *v)
{
	switch (r) {
	case -EEXIST:
		verdict_set(v, OUTCOME_USAGE, "zkey's repository %s has a key '%s' already", directory,
			    name);
		return verdict_hint(v, "choose another name, or use that key with --zkey-name %s", name);
	case -EINVAL:
		return verdict_set(v, OUTCOME_USAGE, "'%s' is no name for a key of zkey's repository",
				   name);
	case -EFBIG:
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "key '%s' of %s is larger than any key",
				   name, directory);
	case -ENODATA:
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "key '%s' of %s is empty", name,
				   directory);
	default:
		return verdict_errno(v, r, directory);
	}
}

static enum outcome no_folder(const char *directory, struct verdict *v)
{
	verdict_set(v, OUTCOME_USAGE, "there is no repository %s", directory);
	return verdict_hint(v, "install zkey, or make the folder: mkdir -p -m 0770 %s", directory);
}

enum outcome key_store_load(const char *sysroot, const char *name, struct secret **ret,
			    struct verdict *v)
{
	char directory[PATH_MAX];
	enum outcome o = directory_of(sysroot, directory, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = cex_repository_key(directory, name, ret);
	if (r == -ENOENT)
		return verdict_set(v, OUTCOME_USAGE, "zkey's repository %s has no key '%s'", directory,
				   name);
	return r != 0 ? explain(r, directory, name, v) : OUTCOME_OK;
}

enum outcome key_store_check(const char *sysroot, const char *name, struct verdict *v)
{
	_cleanup_secret_ struct secret *there = NULL;
	char directory[PATH_MAX];
	enum outcome o = directory_of(sysroot, directory, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	if (!cex_repository_name_is_valid(name))
		return explain(-EINVAL, directory, name, v);
	if (access(directory, F_OK) < 0 && errno == ENOENT)
		return no_folder(directory, v);
	if (access(directory, W_OK | X_OK) < 0)
		return explain(-errno, directory, name, v);
	r = cex_repository_key(directory, name, &there);
	if (r == -ENOENT)
		return OUTCOME_OK;
	if (r == 0 || r == -ENODATA || r == -EFBIG)
		r = -EEXIST; /* whatever is in it */
	return explain(r, directory, name, v);
}

enum outcome key_store_add(const char *sysroot, const struct cex_entry *entry,
			   const struct secret *key, struct verdict *v)
{
	char directory[PATH_MAX];
	enum outcome o = directory_of(sysroot, directory, v);
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = cex_repository_add(directory, entry, key);
	if (r == -ENOENT)
		return no_folder(directory, v);
	if (r == -EPERM) {
		verdict_set(v, OUTCOME_NO_PERMISSION, "others may write to %s", directory);
		return verdict_hint(v, "chmod o-w %s", directory);
	}
	if (r == -EBUSY) {
		verdict_set(v, OUTCOME_DEVICE_BUSY, "zkey holds the lock of its repository %s",
			    directory);
		return verdict_hint(v, "finish that first");
	}
	return r != 0 ? explain(r, directory, entry->name, v) : OUTCOME_OK;
}
