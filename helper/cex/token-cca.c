/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CCA-AESDATA and CCA-AESCIPHER: zkey/pkey.h and zcrypt_ccamisc.c, cex-pkey reference 1.3 and 1.4. */
#include "cex/be.h"
#include "cex/token.h"

#define DATA_SIZE	64
#define DATA_MKVP	8
#define DATA_BITS	56
#define DATA_TVV	60
#define CIPHER_SIZE	136
#define CIPHER_FIXED	56
#define CIPHER_MKVP	10
#define CIPHER_PFV	28
#define CIPHER_PL	38
#define CIPHER_KMF1	50
#define EXPORT_TO_CPACF 0x0800

/* Wraps around without carry: checked against two tokens of a published zkey key. */
static uint32_t tvv(const unsigned char *p)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < DATA_TVV; i += 4)
		sum += be32(p + i);
	return sum;
}

int cex_token_aesdata(const unsigned char *p, size_t len, struct cex_token *ret,
		      struct cex_reason *reason)
{
	unsigned bits;

	if (len != DATA_SIZE)
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESDATA token has %zu bytes, not %d",
				   len, DATA_SIZE);
	bits = be16(p + DATA_BITS);
	if (bits != 128 && bits != 192 && bits != 256)
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESDATA key of %u bits", bits);
	*ret = (struct cex_token){ .facts = {
		.kind = CEX_KEY_CCA_AESDATA,
		.token_size = DATA_SIZE,
		.key_bits = bits,
		.mkvp = cex_mkvp_make(CEX_MODE_CCA, p + DATA_MKVP),
		.tvv_wrong = tvv(p) != be32(p + DATA_TVV),
	} };
	return 0;
}

/* Offset, width in bytes, value: what zkey asks of every CCA-AESCIPHER token. */
static const struct {
	const char *name;
	unsigned char offset, width;
	uint16_t value;
} cipher_fields[] = {
	{ "key material state", 8, 1, 0x03 },
	{ "pattern type", 9, 1, 0x01 },
	{ "wrapping method", 26, 1, 0x02 },
	{ "associated data version", 30, 1, 0x01 },
	{ "associated data length", 32, 2, 26 },
	{ "label length", 34, 1, 0 },
	{ "extended data length", 35, 1, 0 },
	{ "user data length", 36, 1, 0 },
	{ "algorithm", 41, 1, 0x02 },
	{ "key type", 42, 2, 0x0001 },
	{ "number of usage fields", 44, 1, 2 },
	{ "number of management fields", 49, 1, 3 },
};

static int check_cipher_fields(const unsigned char *p, struct cex_reason *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(cipher_fields); i++) {
		const unsigned char *at = p + cipher_fields[i].offset;
		unsigned value = cipher_fields[i].width == 2 ? be16(at) : *at;

		if (value != cipher_fields[i].value)
			return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESCIPHER %s is %u, not %u",
					   cipher_fields[i].name, value, cipher_fields[i].value);
	}
	if (!(be16(p + CIPHER_KMF1) & EXPORT_TO_CPACF))
		return cex_because(reason, CEX_KEY_MALFORMED,
				   "CCA-AESCIPHER key may not become a protected key (XPRTCPAC is off)");
	return 0;
}

/* Bits of payload for each key size; version 1 hides the size behind the largest one. */
static int check_payload(const unsigned char *p, unsigned *ret_bits, struct cex_reason *reason)
{
	unsigned version = p[CIPHER_PFV], payload = be16(p + CIPHER_PL);

	if (version > 1)
		return cex_because(reason, CEX_KEY_MALFORMED,
				   "CCA-AESCIPHER payload format version %u", version);
	if (version == 1 ? payload != 640 : payload != 512 && payload != 576 && payload != 640)
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESCIPHER payload of %u bits",
				   payload);
	*ret_bits = version == 1 ? 0 : payload - 384;
	return 0;
}

int cex_token_aescipher(const unsigned char *p, size_t len, struct cex_token *ret,
			struct cex_reason *reason)
{
	unsigned length, bits = 0;
	int r;

	if (len != CIPHER_SIZE)
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESCIPHER token has %zu bytes, not %d",
				   len, CIPHER_SIZE);
	r = check_cipher_fields(p, reason);
	if (r)
		return r;
	r = check_payload(p, &bits, reason);
	if (r)
		return r;
	length = be16(p + 2);
	if (length != CIPHER_FIXED + be16(p + CIPHER_PL) / 8u)
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESCIPHER length field is %u", length);
	if (!token_is_zero(p + length, len - length))
		return cex_because(reason, CEX_KEY_MALFORMED, "CCA-AESCIPHER token has a tail");
	*ret = (struct cex_token){ .facts = {
		.kind = CEX_KEY_CCA_AESCIPHER,
		.token_size = CIPHER_SIZE,
		.key_bits = bits,
		.mkvp = cex_mkvp_make(CEX_MODE_CCA, p + CIPHER_MKVP),
		.hides_size = p[CIPHER_PFV] == 1,
	} };
	return 0;
}
