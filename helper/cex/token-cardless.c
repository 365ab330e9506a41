/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens that need no card: protected keys, clear keys, secrets of the Ultravisor. They are known so
 * that they are not taken for something else. pkey_base.h and pkey_uv.c, cex-pkey reference 1.6.
 */
#include "cex/be.h"
#include "cex/token.h"

#define HEADER_SIZE   16
#define PVSECRET_SIZE 44

struct key_type {
	unsigned type;
	unsigned bits; /* of one AES key */
	size_t clear;  /* bytes of the key in clear */
	size_t area;   /* bytes of a protected token's payload */
	bool full_xts;
};

static const struct key_type key_types[] = {
	{ 1, 128, 16, 64, false }, { 2, 192, 24, 64, false }, { 3, 256, 32, 64, false },
	{ 10, 128, 32, 64, true }, { 11, 256, 64, 96, true },
};

static const struct key_type *find_type(unsigned type)
{
	for (size_t i = 0; i < ARRAY_SIZE(key_types); i++)
		if (key_types[i].type == type)
			return &key_types[i];
	return NULL;
}

static void fill(enum cex_key_kind kind, size_t len, unsigned bits, bool full_xts,
		 struct cex_token *ret)
{
	*ret = (struct cex_token){
		.facts = { .kind = kind, .token_size = len, .key_bits = bits },
		.full_xts = full_xts,
	};
}

int cex_token_protected(const unsigned char *p, size_t len, struct cex_token *ret,
			struct cex_reason *reason)
{
	const struct key_type *type = len < HEADER_SIZE ? NULL : find_type(be32(p + 8));

	if (!type)
		return cex_because(reason, CEX_KEY_MALFORMED, "protected key token of an unknown type");
	/* key || 32 bytes of wrapping key pattern; of single AES keys the area is always 64 */
	if (len != HEADER_SIZE + type->area || be32(p + 12) != type->clear + 32)
		return cex_because(reason, CEX_KEY_MALFORMED, "protected key token of %zu bytes", len);
	fill(CEX_KEY_PROTECTED, len, type->bits, type->full_xts, ret);
	return 0;
}

int cex_token_clear(const unsigned char *p, size_t len, struct cex_token *ret,
		    struct cex_reason *reason)
{
	const struct key_type *type = len < HEADER_SIZE ? NULL : find_type(be32(p + 8));

	if (!type)
		return cex_because(reason, CEX_KEY_MALFORMED, "clear key token of an unknown type");
	if (be32(p + 12) != type->clear || len != HEADER_SIZE + type->clear)
		return cex_because(reason, CEX_KEY_MALFORMED, "clear key token of %zu bytes", len);
	fill(CEX_KEY_CLEAR, len, type->bits, type->full_xts, ret);
	return 0;
}

int cex_token_pvsecret(const unsigned char *p, size_t len, struct cex_token *ret,
		       struct cex_reason *reason)
{
	static const unsigned bits[] = { [4] = 128, [5] = 192, [6] = 256, [7] = 128, [8] = 256 };
	unsigned type = len < HEADER_SIZE ? 0 : be16(p + 8);

	if (len != PVSECRET_SIZE)
		return cex_because(reason, CEX_KEY_MALFORMED, "PVSECRET token has %zu bytes, not %d", len,
				   PVSECRET_SIZE);
	if (type >= ARRAY_SIZE(bits) || !bits[type])
		return cex_because(reason, CEX_KEY_MALFORMED, "PVSECRET of type %u is no AES key", type);
	fill(CEX_KEY_PVSECRET, len, bits[type], type >= 7, ret);
	return 0;
}
