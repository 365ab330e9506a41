/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer types and big-endian access for the files that serve both the kernel module and the host tool.
 *
 * Every number inside a key token is big-endian, on whatever machine this runs.
 */
#ifndef SOFTCEX_TYPES_H
#define SOFTCEX_TYPES_H

#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/string.h>
#include <linux/types.h>
#else
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#endif

static inline u16 be16_get(const u8 *p)
{
	return (u16)(p[0] << 8 | p[1]);
}

static inline u32 be32_get(const u8 *p)
{
	return (u32)be16_get(p) << 16 | be16_get(p + 2);
}

static inline u64 be64_get(const u8 *p)
{
	return (u64)be32_get(p) << 32 | be32_get(p + 4);
}

static inline void be16_put(u8 *p, u16 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

static inline void be32_put(u8 *p, u32 v)
{
	be16_put(p, (u16)(v >> 16));
	be16_put(p + 2, (u16)v);
}

static inline void be64_put(u8 *p, u64 v)
{
	be32_put(p, (u32)(v >> 32));
	be32_put(p + 4, (u32)v);
}

#endif
