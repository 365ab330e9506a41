/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/mkvp.h"

#include <string.h>

#include "cex/hex.h"

static size_t len_of(enum cex_mode mode)
{
	if (mode == CEX_MODE_CCA)
		return CEX_MKVP_CCA;
	return mode == CEX_MODE_EP11 ? CEX_MKVP_EP11 : 0;
}

struct cex_mkvp cex_mkvp_make(enum cex_mode mode, const unsigned char *bytes)
{
	struct cex_mkvp mkvp = { .mode = mode };

	memcpy(mkvp.bytes, bytes, len_of(mode));
	return mkvp;
}

size_t cex_mkvp_len(const struct cex_mkvp *mkvp)
{
	return len_of(mkvp->mode);
}

bool cex_mkvp_equal(const struct cex_mkvp *a, const struct cex_mkvp *b)
{
	size_t len = cex_mkvp_len(a);

	return len && a->mode == b->mode && !memcmp(a->bytes, b->bytes, len);
}

void cex_mkvp_text(const struct cex_mkvp *mkvp, char ret[static CEX_MKVP_TEXT])
{
	cex_hex_text(mkvp->bytes, cex_mkvp_len(mkvp), ret);
}

const char *cex_mode_text(enum cex_mode mode)
{
	switch (mode) {
	case CEX_MODE_CCA:
		return "CCA";
	case CEX_MODE_EP11:
		return "EP11";
	case CEX_MODE_ACCELERATOR:
		return "accelerator";
	case CEX_MODE_UNKNOWN:
		break;
	}
	return "unknown";
}
