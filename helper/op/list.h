/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What opens a volume: bindings, keyslots of people, keyslots of other programs; and which lock
 * that makes. Reads the checked copy of the header, asks nobody.
 */
#ifndef CEXLUKS_OP_LIST_H
#define CEXLUKS_OP_LIST_H

#include <stddef.h>

#include "base/attributes.h"
#include "luks/header.h"
#include "luks/pattern.h"
#include "op/lock.h"
#include "op/verdict.h"

struct list_entry {
	struct luks_device *device;
	struct luks_header *header; /* NULL when it was refused: see verdict */
	struct lock lock;
	char pattern[LUKS_PATTERN_SIZE]; /* zkey's verification pattern as the header claims, or "" */
	struct verdict verdict;
};

struct list {
	struct list_entry *entries;
	size_t n;
};

/* @device NULL: every LUKS2 volume that udev knows. */
enum outcome op_list(const char *device, struct list *ret, struct verdict *v);
void list_done(struct list *list);

/* One more, whatever its entry's verdict says; takes @device, also when it fails. 0, or -ENOMEM without an entry. */
int list_add(struct list *list, struct luks_device *device) _must_check_;

#endif
