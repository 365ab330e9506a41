/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cex/: the rules of one key token, one function per format. Each gets at least the
 * 8 bytes of a header that named the format, and exactly the bytes that the token may fill.
 */
#ifndef CEXLUKS_CEX_TOKEN_H
#define CEXLUKS_CEX_TOKEN_H

#include <stddef.h>

#include "base/attributes.h"
#include "cex/condition.h"
#include "cex/keyblob.h"

#define TOKEN_HEADER 8

struct cex_token {
	struct cex_keyblob facts; /* pair is for others to set */
	bool full_xts;		  /* one token that holds both keys */
};

/* All return 0 or CEX_KEY_MALFORMED with @reason. */
int cex_token_aesdata(const unsigned char *p, size_t len, struct cex_token *ret,
		      struct cex_reason *reason) _must_check_;
int cex_token_aescipher(const unsigned char *p, size_t len, struct cex_token *ret,
			struct cex_reason *reason) _must_check_;
int cex_token_ep11(const unsigned char *p, size_t len, struct cex_token *ret,
		   struct cex_reason *reason) _must_check_;
int cex_token_ep11_header(const unsigned char *p, size_t len, struct cex_token *ret,
			  struct cex_reason *reason) _must_check_;
int cex_token_protected(const unsigned char *p, size_t len, struct cex_token *ret,
			struct cex_reason *reason) _must_check_;
int cex_token_clear(const unsigned char *p, size_t len, struct cex_token *ret,
		    struct cex_reason *reason) _must_check_;
int cex_token_pvsecret(const unsigned char *p, size_t len, struct cex_token *ret,
		       struct cex_reason *reason) _must_check_;

/* Whether @len bytes are all zero. */
static inline bool token_is_zero(const unsigned char *p, size_t len)
{
	unsigned char any = 0;

	for (size_t i = 0; i < len; i++)
		any |= p[i];
	return !any;
}

#endif
