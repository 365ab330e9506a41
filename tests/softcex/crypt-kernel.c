// SPDX-License-Identifier: GPL-2.0
/* The primitives of wrap.h, from the kernel's libraries (not its crypto API: these need no module). */
#include <crypto/aes.h>
#include <crypto/sha2.h>

#include "wrap.h"

void aes256_encrypt_block(const u8 key[32], const u8 in[16], u8 out[16])
{
	struct crypto_aes_ctx ctx;

	aes_expandkey(&ctx, key, AES_KEYSIZE_256);
	aes_encrypt(&ctx, out, in);
	memzero_explicit(&ctx, sizeof(ctx));
}

void aes256_decrypt_block(const u8 key[32], const u8 in[16], u8 out[16])
{
	struct crypto_aes_ctx ctx;

	aes_expandkey(&ctx, key, AES_KEYSIZE_256);
	aes_decrypt(&ctx, out, in);
	memzero_explicit(&ctx, sizeof(ctx));
}

void sha256_of(const u8 *data, size_t size, u8 digest[32])
{
	sha256(data, size, digest);
}
