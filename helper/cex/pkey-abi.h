/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cex/: the pkey device's calls as the kernel defines them. Declared here, because the
 * header exists on s390x only; numbers and sizes are the same on every 64-bit architecture.
 * Source: arch/s390/include/uapi/asm/pkey.h of Linux 6.x.
 */
#ifndef CEXLUKS_CEX_PKEY_ABI_H
#define CEXLUKS_CEX_PKEY_ABI_H

#include <assert.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "cex/apqn.h"

struct pkey_genseck {
	uint16_t cardnr, domain;
	uint32_t keytype;
	unsigned char seckey[64];
};

struct pkey_verifykey {
	unsigned char seckey[64];
	uint16_t cardnr, domain;
	uint16_t keysize;
	uint32_t attributes;
};

/* What the two calls that make keys begin with. */
struct pkey_wish {
	struct cex_apqn *apqns;
	uint32_t apqn_entries;
	uint32_t type;
	uint32_t size;
	uint32_t keygenflags;
};

struct pkey_genseck2 {
	struct pkey_wish wish;
	unsigned char *key;
	uint32_t keylen;
};

struct pkey_clr2seck2 {
	struct pkey_wish wish;
	unsigned char clrkey[32];
	unsigned char *key;
	uint32_t keylen;
};

struct pkey_verifykey2 {
	const unsigned char *key;
	uint32_t keylen;
	uint16_t cardnr, domain;
	uint32_t type;
	uint32_t size;
	uint32_t flags;
};

struct pkey_apqns4key {
	const unsigned char *key;
	uint32_t keylen;
	uint32_t flags;
	struct cex_apqn *apqns;
	uint32_t apqn_entries;
};

struct pkey_apqns4keytype {
	uint32_t type;
	unsigned char cur_mkvp[32];
	unsigned char alt_mkvp[32];
	uint32_t flags;
	struct cex_apqn *apqns;
	uint32_t apqn_entries;
};

#define PKEY_GENSECK	_IOWR('p', 0x01, struct pkey_genseck)
#define PKEY_VERIFYKEY	_IOWR('p', 0x07, struct pkey_verifykey)
#define PKEY_GENSECK2	_IOWR('p', 0x11, struct pkey_genseck2)
#define PKEY_CLR2SECK2	_IOWR('p', 0x12, struct pkey_clr2seck2)
#define PKEY_VERIFYKEY2 _IOWR('p', 0x17, struct pkey_verifykey2)
#define PKEY_APQNS4K	_IOWR('p', 0x1b, struct pkey_apqns4key)
#define PKEY_APQNS4KT	_IOWR('p', 0x1c, struct pkey_apqns4keytype)

/* type of GENSECK2 and its kin */
#define PKEY_TYPE_CCA_DATA   1u
#define PKEY_TYPE_CCA_CIPHER 2u
#define PKEY_TYPE_EP11	     3u
#define PKEY_TYPE_EP11_AES   6u

/* keytype of GENSECK and its kin */
#define PKEY_KEYTYPE_AES_128 1u
#define PKEY_KEYTYPE_AES_192 2u
#define PKEY_KEYTYPE_AES_256 3u

#define PKEY_SIZE_UNKNOWN	0xffffffffu
#define PKEY_MATCH_CUR		2u
#define PKEY_MATCH_OLD		4u
#define PKEY_VERIFY_ATTR_OLD	0x100u

/* The size is part of the number, so a wrong struct would be another call. */
static_assert(PKEY_GENSECK == 0xc0487001u, "GENSECK");
static_assert(PKEY_VERIFYKEY == 0xc04c7007u, "VERIFYKEY");
static_assert(PKEY_GENSECK2 == 0xc0287011u, "GENSECK2");
static_assert(PKEY_CLR2SECK2 == 0xc0487012u, "CLR2SECK2");
static_assert(PKEY_VERIFYKEY2 == 0xc0207017u, "VERIFYKEY2");
static_assert(PKEY_APQNS4K == 0xc020701bu, "APQNS4K");
static_assert(PKEY_APQNS4KT == 0xc058701cu, "APQNS4KT");
static_assert(sizeof(struct cex_apqn) == 4, "struct pkey_apqn");
static_assert(sizeof(struct pkey_wish) == 24, "nothing between wish and what follows");

#endif
