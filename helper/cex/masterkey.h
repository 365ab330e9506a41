/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The master key registers of a domain, from the text of its "mkvps" file. Only AES (CCA) and WK
 * (EP11) registers matter to disks; APKA and ASYM lines are passed over.
 * Source: cca_mkvps_show() and ep11_mkvps_show() in drivers/s390/crypto/zcrypt_cex4.c of Linux 6.x;
 * zkey/utils.c of s390-tools 2.43, which reads the same words.
 */
#ifndef CEXLUKS_CEX_MASTERKEY_H
#define CEXLUKS_CEX_MASTERKEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "cex/mkvp.h"

enum cex_register {
	CEX_REGISTER_CUR,
	CEX_REGISTER_OLD, /* CCA only */
	CEX_REGISTER_NEW,
};

#define CEX_REGISTERS (CEX_REGISTER_NEW + 1)

enum cex_key_state {
	CEX_STATE_UNKNOWN, /* "-", an unknown word, or no such line */
	CEX_STATE_EMPTY,
	CEX_STATE_PARTIAL,
	CEX_STATE_FULL,
	CEX_STATE_INVALID,
	CEX_STATE_VALID,
	CEX_STATE_UNCOMMITTED,
	CEX_STATE_COMMITTED,
};

struct cex_master_key {
	enum cex_key_state state;
	struct cex_mkvp mkvp; /* only where the register holds a key; else without a mode */
};

struct cex_master_keys {
	enum cex_mode mode; /* CEX_MODE_UNKNOWN: no line of either kind */
	struct cex_master_key keys[CEX_REGISTERS];
};

/* @text: NUL-terminated, from outside. What cannot be read stays CEX_STATE_UNKNOWN. */
void cex_master_keys_parse(const char *text, struct cex_master_keys *ret);

/* "AES CUR", "WK NEW" …: as in the file. Static. */
const char *cex_register_text(enum cex_mode mode, enum cex_register reg);

/* "valid" …, "-" for unknown: as in the file. Static. */
const char *cex_key_state_text(enum cex_key_state state);

#endif
