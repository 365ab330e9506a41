/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volumes of a machine: what configuration and crypttab name, and every other LUKS2 volume that is
 * attached. Each device once, however often it is named.
 */
#ifndef CEXLUKS_OP_VOLUMES_H
#define CEXLUKS_OP_VOLUMES_H

#include "base/attributes.h"
#include "op/config.h"
#include "op/list.h"

/* Named, and not there or no LUKS2 volume. */
struct volumes_missing {
	char name[256]; /* path or UUID, as it is named */
	struct verdict verdict;
};

struct volumes {
	struct config *config; /* NULL: there is none */
	struct list list;      /* with an entry for a header that was refused, too */
	struct volumes_missing missing[LIMIT_VOLUMES];
	size_t n_missing;
};

/**
 * volumes_find() - all of them
 * @ret: release with volumes_done(), also after a failure
 *
 * The header of a detached one counts as the device. No configuration is fine, a wrong one is not.
 */
enum outcome volumes_find(const char *sysroot, const char *config_path, struct volumes *ret,
			  struct verdict *v) _must_check_;

/* Only @device, which must be there; the configuration is read all the same. */
enum outcome volumes_find_one(const char *sysroot, const char *config_path, const char *device,
			      struct volumes *ret, struct verdict *v) _must_check_;
void volumes_done(struct volumes *volumes);
#define _cleanup_volumes_ _cleanup_(volumes_done)

#endif
