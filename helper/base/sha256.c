/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sha256.h"

#include <errno.h>

#include <mbedtls/md.h>

int sha256(const void *data, size_t len, unsigned char ret[static SHA256_SIZE])
{
	/* The generic call has one name in mbedTLS 2.28 and 3.x; mbedtls_sha256() has not. */
	const mbedtls_md_info_t *md = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	return md && mbedtls_md(md, data, len, ret) == 0 ? 0 : -EIO;
}
