/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The interface of /dev/pkey, with pointers as 64-bit numbers. Shared with the test program.
 *
 * Source: Linux arch/s390/include/uapi/asm/pkey.h.
 */
#ifndef SOFTCEX_PKEY_IOCTL_H
#define SOFTCEX_PKEY_IOCTL_H

#include <linux/ioctl.h>

#include "types.h"

struct pkey_apqn {
	u16 card, domain;
};

struct pkey_seckey {
	u8 token[64];
};

struct pkey_protkey {
	u32 type, len;
	u8 key[64];
};

struct pkey_genseck {
	u16 card, domain;
	u32 keytype;
	struct pkey_seckey seckey;
};

struct pkey_clr2seck {
	u16 card, domain;
	u32 keytype;
	u8 clrkey[32];
	struct pkey_seckey seckey;
};

struct pkey_sec2protk {
	u16 card, domain;
	struct pkey_seckey seckey;
	struct pkey_protkey protkey;
};

struct pkey_clr2protk {
	u32 keytype;
	u8 clrkey[32];
	struct pkey_protkey protkey;
};

struct pkey_findcard {
	struct pkey_seckey seckey;
	u16 card, domain;
};

struct pkey_skey2pkey {
	struct pkey_seckey seckey;
	struct pkey_protkey protkey;
};

struct pkey_verkey {
	struct pkey_seckey seckey;
	u16 card, domain, keysize;
	u32 attributes;
};

struct pkey_genprotk {
	u32 keytype;
	struct pkey_protkey protkey;
};

struct pkey_verprotk {
	struct pkey_protkey protkey;
};

struct pkey_kblob2pkey {
	u64 key;
	u32 keylen;
	struct pkey_protkey protkey;
};

struct pkey_genseck2 {
	u64 apqns;
	u32 apqn_entries, type, size, keygenflags;
	u64 key;
	u32 keylen;
};

struct pkey_clr2seck2 {
	u64 apqns;
	u32 apqn_entries, type, size, keygenflags;
	u8 clrkey[32];
	u64 key;
	u32 keylen;
};

struct pkey_verkey2 {
	u64 key;
	u32 keylen;
	u16 card, domain;
	u32 type, size, flags;
};

struct pkey_kblob2pkey2 {
	u64 key;
	u32 keylen;
	u64 apqns;
	u32 apqn_entries;
	struct pkey_protkey protkey;
};

struct pkey_apqns4k {
	u64 key;
	u32 keylen, flags;
	u64 apqns;
	u32 apqn_entries;
};

struct pkey_apqns4kt {
	u32 type;
	u8 cur_mkvp[32], alt_mkvp[32];
	u32 flags;
	u64 apqns;
	u32 apqn_entries;
};

struct pkey_kblob2pkey3 {
	u64 key;
	u32 keylen;
	u64 apqns;
	u32 apqn_entries, pkeytype, pkeylen;
	u64 pkey;
};

#define PKEY_GENSECK	  _IOWR('p', 0x01, struct pkey_genseck)
#define PKEY_CLR2SECK	  _IOWR('p', 0x02, struct pkey_clr2seck)
#define PKEY_SEC2PROTK	  _IOWR('p', 0x03, struct pkey_sec2protk)
#define PKEY_CLR2PROTK	  _IOWR('p', 0x04, struct pkey_clr2protk)
#define PKEY_FINDCARD	  _IOWR('p', 0x05, struct pkey_findcard)
#define PKEY_SKEY2PKEY	  _IOWR('p', 0x06, struct pkey_skey2pkey)
#define PKEY_VERIFYKEY	  _IOWR('p', 0x07, struct pkey_verkey)
#define PKEY_GENPROTK	  _IOWR('p', 0x08, struct pkey_genprotk)
#define PKEY_VERIFYPROTK  _IOW('p', 0x09, struct pkey_verprotk)
#define PKEY_KBLOB2PROTK  _IOWR('p', 0x0a, struct pkey_kblob2pkey)
#define PKEY_GENSECK2	  _IOWR('p', 0x11, struct pkey_genseck2)
#define PKEY_CLR2SECK2	  _IOWR('p', 0x12, struct pkey_clr2seck2)
#define PKEY_VERIFYKEY2	  _IOWR('p', 0x17, struct pkey_verkey2)
#define PKEY_KBLOB2PROTK2 _IOWR('p', 0x1a, struct pkey_kblob2pkey2)
#define PKEY_APQNS4K	  _IOWR('p', 0x1b, struct pkey_apqns4k)
#define PKEY_APQNS4KT	  _IOWR('p', 0x1c, struct pkey_apqns4kt)
#define PKEY_KBLOB2PROTK3 _IOWR('p', 0x1d, struct pkey_kblob2pkey3)

/* The real header's numbers, computed from its layout. */
_Static_assert(PKEY_GENSECK == 0xc0487001, "layout");
_Static_assert(PKEY_CLR2SECK == 0xc0687002, "layout");
_Static_assert(PKEY_SEC2PROTK == 0xc08c7003, "layout");
_Static_assert(PKEY_CLR2PROTK == 0xc06c7004, "layout");
_Static_assert(PKEY_FINDCARD == 0xc0447005, "layout");
_Static_assert(PKEY_SKEY2PKEY == 0xc0887006, "layout");
_Static_assert(PKEY_VERIFYKEY == 0xc04c7007, "layout");
_Static_assert(PKEY_GENPROTK == 0xc04c7008, "layout");
_Static_assert(PKEY_VERIFYPROTK == 0x40487009, "layout");
_Static_assert(PKEY_KBLOB2PROTK == 0xc058700a, "layout");
_Static_assert(PKEY_GENSECK2 == 0xc0287011, "layout");
_Static_assert(PKEY_CLR2SECK2 == 0xc0487012, "layout");
_Static_assert(PKEY_VERIFYKEY2 == 0xc0207017, "layout");
_Static_assert(PKEY_KBLOB2PROTK2 == 0xc068701a, "layout");
_Static_assert(PKEY_APQNS4K == 0xc020701b, "layout");
_Static_assert(PKEY_APQNS4KT == 0xc058701c, "layout");
_Static_assert(PKEY_KBLOB2PROTK3 == 0xc030701d, "layout");

#endif
