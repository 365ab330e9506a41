/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keeping a key: in a file of its own, or in zkey's repository. */
#include "op/keygen.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "cex/pattern.h"
#include "cex/repository.h"
#include "op/key-store.h"

static enum outcome exists(const char *path, struct verdict *v)
{
	verdict_set(v, OUTCOME_USAGE, "%s exists already", path);
	return verdict_hint(v, "name a new one; a key is never replaced");
}

/* --- a file --------------------------------------------------------------------------------- */

static enum outcome check_file(const char *path, struct verdict *v)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	struct stat st;

	if (!*path || len + 2 > sizeof(folder))
		return verdict_set(v, OUTCOME_USAGE, "'%s' cannot be a file", path);
	if (lstat(path, &st) == 0)
		return exists(path, v);
	(void)snprintf(folder, sizeof(folder), "%.*s.", (int)len, path);
	if (access(folder, W_OK | X_OK) < 0 && errno != ENOENT && errno != ENOTDIR)
		return verdict_errno(v, errno, path);
	if (stat(folder, &st) < 0)
		return verdict_set(v, OUTCOME_USAGE, "there is no folder for %s", path);
	return OUTCOME_OK;
}

static enum outcome store_file(const char *path, const struct volume_key *key, struct verdict *v)
{
	int r = file_write_new(path, secret_bytes(key->key), secret_len(key->key), 0600);

	if (r < 0)
		return r == -EEXIST ? exists(path, v) : verdict_errno(v, r, path);
	return verdict_set(v, OUTCOME_OK, "%s holds a new %s key", path,
			   cex_key_kind_text(key->blob.kind));
}

/* --- the repository ------------------------------------------------------------------------- */

static enum outcome check_words(const struct keygen_place *place, struct verdict *v)
{
	struct cex_apqns apqns;

	if (place->volumes && !cex_repository_volumes_are_valid(place->volumes)) {
		verdict_set(v, OUTCOME_USAGE, "'%s' is no list of different volumes", place->volumes);
		return verdict_hint(v, "write it as /dev/dasda2:root,/dev/dasdb1:data");
	}
	if (place->apqns && !cex_apqns_parse(place->apqns, &apqns))
		return verdict_set(v, OUTCOME_USAGE, "'%s' is no list of domains", place->apqns);
	if (!cex_sector_size_is_valid(place->sector_size))
		return verdict_set(v, OUTCOME_USAGE, "a sector has 512, 1024, 2048 or 4096 bytes, not %u",
				   place->sector_size);
	if (place->description && !cex_repository_description_is_valid(place->description))
		return verdict_set(v, OUTCOME_USAGE, "the description must be one line of plain text");
	return OUTCOME_OK;
}

static enum outcome store_repository(const struct keygen_place *place, const struct volume_key *key,
				     struct verdict *v)
{
	char pattern[CEX_PATTERN_SIZE];
	struct cex_entry entry = {
		.name = place->name,
		.description = place->description,
		.key_type = cex_key_kind_text(key->blob.kind),
		.volumes = place->volumes,
		.apqns = place->apqns,
		.sector_size = place->sector_size,
	};
	enum outcome o;

	if (volume_key_pattern(key, pattern, v) == OUTCOME_OK)
		entry.pattern = pattern;
	else
		log_warning("key '%s' gets no verification pattern now, zkey adds it later: %s",
			    place->name, v->cause);
	o = key_store_add(place->sysroot, &entry, key->key, v);
	if (o == OUTCOME_OK)
		verdict_set(v, o, "zkey's repository has a new %s key '%s'", entry.key_type,
			    place->name);
	return o;
}

enum outcome keygen_check_place(const struct keygen_place *place, struct verdict *v)
{
	enum outcome o;

	if (place->file)
		return check_file(place->file, v);
	o = check_words(place, v);
	return o == OUTCOME_OK ? key_store_check(place->sysroot, place->name, v) : o;
}

enum outcome keygen_store(const struct keygen_place *place, const struct volume_key *key,
			  struct verdict *v)
{
	return place->file ? store_file(place->file, key, v) : store_repository(place, key, v);
}
