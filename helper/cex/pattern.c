/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/pattern.h"

#include <string.h>

#include "cex/hex.h"
#include "cex/skcipher.h"

#define PATTERN_BYTES ((CEX_PATTERN_SIZE - 1) / 2)

static int (*encrypt_with)(const char *name, const struct secret *key, const unsigned char *in,
			   unsigned char *out, size_t len) = cex_skcipher_encrypt;

void cex_pattern_set_cipher(int (*encrypt)(const char *name, const struct secret *key,
					   const unsigned char *in, unsigned char *out, size_t len))
{
	encrypt_with = encrypt ? encrypt : cex_skcipher_encrypt;
}

int cex_pattern_compute(const struct secret *key, enum cex_cipher cipher,
			char ret[static CEX_PATTERN_SIZE])
{
	static const unsigned char zeros[PATTERN_BYTES];
	unsigned char out[PATTERN_BYTES];
	int r = encrypt_with(cipher == CEX_CIPHER_XTS ? "xts(paes)" : "cbc(paes)", key, zeros, out,
			     sizeof(out));

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
