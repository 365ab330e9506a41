/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/signature.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "luks/reason.h"

/* More than any device carries; each round of the loop erases one or goes on to the next. */
#define SIGNATURES_MAX 256

static int open_probe(int fd, blkid_probe *ret)
{
	_cleanup_probe_ blkid_probe probe = blkid_new_probe();

	if (!probe)
		return -ENOMEM;
	if (blkid_probe_set_device(probe, fd, 0, 0) != 0)
		return -EIO;
	if (blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE |
							     BLKID_SUBLKS_LABEL | BLKID_SUBLKS_UUID |
							     BLKID_SUBLKS_VERSION |
							     BLKID_SUBLKS_MAGIC |
							     BLKID_SUBLKS_BADCSUM) != 0 ||
	    blkid_probe_enable_partitions(probe, 1) != 0 ||
	    blkid_probe_set_partitions_flags(probe, BLKID_PARTS_FORCE_GPT | BLKID_PARTS_MAGIC) != 0)
		return -ENOMEM;
	*ret = take_ptr(probe);
	return 0;
}

/* Borrowed from @probe; NULL when there is no such value. */
static const char *value(blkid_probe probe, const char *name)
{
	const char *text;

	return blkid_probe_lookup_value(probe, name, &text, NULL) == 0 ? text : NULL;
}

static void describe(blkid_probe probe, struct luks_reason *reason)
{
	const char *table = value(probe, "PTTYPE");
	const char *type = value(probe, "TYPE");
	const char *usage = value(probe, "USAGE");
	const char *label = value(probe, "LABEL");
	const char *uuid = value(probe, "UUID");
	const char *version = value(probe, "VERSION");

	if (!type)
		luks_reason_set(reason, "holds a partition table (%s)", table ? table : "unknown");
	else if (!strcmp(type, "crypto_LUKS"))
		luks_reason_set(reason, "holds a LUKS%s header (%s)", version ? version : "",
				uuid ? uuid : "no UUID");
	else if (usage && !strcmp(usage, "filesystem"))
		luks_reason_set(reason, "holds a file system (%s%s%s%s)", type,
				label ? ", labelled '" : "", label ? label : "", label ? "'" : "");
	else
		luks_reason_set(reason, "holds something else (%s)", type);
}

int luks_signature_find(int fd, struct luks_reason *reason)
{
	_cleanup_probe_ blkid_probe probe = NULL;
	int r;

	r = open_probe(fd, &probe);
	if (r)
		return r;
	r = blkid_do_probe(probe);
	if (r < 0)
		return -EIO;
	if (r > 0)
		return 0;
	describe(probe, reason);
	return LUKS_OCCUPIED;
}

int luks_signature_wipe(int fd, bool *begun, bool *ret_tables, struct luks_reason *reason)
{
	_cleanup_probe_ blkid_probe probe = NULL;
	bool tables = false;
	int r;

	r = open_probe(fd, &probe);
	if (r)
		return r;
	/* After an erasure libblkid looks for the same kind again, so that copies are found too. */
	for (int i = 0; i < SIGNATURES_MAX; i++) {
		r = blkid_do_probe(probe);
		if (r != 0)
			break;
		tables = tables || value(probe, "PTTYPE");
		if (log_enabled(LOG_LEVEL_DEBUG))
			describe(probe, NULL);
		*begun = true;
		if (blkid_do_wipe(probe, 0) != 0)
			return -EIO;
	}
	*ret_tables = tables;
	return r < 0 ? -EIO : luks_signature_find(fd, reason);
}
