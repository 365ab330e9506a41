/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Key tokens, as the pkey driver and the cards know them: built, checked and opened. Shared by the kernel
 * module and the host tool. Layouts are those of real tokens; what lies in their opaque parts is ours.
 *
 * Source: Linux drivers/s390/crypto/zcrypt_ccamisc.h, zcrypt_ep11misc.h, pkey_base.h; s390-tools zkey/pkey.h.
 */
#ifndef SOFTCEX_TOKEN_H
#define SOFTCEX_TOKEN_H

#include "types.h"
#include "wrap.h"

#define TOKEN_AESDATA_SIZE   64
#define TOKEN_AESCIPHER_SIZE 136
#define TOKEN_EP11_SIZE	     320
#define TOKEN_EP11_HDR_SIZE  336
#define TOKEN_SIZE_MAX	     TOKEN_EP11_HDR_SIZE
#define TOKEN_RANDOM_SIZE    160 /* what token_build() wants to be given */

#define AESCIPHER_KMF1_DEFAULT	 0x08c8
#define AESCIPHER_KMF1_XPRT_CPAC 0x0800

enum token_kind {
	TOKEN_AESDATA,	 /* CCA, 64 bytes fixed */
	TOKEN_AESCIPHER, /* CCA, variable length, in 136 bytes */
	TOKEN_EP11,	 /* old style, header over the session field */
	TOKEN_EP11_HDR,	 /* 16-byte header in front */
	TOKEN_PROTECTED,
	TOKEN_CLEAR,
	TOKEN_PVSECRET,
};

struct token {
	enum token_kind kind;
	const u8 *data; /* borrowed from the caller */
	size_t size;
	u32 bits;	/* 0: the token hides it */
	u32 keytype;	/* of protected and clear key tokens: PKEY_KEYTYPE_… */
	const u8 *mkvp; /* NULL for tokens that need no card */
	size_t mkvp_size;
};

/** What a new secure key shall be. */
struct token_order {
	enum token_kind kind;
	u32 bits;	    /* 128, 192, 256 */
	u8 pfv;		    /* AESCIPHER: payload format 0 shows the key size, 1 hides it */
	u16 kmf1;	    /* AESCIPHER: export control, AESCIPHER_KMF1_DEFAULT */
	const u8 *key;	    /* clear key, bits / 8 bytes */
	const u8 *random;   /* TOKEN_RANDOM_SIZE bytes */
	const u8 *mk;	    /* master key of the kind that fits */
};

static inline bool token_is_cca(enum token_kind kind)
{
	return kind == TOKEN_AESDATA || kind == TOKEN_AESCIPHER;
}

static inline bool token_is_ep11(enum token_kind kind)
{
	return kind == TOKEN_EP11 || kind == TOKEN_EP11_HDR;
}

/** token_tvv() - the token verification value that belongs into an AESDATA token */
u32 token_tvv(const u8 token[TOKEN_AESDATA_SIZE]);

/** token_size() - bytes of the buffer that a token of this kind takes */
size_t token_size(enum token_kind kind);

/**
 * token_parse() - the checks that the kernel makes without asking a card
 * @data: borrowed; @ret points into it
 *
 * Return: 0, or -EINVAL.
 */
int token_parse(const u8 *data, size_t size, struct token *ret);

/**
 * token_build() - a new secure key
 * @ret: token_size() bytes
 *
 * Return: 0, or -EINVAL for a size or kind that does not exist.
 */
int token_build(const struct token_order *order, u8 *ret);

/**
 * token_open() - what a card does with its own token: check it whole, and unwrap
 * @mk:	      master key whose pattern the token has; the pattern is the caller's business
 * @ret_key:  32 bytes
 * @ret_bits: of the key found
 *
 * Return: 0, or -EIO: other master key, damaged, wrong verification value.
 */
int token_open(const struct token *token, const u8 mk[MASTER_KEY_SIZE], u8 ret_key[32], u32 *ret_bits);

#endif
