/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base64.h"
#include "cleanup.h"

#include <mbedtls/base64.h>
#include <string.h>

char *base64_encode(const void *data, size_t length)
{
	size_t size = 4 * ((length + 2) / 3) + 1, n = 0;
	char *text = must_calloc(size, 1);

	/* the buffer is as large as the result, so this cannot fail */
	(void)mbedtls_base64_encode((unsigned char *)text, size, &n, data, length);
	return text;
}

void base64_url(struct buffer *ret, const void *data, size_t length)
{
	_cleanup_free_ char *text = base64_encode(data, length);

	for (char *p = text; *p && *p != '='; p++)
		buffer_append(ret, *p == '+' ? "-" : *p == '/' ? "_" : p, 1);
}

bool base64_decode(const char *text, struct buffer *ret)
{
	_cleanup_buffer_ struct buffer clean = { 0 };
	_cleanup_free_ unsigned char *bytes = NULL;
	size_t n = 0;

	for (const char *p = text; *p; p++) {
		if (*p == '\r' || *p == '\n')
			continue;
		/* mbedTLS skips some blanks that the service does not */
		if (*p == ' ')
			return false;
		buffer_append(&clean, p, 1);
	}
	if (clean.length % 4)
		return false;
	bytes = must_calloc(clean.length + 1, 1);
	if (clean.length && mbedtls_base64_decode(bytes, clean.length + 1, &n,
						  (unsigned char *)clean.data, clean.length))
		return false;
	buffer_append(ret, bytes, n);
	return true;
}
