/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/keystream.h"

#include <errno.h>
#include <stdlib.h>

#include <mbedtls/aes.h>

#include "base/secret.h"

#define BLOCK 16

struct keystream {
	struct secret *context; /* an mbedtls_aes_context, which holds the key */
};

static mbedtls_aes_context *context_of(struct keystream *stream)
{
	return (mbedtls_aes_context *)(void *)secret_data(stream->context);
}

int keystream_new(const unsigned char key[static KEYSTREAM_KEY], struct keystream **ret)
{
	_cleanup_(keystream_freep) struct keystream *stream = calloc(1, sizeof(*stream));
	int r;

	if (!stream)
		return -ENOMEM;
	r = secret_new(sizeof(mbedtls_aes_context), &stream->context);
	if (r < 0)
		return r;
	mbedtls_aes_init(context_of(stream));
	if (mbedtls_aes_setkey_enc(context_of(stream), key, 8 * KEYSTREAM_KEY) != 0)
		return -EIO;
	*ret = take_ptr(stream);
	return 0;
}

void keystream_free(struct keystream *stream)
{
	if (!stream)
		return;
	secret_free(stream->context);
	free(stream);
}

int keystream_apply(struct keystream *stream, uint64_t packet, unsigned char *data, size_t len)
{
	unsigned char counter[BLOCK] = { 0 }, rest[BLOCK] = { 0 };
	size_t used = 0;
	int r;

	for (int i = 7; i >= 0; i--, packet >>= 8)
		counter[i] = (unsigned char)packet;
	r = mbedtls_aes_crypt_ctr(context_of(stream), len, &used, counter, rest, data, data);
	secret_wipe(rest, sizeof(rest));
	return r == 0 ? 0 : -EIO;
}
