/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: what a LUKS2 header must look like before anything is done with it. Looks at
 * the JSON that libcryptsetup itself works with (crypt_dump_json), knows every member it accepts,
 * and refuses the rest; what it accepted is in struct luks_facts, which the live table is compared
 * with later.
 *
 * Source: LUKS2 on-disk format 1.1.4, section 3; lib/luks2/luks2_json_metadata.c at v2.6.1.
 */
#ifndef CEXLUKS_LUKS_RULES_H
#define CEXLUKS_LUKS_RULES_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/attributes.h"
#include "base/limits.h"
#include "luks/condition.h"
#include "luks/copy.h"
#include "luks/header.h"

struct luks_facts {
	/* the one data segment */
	char cipher[64];
	size_t key_size;      /* 0 when no keyslot is left */
	unsigned sector_size;
	uint64_t iv_offset;   /* sectors of 512 */
	uint64_t data_offset; /* bytes */
	uint64_t data_size;   /* bytes; 0: to the end of the device */
	uint64_t areas_end;   /* bytes: where header and keyslot areas end */

	/* keyslots that open that segment, by rising number; the arrays run in parallel */
	struct luks_keyslot keyslots[LIMIT_KEYSLOTS];
	struct luks_area areas[LIMIT_KEYSLOTS];
	int priorities[LIMIT_KEYSLOTS]; /* 0 ignore, 1 normal, 2 prefer */
	size_t n_keyslots;
	uint32_t other_keyslots; /* bits by number: of those that hold another key, and open nothing */
};

/**
 * luks_rules_check() - every rule but those on tokens
 * @header:   root of the header's JSON
 * @detached: the data lies on another device, so it may begin anywhere
 * @ret:      untouched unless 0 is returned
 *
 * Return: 0 or LUKS_REFUSED.
 */
int luks_rules_check(const cJSON *header, bool detached, struct luks_facts *ret,
		     struct luks_reason *reason) _must_check_;

/* The part about keyslots; @ret has areas_end and the cipher already. */
int luks_rules_check_keyslots(const cJSON *header, const cJSON *bound, struct luks_facts *ret,
			      struct luks_reason *reason) _must_check_;

/**
 * luks_rules_check_cost() - may this keyslot be opened here and now?
 * @available_kb: memory that can be had without swapping
 *
 * Return: 0 or LUKS_REFUSED.
 */
int luks_rules_check_cost(const struct luks_keyslot *keyslot, uint64_t available_kb,
			  struct luks_reason *reason) _must_check_;

/* Whether a volume key of @size bytes fits @cipher, which is on the list for data segments. */
bool luks_rules_key_fits(const char *cipher, size_t size);

/* "0" to "31" as LUKS2 writes numbers; -1 for anything else. */
int luks_rules_number(const char *text);

/* A decimal number in a string member, at most 2^60. */
bool luks_rules_size(const cJSON *object, const char *member, uint64_t *ret);

#endif
