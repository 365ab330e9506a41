/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Key tokens byte by byte, as cex-pkey reference 1.3 to 1.6 describe them. Built from bytes, so the
 * vectors are the same on every host.
 */
#ifndef CEXLUKS_TESTS_CEX_VECTORS_H
#define CEXLUKS_TESTS_CEX_VECTORS_H

#include <string.h>

static const unsigned char vector_mkvp[16] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
					       0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87 };

static inline void put16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

/* The synthetic vector of reference 1.3, with its TVV 014853fe. */
static inline void vector_aesdata(unsigned char p[64])
{
	static const unsigned char tvv[] = { 0x01, 0x48, 0x53, 0xfe };

	memset(p, 0, 64);
	p[0] = 0x01;
	p[4] = 0x04;
	p[6] = 0xc0;
	memcpy(p + 8, vector_mkvp, 8);
	for (unsigned i = 0; i < 32; i++)
		p[16 + i] = (unsigned char)i;
	put16(p + 56, 256);
	put16(p + 58, 32);
	memcpy(p + 60, tvv, sizeof(tvv));
}

/* @payload: 512, 576 or 640 bits. */
static inline void vector_aescipher(unsigned char p[136], unsigned version, unsigned payload)
{
	/* the kernel's template for new keys, with the fields that the card fills */
	static const unsigned char fixed[56] = {
		[0] = 0x01, [4] = 0x05, [8] = 0x03, [9] = 0x01, [26] = 0x02, [27] = 0x02,
		[30] = 0x01, [33] = 26, [41] = 0x02, [43] = 0x01, [44] = 2, [45] = 0xc0,
		[47] = 0xff, [49] = 3, [50] = 0x08, [51] = 0xc8,
	};

	memset(p, 0, 136);
	memcpy(p, fixed, sizeof(fixed));
	put16(p + 2, 56 + payload / 8);
	memcpy(p + 10, vector_mkvp, 8);
	p[28] = (unsigned char)version;
	put16(p + 38, payload);
	memset(p + 56, 0xa5, payload / 8);
}

/* As today's cards make it. */
static inline void vector_aescipher_256(unsigned char p[136])
{
	vector_aescipher(p, 1, 640);
}

/* The blob of version 3, header laid over the session. */
static inline void vector_ep11(unsigned char p[320])
{
	memset(p, 0, 320);
	put16(p + 2, 256);
	p[4] = 0x03;
	put16(p + 6, 256);
	memcpy(p + 32, vector_mkvp, 16);
	p[53] = 0x20; /* attributes 0x00200c00, of 64 bits */
	p[54] = 0x0c;
	put16(p + 64, 0x1234);
	memset(p + 66, 0x5a, 190);
}

static inline void vector_ep11_header(unsigned char p[336])
{
	memset(p, 0, 336);
	vector_ep11(p + 16);
	memset(p + 16, 0, 16);
	put16(p + 2, 272);
	p[4] = 0x06;
	put16(p + 6, 256);
}

#endif
