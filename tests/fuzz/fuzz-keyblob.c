/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A volume key as a disk's keyslot holds it. The first byte chooses the cipher; the rest is the key. */
#include "fuzz.h"

#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "../unit/cex/vectors.h"
#include "cex/keyblob.h"

static void check_reason(const struct cex_reason *reason)
{
	for (const char *p = reason->text; *p; p++)
		PROMISE(*p >= ' ' && *p <= '~');
}

static void check(const struct cex_keyblob *blob, size_t len)
{
	bool secure = cex_keyblob_is_secure(blob);

	PROMISE(blob->token_size && blob->token_size * (blob->pair ? 2 : 1) == len);
	PROMISE(len <= LIMIT_KEYBLOB);
	PROMISE(secure == (cex_mkvp_len(&blob->mkvp) > 0));
	PROMISE(secure == (cex_key_kind_mode(blob->kind) != CEX_MODE_UNKNOWN));
	PROMISE(!blob->session_bound || cex_key_kind_mode(blob->kind) == CEX_MODE_EP11);
	PROMISE(!blob->tvv_wrong || blob->kind == CEX_KEY_CCA_AESDATA);
	PROMISE(blob->key_bits <= 512);
}

/* By its size alone a secure key must not be called clear bytes, or nobody would look at it. */
static void check_size(const struct cex_keyblob *blob, size_t len, enum cex_cipher cipher)
{
	enum cex_key_kind kind;

	if (cex_keyblob_is_secure(blob) && blob->token_size == cex_key_kind_token_size(blob->kind))
		PROMISE(cex_key_size_kind(len, cipher, &kind) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	enum cex_cipher cipher = len && data[0] & 1 ? CEX_CIPHER_XTS : CEX_CIPHER_CBC;
	struct cex_reason reason = { "" };
	struct cex_keyblob blob, untouched;
	int r;

	if (!len)
		return 0;
	memset(&blob, 0x5a, sizeof(blob));
	memcpy(&untouched, &blob, sizeof(blob));
	r = cex_keyblob_parse_bytes(data + 1, len - 1, cipher, &blob, &reason);
	check_reason(&reason);
	if (r == 0) {
		check(&blob, len - 1);
		check_size(&blob, len - 1, cipher);
		return 0;
	}
	PROMISE(r == CEX_KEY_MALFORMED || r == CEX_KEY_NOT_SECURE);
	PROMISE(reason.text[0]);
	PROMISE(!memcmp(&blob, &untouched, sizeof(blob)));
	return 0;
}

/* Each vector alone and as a pair, for both ciphers. */
static void add(void (*fill)(unsigned char *), size_t size)
{
	unsigned char seed[1 + LIMIT_KEYBLOB] = { 0 };

	fill(seed + 1);
	fill(seed + 1 + size);
	for (unsigned pair = 0; pair < 2; pair++) {
		seed[0] = (unsigned char)pair;
		fuzz_add_seed(seed, 1 + size * (1 + pair));
	}
}

/* Protected key, clear key and an id of the Ultravisor: what begins a token without a card. */
static void add_cardless(unsigned char version, size_t size)
{
	unsigned char seed[1 + 160] = { 0 };

	seed[5] = version;
	seed[12] = 3;
	seed[16] = version == 1 ? 64 : 32;
	fuzz_add_seed(seed, 1 + size);
	seed[0] = 1;
	memcpy(seed + 1 + size, seed + 1, size);
	fuzz_add_seed(seed, 1 + 2 * size);
}

void fuzz_seeds(void)
{
	add(vector_aesdata, 64);
	add(vector_aescipher_256, 136);
	add(vector_ep11, 320);
	add(vector_ep11_header, 336);
	add_cardless(1, 80);
	add_cardless(2, 48);
	add_cardless(9, 44);
}
