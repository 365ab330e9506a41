// SPDX-License-Identifier: GPL-2.0
/*
 * Wrapping: AES-CTR under a tag that CMAC made of everything first (the idea of SIV, RFC 5297, not its format),
 * because that needs nothing but single AES blocks, which both the kernel and the host have at hand.
 */
#include "wrap.h"

static void derive(const char *purpose, u8 kind, const u8 *data, size_t size, u8 ret[32])
{
	u8 buffer[128] = { 0 };
	size_t n = strlen(purpose);

	memcpy(buffer, purpose, n);
	buffer[n++] = kind;
	memcpy(buffer + n, data, size);
	sha256_of(buffer, n + size, ret);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int master_key_derive(enum master_key_kind kind, const char *name, u8 ret[MASTER_KEY_SIZE])
{
	size_t i, n = strlen(name);

	if (n == 2 * MASTER_KEY_SIZE) {
		for (i = 0; i < MASTER_KEY_SIZE; i++) {
			int high = hex_digit(name[2 * i]), low = hex_digit(name[2 * i + 1]);

			if (high < 0 || low < 0)
				return -EINVAL;
			ret[i] = (u8)(high << 4 | low);
		}
		return 0;
	}
	if (n == 0 || n > 40)
		return -EINVAL;
	for (i = 0; i < n; i++)
		if (hex_digit(name[i]) < 0 && name[i] != '_' && !(name[i] >= 'a' && name[i] <= 'z') &&
		    !(name[i] >= 'A' && name[i] <= 'Z'))
			return -EINVAL;
	derive("softcex master key ", (u8)kind, (const u8 *)name, n, ret);
	return 0;
}

void master_key_pattern(enum master_key_kind kind, const u8 key[MASTER_KEY_SIZE], u8 ret[MASTER_KEY_PATTERN])
{
	u8 buffer[1 + MASTER_KEY_SIZE];

	buffer[0] = (u8)kind;
	memcpy(buffer + 1, key, MASTER_KEY_SIZE);
	sha256_of(buffer, sizeof(buffer), ret);
}

/* doubling in GF(2^128), as CMAC's subkeys want it (RFC 4493) */
static void cmac_double(u8 block[16])
{
	u8 carry = block[0] >> 7 ? 0x87 : 0;
	int i;

	for (i = 0; i < 15; i++)
		block[i] = (u8)(block[i] << 1 | block[i + 1] >> 7);
	block[15] = (u8)(block[15] << 1) ^ carry;
}

static void cmac(const u8 key[32], const u8 *data, size_t size, u8 ret[16])
{
	u8 sub[16] = { 0 }, state[16] = { 0 };
	size_t i;

	aes256_encrypt_block(key, sub, sub);
	cmac_double(sub);
	while (size > 16) {
		for (i = 0; i < 16; i++)
			state[i] ^= data[i];
		aes256_encrypt_block(key, state, state);
		data += 16;
		size -= 16;
	}
	if (size < 16) {
		cmac_double(sub);
		state[size] ^= 0x80;
	}
	for (i = 0; i < size; i++)
		state[i] ^= data[i];
	for (i = 0; i < 16; i++)
		state[i] ^= sub[i];
	aes256_encrypt_block(key, state, ret);
}

static void tag_of(const u8 mk[MASTER_KEY_SIZE], const u8 *aad, size_t aad_size, const u8 *data, size_t size,
		   u8 ret[WRAP_TAG_SIZE])
{
	u8 key[32], buffer[2 + WRAP_MAX];

	derive("softcex authentication ", 0, mk, MASTER_KEY_SIZE, key);
	be16_put(buffer, (u16)aad_size);
	memcpy(buffer + 2, aad, aad_size);
	memcpy(buffer + 2 + aad_size, data, size);
	cmac(key, buffer, 2 + aad_size + size, ret);
}

static void crypt_ctr(const u8 mk[MASTER_KEY_SIZE], const u8 tag[WRAP_TAG_SIZE], u8 *data, size_t size)
{
	u8 key[32], counter[16], stream[16];
	size_t i;

	derive("softcex encryption ", 0, mk, MASTER_KEY_SIZE, key);
	memcpy(counter, tag, sizeof(counter));
	for (i = 0; i < size; i++) {
		if (i % 16 == 0) {
			be16_put(counter, (u16)(i / 16));
			aes256_encrypt_block(key, counter, stream);
		}
		data[i] ^= stream[i % 16];
	}
}

void wrap_seal(const u8 mk[MASTER_KEY_SIZE], const u8 *aad, size_t aad_size, u8 *data, size_t size,
	       u8 ret_tag[WRAP_TAG_SIZE])
{
	tag_of(mk, aad, aad_size, data, size, ret_tag);
	crypt_ctr(mk, ret_tag, data, size);
}

int wrap_open(const u8 mk[MASTER_KEY_SIZE], const u8 *aad, size_t aad_size, u8 *data, size_t size,
	      const u8 tag[WRAP_TAG_SIZE])
{
	u8 expected[WRAP_TAG_SIZE];

	crypt_ctr(mk, tag, data, size);
	tag_of(mk, aad, aad_size, data, size, expected);
	if (memcmp(expected, tag, sizeof(expected)) == 0)
		return 0;
	memset(data, 0, size);
	return -EIO;
}

void wrap_cbc_seal(const u8 mk[MASTER_KEY_SIZE], const u8 clear[32], u8 ret[32])
{
	u8 second[16];
	int i;

	aes256_encrypt_block(mk, clear, ret);
	for (i = 0; i < 16; i++)
		second[i] = clear[16 + i] ^ ret[i];
	aes256_encrypt_block(mk, second, ret + 16);
}

void wrap_cbc_open(const u8 mk[MASTER_KEY_SIZE], const u8 sealed[32], u8 ret[32])
{
	int i;

	aes256_decrypt_block(mk, sealed, ret);
	aes256_decrypt_block(mk, sealed + 16, ret + 16);
	for (i = 0; i < 16; i++)
		ret[16 + i] ^= sealed[i];
}
