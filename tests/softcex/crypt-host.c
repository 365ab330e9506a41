/* SPDX-License-Identifier: GPL-2.0 */
/* The primitives of wrap.h for the host tool, from mbedTLS. */
#include <err.h>

#include <mbedtls/aes.h>
#include <mbedtls/sha256.h>

#include "wrap.h"

static void block(const u8 key[32], const u8 in[16], u8 out[16], int mode)
{
	mbedtls_aes_context aes;
	int r;

	mbedtls_aes_init(&aes);
	if (mode == MBEDTLS_AES_ENCRYPT)
		r = mbedtls_aes_setkey_enc(&aes, key, 256);
	else
		r = mbedtls_aes_setkey_dec(&aes, key, 256);
	if (r || mbedtls_aes_crypt_ecb(&aes, mode, in, out))
		errx(1, "AES failed");
	mbedtls_aes_free(&aes);
}

void aes256_encrypt_block(const u8 key[32], const u8 in[16], u8 out[16])
{
	block(key, in, out, MBEDTLS_AES_ENCRYPT);
}

void aes256_decrypt_block(const u8 key[32], const u8 in[16], u8 out[16])
{
	block(key, in, out, MBEDTLS_AES_DECRYPT);
}

void sha256_of(const u8 *data, size_t size, u8 digest[32])
{
	if (mbedtls_sha256_ret(data, size, digest, 0))
		errx(1, "SHA-256 failed");
}
