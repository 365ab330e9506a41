/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/aead.h"

#include <errno.h>

#include <mbedtls/gcm.h>

/* The context holds tables of the key; what mbedTLS allocates beside it, it wipes in mbedtls_gcm_free(). */
static int set_key(const struct aead *aead, struct secret **ret)
{
	_cleanup_secret_ struct secret *context = NULL;
	mbedtls_gcm_context *gcm;
	int r;

	if (secret_len(aead->key) != AEAD_KEY)
		return -EINVAL;
	r = secret_new(sizeof(*gcm), &context);
	if (r < 0)
		return r;
	gcm = (mbedtls_gcm_context *)(void *)secret_data(context);
	mbedtls_gcm_init(gcm);
	if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, secret_bytes(aead->key), 8 * AEAD_KEY) != 0) {
		mbedtls_gcm_free(gcm);
		return -EIO;
	}
	*ret = take_ptr(context);
	return 0;
}

int aead_seal(const struct aead *aead, const struct secret *plain, unsigned char *ret)
{
	_cleanup_secret_ struct secret *context = NULL;
	mbedtls_gcm_context *gcm;
	size_t len = secret_len(plain);
	int r = set_key(aead, &context);

	if (r < 0)
		return r;
	gcm = (mbedtls_gcm_context *)(void *)secret_data(context);
	r = mbedtls_gcm_crypt_and_tag(gcm, MBEDTLS_GCM_ENCRYPT, len, aead->nonce, AEAD_NONCE, aead->beside,
				      aead->beside_len, secret_bytes(plain), ret, AEAD_TAG, ret + len);
	mbedtls_gcm_free(gcm);
	return r == 0 ? 0 : -EIO;
}

int aead_open(const struct aead *aead, const unsigned char *box, size_t len, struct secret **ret)
{
	_cleanup_secret_ struct secret *context = NULL, *plain = NULL;
	mbedtls_gcm_context *gcm;
	int r;

	if (len <= AEAD_TAG)
		return -EBADMSG;
	len -= AEAD_TAG;
	r = secret_new(len, &plain);
	if (r == 0)
		r = set_key(aead, &context);
	if (r < 0)
		return r;
	gcm = (mbedtls_gcm_context *)(void *)secret_data(context);
	r = mbedtls_gcm_auth_decrypt(gcm, len, aead->nonce, AEAD_NONCE, aead->beside, aead->beside_len, box + len,
				     AEAD_TAG, box, secret_data(plain));
	mbedtls_gcm_free(gcm);
	if (r != 0)
		return r == MBEDTLS_ERR_GCM_AUTH_FAILED ? -EBADMSG : -EIO;
	*ret = take_ptr(plain);
	return 0;
}
