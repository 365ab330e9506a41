/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/derive.h"

#include <string.h>

#include "base/sha256.h"
#include "cex/skcipher.h"

_Static_assert(CEX_DERIVE_LABEL + CEX_DERIVE_SALT == SKCIPHER_MAX, "label and salt go in one piece");
_Static_assert(CEX_DERIVED == SHA256_SIZE, "a key is a hash");

int cex_derive(const struct secret *key, enum cex_cipher cipher, const char *label, const unsigned char *salt,
	       struct secret **ret)
{
	_cleanup_secret_ struct secret *hashed = NULL, *derived = NULL;
	unsigned char in[SKCIPHER_MAX];
	int r;

	memcpy(in, label, CEX_DERIVE_LABEL);
	memcpy(in + CEX_DERIVE_LABEL, salt, CEX_DERIVE_SALT);
	r = secret_new(CEX_DERIVE_LABEL + SKCIPHER_MAX, &hashed);
	if (r == 0)
		r = secret_new(CEX_DERIVED, &derived);
	if (r < 0)
		return r;
	memcpy(secret_data(hashed), label, CEX_DERIVE_LABEL);
	r = cex_skcipher_encrypt(cex_skcipher_name(cipher), key, in, secret_data(hashed) + CEX_DERIVE_LABEL,
				 SKCIPHER_MAX);
	if (r != 0)
		return r;
	r = sha256(secret_bytes(hashed), secret_len(hashed), secret_data(derived));
	if (r < 0)
		return r;
	*ret = take_ptr(derived);
	return 0;
}
