/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a volume key for "paes" is: a secure key that only a card can use, something else that the
 * kernel accepts, or clear bytes. The kernel takes clear bytes of the usual AES sizes without a word,
 * so a volume is protected by a card only if its key, read as the kernel would read it, is a secure
 * key. Structure only: whether a card accepts the key is for cex/pkey.h and cex/pattern.h.
 *
 * Key bytes are read from locked memory, in explicit big-endian, and never printed.
 * Source: drivers/s390/crypto/{zcrypt_ccamisc,zcrypt_ep11misc,pkey_base}.h and
 * arch/s390/crypto/paes_s390.c of Linux 6.x; s390-tools 2.43 zkey/pkey.{h,c}.
 */
#ifndef CEXLUKS_CEX_KEYBLOB_H
#define CEXLUKS_CEX_KEYBLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "cex/condition.h"
#include "cex/mkvp.h"

enum cex_key_kind {
	CEX_KEY_CCA_AESDATA,
	CEX_KEY_CCA_AESCIPHER,
	CEX_KEY_EP11_AES,	 /* header laid over the session field, "version 3" */
	CEX_KEY_EP11_AES_HEADER, /* header in front, "version 6" */
	CEX_KEY_PROTECTED,	 /* valid on this machine until its wrapping key changes */
	CEX_KEY_CLEAR,		 /* a token, but with the key in clear */
	CEX_KEY_PVSECRET,	 /* an id that the Ultravisor of a secure guest knows */
};

#define CEX_KEY_KINDS (CEX_KEY_PVSECRET + 1)

/* What "paes-xts-plain64" and "paes-cbc-plain64" make of the same bytes differs. */
enum cex_cipher {
	CEX_CIPHER_CBC,
	CEX_CIPHER_XTS,
};

struct cex_keyblob {
	enum cex_key_kind kind;
	bool pair;		/* two tokens, data key and tweak key */
	size_t token_size;	/* of one of them, padding included */
	unsigned key_bits;	/* of one AES key; 0: the token does not tell */
	struct cex_mkvp mkvp;	/* secure keys; of both halves */
	bool hides_size;	/* CCA-AESCIPHER, payload format version 1 */
	bool session_bound;	/* EP11: dies with a login session, so no key for a disk */
	bool tvv_wrong;		/* CCA-AESDATA: kernel and zkey don't look, but the card will */
};

/**
 * cex_keyblob_parse() - read a volume key as the kernel's paes would
 * @key:    borrowed
 * @cipher: of the volume; decides what 64 bytes are
 * @ret:    untouched unless 0 is returned
 * @reason: what broke which rule; may be NULL
 *
 * Return: 0; CEX_KEY_NOT_SECURE for clear bytes, or what is no token at all; CEX_KEY_MALFORMED for
 * what begins like a token and breaks a rule: truncated, wrong length, halves that don't belong
 * together, forbidden fields, something behind the end.
 */
int cex_keyblob_parse(const struct secret *key, enum cex_cipher cipher, struct cex_keyblob *ret,
		      struct cex_reason *reason) _must_check_;

/* The same for bytes that are in no struct secret. */
int cex_keyblob_parse_bytes(const unsigned char *key, size_t len, enum cex_cipher cipher,
			    struct cex_keyblob *ret, struct cex_reason *reason) _must_check_;

/* Wrapped by a card's master key: CCA and EP11, nothing else. */
bool cex_keyblob_is_secure(const struct cex_keyblob *blob);

/* "CCA-AESCIPHER" …: zkey's word where it has one. Static. */
const char *cex_key_kind_text(enum cex_key_kind kind);

/* The card mode that such keys need; CEX_MODE_UNKNOWN when they need no card. */
enum cex_mode cex_key_kind_mode(enum cex_key_kind kind);

/* The oldest card that knows such keys: 3 for CEX3C, 6, 7; 0 when they need none. */
int cex_key_kind_min_card(enum cex_key_kind kind);

/* Bytes of one token as zkey and the kernel pad it; 0 where sizes vary. */
size_t cex_key_kind_token_size(enum cex_key_kind kind);

/**
 * cex_key_size_kind() - what a volume key of @len bytes can only be, without its bytes
 *
 * Return: 0; CEX_KEY_NOT_SECURE when the kernel takes this size for clear bytes, or no secure key that
 * is padded as zkey does it has it. EP11 keys without padding, which nobody is known to make, are only
 * recognised by their bytes.
 */
int cex_key_size_kind(size_t len, enum cex_cipher cipher, enum cex_key_kind *ret) _must_check_;

/**
 * cex_cipher_parse() - the mode of a LUKS2 "encryption" value
 *
 * Return: whether it is paes in CBC or XTS mode ("paes-xts-plain64", "capi:xts(paes)-plain64").
 */
bool cex_cipher_parse(const char *encryption, enum cex_cipher *ret) _must_check_;

#endif
