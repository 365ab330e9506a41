/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Software master keys, and wrapping key material under them. Neither fast nor a standard: enough that a key
 * wrapped under one master key is of no use under another, and that a damaged one is noticed.
 *
 * A master key is 32 bytes, named by a word ("first") or written as 64 hex digits.
 */
#ifndef SOFTCEX_WRAP_H
#define SOFTCEX_WRAP_H

#include "types.h"

#define MASTER_KEY_SIZE	   32
#define MASTER_KEY_PATTERN 32 /* CCA shows the first 8 bytes of it, EP11 all, of which 16 count */
#define WRAP_TAG_SIZE	   16
#define WRAP_MAX	   256 /* associated data and key material together */

/* CCA and EP11 master keys of the same name differ. */
enum master_key_kind {
	MASTER_KEY_CCA = 1,
	MASTER_KEY_EP11 = 2,
	/* other registers of a CCA card, shown but used by nothing here */
	MASTER_KEY_APKA = 3,
	MASTER_KEY_ASYM = 4,
};

/* What the kernel and the host tool each bring: crypt-kernel.c, crypt-host.c. */
void aes256_encrypt_block(const u8 key[32], const u8 in[16], u8 out[16]);
void aes256_decrypt_block(const u8 key[32], const u8 in[16], u8 out[16]);
void sha256_of(const u8 *data, size_t size, u8 digest[32]);

/**
 * master_key_derive() - the 32 bytes behind a master key's name
 * @name: 1 to 40 letters, digits and '_'; or 64 hex digits, which are the key itself
 *
 * Return: 0, or -EINVAL for a name that is none.
 */
int master_key_derive(enum master_key_kind kind, const char *name, u8 ret[MASTER_KEY_SIZE]);

/** master_key_pattern() - the verification pattern that a card shows for a master key */
void master_key_pattern(enum master_key_kind kind, const u8 key[MASTER_KEY_SIZE], u8 ret[MASTER_KEY_PATTERN]);

/**
 * wrap_seal() - encrypt in place, and authenticate together with @aad
 *
 * Deterministic: who wants two wrappings of a key to differ puts random bytes into @data or @aad.
 * @aad_size plus @size must not exceed WRAP_MAX.
 */
void wrap_seal(const u8 mk[MASTER_KEY_SIZE], const u8 *aad, size_t aad_size, u8 *data, size_t size,
	       u8 ret_tag[WRAP_TAG_SIZE]);

/** wrap_open() - the reverse. Return: 0, or -EIO with @data wiped: other master key, or damaged. */
int wrap_open(const u8 mk[MASTER_KEY_SIZE], const u8 *aad, size_t aad_size, u8 *data, size_t size,
	      const u8 tag[WRAP_TAG_SIZE]);

/** wrap_cbc() - 32 bytes by AES-CBC with a zero IV, which is all the room a CCA AESDATA token has */
void wrap_cbc_seal(const u8 mk[MASTER_KEY_SIZE], const u8 clear[32], u8 ret[32]);
void wrap_cbc_open(const u8 mk[MASTER_KEY_SIZE], const u8 sealed[32], u8 ret[32]);

#endif
