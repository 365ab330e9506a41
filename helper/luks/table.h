/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: a dm-crypt table as the kernel shows it, read and compared with what the header
 * said. The parser sees key material (a table without keyring holds the key in hex): it keeps the
 * length and nothing else.
 *
 * Source: Documentation/admin-guide/device-mapper/dm-crypt.rst and crypt_status() in
 * drivers/md/dm-crypt.c of Linux 6.12; dm_prepare_uuid() in lib/libdevmapper.c of cryptsetup 2.6.1.
 */
#ifndef CEXLUKS_LUKS_TABLE_H
#define CEXLUKS_LUKS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attributes.h"
#include "luks/condition.h"
#include "luks/rules.h"

struct luks_table {
	uint64_t start;	 /* sectors */
	uint64_t length; /* sectors */
	char cipher[64];
	size_t key_size;
	char key_description[80]; /* of the key in a keyring; "" when the table holds the key itself */
	uint64_t iv_offset;
	dev_t devno;
	uint64_t offset;
	unsigned sector_size;
};

/* What it should be, beside the header's facts. */
struct luks_expectation {
	const struct luks_facts *facts;
	const char *uuid; /* of the LUKS header */
	const char *name; /* of the mapping */
	dev_t devno;	  /* of the data device */
	uint64_t length;  /* sectors */
};

/**
 * luks_table_parse() - one target line
 * @type:   "crypt", or it is refused
 * @params: of the target, borrowed; may hold the key
 *
 * Options that change what is read or written (integrity, large IV sectors) and unknown ones are
 * refused; those that only change how fast it goes, and discards, are fine.
 *
 * Return: 0 or LUKS_TABLE_MISMATCH.
 */
int luks_table_parse(const char *type, const char *params, struct luks_table *ret,
		     struct luks_reason *reason) _must_check_;

/* Return: 0 or LUKS_TABLE_MISMATCH. */
int luks_table_compare(const struct luks_table *table, const struct luks_expectation *expected,
		       struct luks_reason *reason) _must_check_;

/* Whether @dm_uuid is the one that libcryptsetup gives a LUKS2 mapping of that UUID and name. */
bool luks_table_uuid_fits(const char *dm_uuid, const char *uuid, const char *name);

#endif
