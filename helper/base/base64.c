/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/base64.h"

#include <errno.h>

#include <mbedtls/base64.h>

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

bool base64_is_valid(const char *text, size_t len)
{
	size_t pad = 0;

	if (!len || len % 4)
		return false;
	while (pad < 2 && text[len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < len - pad; i++)
		if (value_of(text[i]) < 0)
			return false;
	/* mbedTLS ignores the bits that padding makes unused; two texts must not mean one value. */
	if (pad == 1 && value_of(text[len - 2]) & 3)
		return false;
	return !(pad == 2 && value_of(text[len - 3]) & 15);
}

int base64_decode_secret(const char *text, size_t len, size_t max, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	size_t done = 0;
	int r;

	if (!base64_is_valid(text, len))
		return -EBADMSG;
	if (len / 4 * 3 > max + 2)
		return -EFBIG;
	r = secret_new(len / 4 * 3, &s);
	if (r < 0)
		return r;
	if (mbedtls_base64_decode(secret_data(s), secret_len(s), &done,
				  (const unsigned char *)text, len) != 0)
		return -EBADMSG;
	if (done > max)
		return -EFBIG;
	secret_shorten(s, done);
	*ret = take_ptr(s);
	return 0;
}

int base64_decode_lines(const char *text, size_t len, size_t max, unsigned char **ret, size_t *ret_len)
{
	_cleanup_free_ unsigned char *bytes = NULL;
	size_t done = 0;

	if (len / 4 * 3 > max)
		return -EFBIG;
	bytes = malloc(len / 4 * 3 + 3);
	if (!bytes)
		return -ENOMEM;
	if (mbedtls_base64_decode(bytes, len / 4 * 3 + 3, &done, (const unsigned char *)text, len) != 0 || !done)
		return -EBADMSG;
	*ret = take_ptr(bytes);
	*ret_len = done;
	return 0;
}

int base64_encode_secret(const struct secret *in, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	size_t done = 0;
	int r;

	r = secret_new(BASE64_SIZE(secret_len(in)), &s);
	if (r < 0)
		return r;
	if (mbedtls_base64_encode(secret_data(s), secret_len(s), &done, secret_bytes(in),
				  secret_len(in)) != 0)
		return -EINVAL;
	/* The terminating NUL stays in memory behind the length: secret_shorten() wipes to zero. */
	secret_shorten(s, done);
	*ret = take_ptr(s);
	return 0;
}
