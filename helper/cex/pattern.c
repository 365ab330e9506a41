/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/pattern.h"

#include <string.h>

#include "cex/hex.h"
#include "cex/skcipher.h"

#define PATTERN_BYTES ((CEX_PATTERN_SIZE - 1) / 2)

int cex_pattern_compute(const struct secret *key, enum cex_cipher cipher,
			char ret[static CEX_PATTERN_SIZE])
{
	static const unsigned char zeros[PATTERN_BYTES];
	unsigned char out[PATTERN_BYTES];
	int r = cex_skcipher_encrypt(cex_skcipher_name(cipher), key, zeros, out, sizeof(out));

	if (r)
		return r;
	cex_hex_text(out, sizeof(out), ret);
	return 0;
}

bool cex_pattern_is_valid(const char *text)
{
	return strlen(text) == CEX_PATTERN_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == CEX_PATTERN_SIZE - 1;
}
