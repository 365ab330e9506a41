/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: asks device mapper what is active under a name. No libcryptsetup here, so that
 * the look at the live table does not depend on the code that made it.
 */
#ifndef CEXLUKS_LUKS_MAPPING_H
#define CEXLUKS_LUKS_MAPPING_H

#include "base/attributes.h"
#include "luks/condition.h"
#include "luks/table.h"

struct luks_mapping {
	char uuid[130];
	struct luks_table table;
};

/* A name that device mapper and a path below /dev/mapper can both carry. */
bool luks_mapping_name_is_valid(const char *name);

/**
 * luks_mapping_get() - the live table of @name; the kernel's and the library's buffers are wiped
 *
 * Somebody else's activation makes the name first and its table after that: in between, nothing can
 * be said about it yet.
 *
 * Return: 0, LUKS_NO_DEVICE, LUKS_NO_MAPPER, LUKS_BUSY while it is being made (or is suspended),
 * LUKS_TABLE_MISMATCH when it is not one plain crypt target, -ENOMEM.
 */
int luks_mapping_get(const char *name, struct luks_mapping *ret, struct luks_reason *reason)
	_must_check_;

#endif
