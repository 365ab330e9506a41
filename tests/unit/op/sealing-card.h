/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cards that seal: what the kernel says is up to op/paes.h, and the cipher is AES-CBC under a key that each secure key
 * has of its own.
 */
#ifndef CEXLUKS_TESTS_OP_SEALING_CARD_H
#define CEXLUKS_TESTS_OP_SEALING_CARD_H

#include "op/paes.h"

#include <mbedtls/aes.h>

#include "base/sha256.h"
#include "cex/skcipher.h"

static inline int seal_encrypt(const char *name, const struct secret *key, const unsigned char *in,
			       unsigned char *out, size_t len)
{
	unsigned char clear[SHA256_SIZE], iv[SKCIPHER_IV] = { 0 };
	mbedtls_aes_context aes;

	if (kernel.encrypt)
		return kernel.encrypt;
	assert_string_equal(name, "cbc(paes)");
	assert_int_equal(sha256(secret_bytes(key), secret_len(key), clear), 0);
	mbedtls_aes_init(&aes);
	assert_int_equal(mbedtls_aes_setkey_enc(&aes, clear, 256), 0);
	assert_int_equal(mbedtls_aes_crypt_cbc(&aes, MBEDTLS_AES_ENCRYPT, len, iv, in, out), 0);
	mbedtls_aes_free(&aes);
	return 0;
}

static inline int seal_setup(void **state)
{
	kernel_begin();
	cex_skcipher_set(seal_encrypt);
	return tree_setup(state);
}

static inline int seal_teardown(void **state)
{
	kernel_end();
	return tree_teardown(state);
}

#endif
