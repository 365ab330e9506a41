/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A master key verification pattern: tells which master key wraps a secure key, and is public. Of CCA
 * it has 8 bytes, of EP11 the leftmost 16 of 32 count.
 * Source: arch/s390/include/uapi/asm/pkey.h (cur_mkvp[32]) and zcrypt_ccamisc.h, zcrypt_ep11misc.h of
 * Linux 6.x; s390-tools 2.43 zkey/pkey.h (MKVP_LENGTH).
 */
#ifndef CEXLUKS_CEX_MKVP_H
#define CEXLUKS_CEX_MKVP_H

#include <stdbool.h>
#include <stddef.h>

#define CEX_MKVP_CCA  8
#define CEX_MKVP_EP11 16
#define CEX_MKVP_TEXT (2 * CEX_MKVP_EP11 + 1)

enum cex_mode {
	CEX_MODE_UNKNOWN,
	CEX_MODE_CCA,
	CEX_MODE_EP11,
	CEX_MODE_ACCELERATOR, /* no master key, no secure keys */
};

struct cex_mkvp {
	enum cex_mode mode; /* CEX_MODE_UNKNOWN: no pattern */
	unsigned char bytes[CEX_MKVP_EP11];
};

/* @bytes: as many as @mode has, borrowed. */
struct cex_mkvp cex_mkvp_make(enum cex_mode mode, const unsigned char *bytes);

/* 8, 16, or 0. */
size_t cex_mkvp_len(const struct cex_mkvp *mkvp);

/* False when either holds no pattern. */
bool cex_mkvp_equal(const struct cex_mkvp *a, const struct cex_mkvp *b);

/* Lower-case digits without "0x"; "" when there is none. */
void cex_mkvp_text(const struct cex_mkvp *mkvp, char ret[static CEX_MKVP_TEXT]);

/* "CCA", "EP11", "accelerator", "unknown". Static. */
const char *cex_mode_text(enum cex_mode mode);

#endif
