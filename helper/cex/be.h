/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Big-endian fields of key tokens, byte by byte: no alignment, no host order, no casts.
 */
#ifndef CEXLUKS_CEX_BE_H
#define CEXLUKS_CEX_BE_H

#include <stdint.h>

static inline uint16_t be16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const unsigned char *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static inline uint64_t be64(const unsigned char *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

#endif
