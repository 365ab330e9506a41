/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pkey driver makes of cards: secure keys made, verified, located, and turned into protected keys.
 * Errors are those of the real driver. All of these may sleep.
 */
#ifndef SOFTCEX_SERVICE_H
#define SOFTCEX_SERVICE_H

#ifdef __KERNEL__
#include "model.h"
#include "parts.h"
#include "token.h"

#define PKEY_MATCH_CUR 2
#define PKEY_MATCH_ALT 4

/** Effective key material, as only the CPU's firmware would see it. */
struct clear_key {
	u8 key[64]; /* 64: a whole XTS key from a single token */
	u32 size;
	bool xts; /* a whole XTS key */
};

/* The numbers of enum pkey_key_type, which are not those of enum token_kind. */
int service_kind_of_type(u32 type, enum token_kind *ret);
u32 service_type_of_kind(enum token_kind kind);

/**
 * service_generate() - GENSECK2 and CLR2SECK2
 * @apqns: tried in order; none, or only AP_ANY.AP_ANY: any that can
 * @key:   clear key to import, NULL for a random one
 * @ret:   TOKEN_SIZE_MAX bytes
 */
int service_generate(const struct apqn *apqns, size_t n, enum token_kind kind, u32 bits, u32 flags, const u8 *key,
		     u8 *ret, size_t *ret_size);

/** service_verify() - VERIFYKEY2. @apqn: in and out; @ret_match: PKEY_MATCH_CUR or PKEY_MATCH_ALT */
int service_verify(const struct token *token, struct apqn *apqn, u32 *ret_match);

/** service_apqns_for_key() - APQNS4K. @flags 0: current and alternate. *@ret_n may exceed @n. */
int service_apqns_for_key(const struct token *token, u32 flags, struct apqn *ret, size_t n, size_t *ret_n);

/** service_apqns_for_kind() - APQNS4KT. Patterns are looked at as @flags say; 32 bytes each. */
int service_apqns_for_kind(enum token_kind kind, u32 flags, const u8 *cur, const u8 *alt, struct apqn *ret, size_t n,
			   size_t *ret_n);

/** service_unwrap() - any token to effective key; @apqns limit which cards may do it, NULL: any */
int service_unwrap(const struct token *token, const struct apqn *apqns, size_t n, struct clear_key *ret);

/** service_protect() - effective key to protected key: hidden key, then 32 bytes of wrapping key pattern */
void service_protect(const struct clear_key *clear, u8 *ret, u32 *ret_size);

/** service_new_wrapping_key() - what a migration to another machine does: protected keys made before are void */
void service_new_wrapping_key(void);

#endif /* __KERNEL__ */
#endif
