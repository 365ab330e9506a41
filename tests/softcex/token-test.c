/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the self test that needs no kernel: tokens against the vector of a real one's rule, each kind made,
 * opened, refused by another master key, and damaged in every byte that the card is to look at.
 */
#include <stdio.h>
#include <stdlib.h>

#include "token.h"
#include "wrap.h"

static int failures;

static void verdict(bool good, const char *text)
{
	printf("%s - %s\n", good ? "ok" : "not ok", text);
	failures += !good;
}

static bool aesdata_tvv_is_the_sum_of_the_words(void)
{
	u8 t[64] = { 1, 0, 0, 0, 4, 0, 0xc0, 0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };

	for (u8 i = 0; i < 32; i++)
		t[16 + i] = i;
	be32_put(t + 56, 0x01000020);
	return token_tvv(t) == 0x014853fe;
}

struct made {
	u8 mk[32], other[32], key[32], random[TOKEN_RANDOM_SIZE], data[TOKEN_SIZE_MAX];
	struct token token;
};

static bool make(struct made *m, enum token_kind kind, u32 bits, u8 pfv)
{
	enum master_key_kind mkk = token_is_ep11(kind) ? MASTER_KEY_EP11 : MASTER_KEY_CCA;
	struct token_order order = { .kind = kind, .bits = bits, .pfv = pfv, .kmf1 = AESCIPHER_KMF1_DEFAULT,
				     .key = m->key, .random = m->random, .mk = m->mk };

	for (size_t i = 0; i < sizeof(m->key); i++)
		m->key[i] = (u8)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(m->random); i++)
		m->random[i] = (u8)rand();
	return master_key_derive(mkk, "first", m->mk) == 0 && master_key_derive(mkk, "second", m->other) == 0 &&
	       token_build(&order, m->data) == 0 && token_parse(m->data, token_size(kind), &m->token) == 0;
}

static bool opens(struct made *m, u32 bits)
{
	u8 key[32];
	u32 found = 0;

	return token_open(&m->token, m->mk, key, &found) == 0 && found == bits && memcmp(key, m->key, bits / 8) == 0;
}

/* An AESDATA token has one byte to tell by (and real ones no more): a single try proves nothing about it. */
static bool other_master_key_fails(struct made *m)
{
	u8 key[32];
	u32 bits;

	return token_open(&m->token, m->other, key, &bits) == -EIO;
}

/* The key may not come out of a token with any byte changed; bytes that nobody reads are not counted. */
static bool damage_is_noticed(enum token_kind kind, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		struct made m = { 0 };
		u8 key[32];
		u32 bits;

		if (!make(&m, kind, 256, 0))
			return false;
		m.data[i] ^= 1;
		if (token_parse(m.data, token_size(kind), &m.token) == 0 &&
		    token_open(&m.token, m.mk, key, &bits) == 0) {
			printf("    byte %zu of kind %d changed, and nobody noticed\n", i, kind);
			return false;
		}
	}
	return true;
}

static void every_kind(void)
{
	static const struct {
		enum token_kind kind;
		u8 pfv;
		const char *name;
		size_t from, to;
	} kinds[] = {
		{ TOKEN_AESDATA, 0, "AESDATA", 0, 64 },
		{ TOKEN_AESCIPHER, 0, "AESCIPHER", 0, 136 },
		{ TOKEN_AESCIPHER, 1, "AESCIPHER, size hidden", 0, 136 },
		{ TOKEN_EP11, 0, "EP11, old style", 32, 240 },
		{ TOKEN_EP11_HDR, 0, "EP11", 48, 256 },
	};
	char text[100];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		bool good = true, other = true;

		for (u32 bits = 128; bits <= 256; bits += 64) {
			struct made m = { 0 };

			good = good && make(&m, kinds[i].kind, bits, kinds[i].pfv) && opens(&m, bits) &&
			       m.token.bits == (kinds[i].pfv ? 0 : bits);
			other = other && other_master_key_fails(&m);
		}
		snprintf(text, sizeof(text), "%s: made and opened in all sizes", kinds[i].name);
		verdict(good, text);
		snprintf(text, sizeof(text), "%s: another master key can't open it", kinds[i].name);
		verdict(other, text);
		snprintf(text, sizeof(text), "%s: damage is noticed", kinds[i].name);
		verdict(damage_is_noticed(kinds[i].kind, kinds[i].from, kinds[i].to), text);
	}
}

int main(void)
{
	srand(1);
	verdict(aesdata_tvv_is_the_sum_of_the_words(), "AESDATA: verification value as in the reference's vector");
	every_kind();
	return failures != 0;
}
