// SPDX-License-Identifier: GPL-2.0
/* Key tokens; see token.h. */
#include "token.h"

enum {
	/* all tokens */
	OFF_TYPE = 0,
	OFF_LENGTH = 2,
	OFF_VERSION = 4,

	DATA_FLAGS = 6,
	DATA_CHECK = 7,
	DATA_MKVP = 8,
	DATA_KEY = 16,
	DATA_BITS = 56,
	DATA_BYTES = 58,
	DATA_TVV = 60,

	CIPHER_KMS = 8,
	CIPHER_KVPTYPE = 9,
	CIPHER_MKVP = 10,
	CIPHER_KWM = 26,
	CIPHER_KWH = 27,
	CIPHER_PFV = 28,
	CIPHER_ADV = 30,
	CIPHER_ADL = 32,
	CIPHER_PL = 38,
	CIPHER_ALGORITHM = 41,
	CIPHER_KEYTYPE = 42,
	CIPHER_KUFC = 44,
	CIPHER_KUF1 = 45,
	CIPHER_KUF2 = 47,
	CIPHER_KMFC = 49,
	CIPHER_KMF1 = 50,
	CIPHER_PAYLOAD = 56,

	EP11_BITLEN = 6,
	/* within the blob, which is the token (old style) or follows a 16-byte header */
	EP11_WKVP = 32,
	EP11_ATTRIBUTES = 48,
	EP11_MAGIC = 64,
	EP11_IV = 66,
	EP11_KEY = 80,
	EP11_MAC = 224,
	EP11_BLOB = 256,
	EP11_HEADER = 16,

	KEYTOKEN_KEYTYPE = 8,
	KEYTOKEN_LENGTH = 12,
	KEYTOKEN_KEY = 16,
};

#define EP11_KEY_SIZE		 144
#define EP11_IV_SIZE		 14
#define EP11_PROTKEY_EXTRACTABLE 0x00200000
#define EP11_DEFAULT_ATTRIBUTES	 0x00200c00
#define CIPHER_PL_OVERHEAD	 384 /* bits */
#define PVSECRET_SIZE		 44

u32 token_tvv(const u8 token[TOKEN_AESDATA_SIZE])
{
	u32 sum = 0;
	int i;

	for (i = 0; i < DATA_TVV; i += 4)
		sum += be32_get(token + i);
	return sum;
}

size_t token_size(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_AESDATA:
		return TOKEN_AESDATA_SIZE;
	case TOKEN_AESCIPHER:
		return TOKEN_AESCIPHER_SIZE;
	case TOKEN_EP11:
		return TOKEN_EP11_SIZE;
	case TOKEN_EP11_HDR:
		return TOKEN_EP11_HDR_SIZE;
	default:
		return 0;
	}
}

static bool aes_bits(u32 bits)
{
	return bits == 128 || bits == 192 || bits == 256;
}

static int parse_aesdata(struct token *t)
{
	if (t->size != TOKEN_AESDATA_SIZE)
		return -EINVAL;
	t->kind = TOKEN_AESDATA;
	t->bits = be16_get(t->data + DATA_BITS);
	t->mkvp = t->data + DATA_MKVP;
	t->mkvp_size = 8;
	return aes_bits(t->bits) ? 0 : -EINVAL;
}

static int parse_aescipher(struct token *t)
{
	const u8 *d = t->data;
	u16 length = be16_get(d + OFF_LENGTH), pl;

	if (t->size < CIPHER_PAYLOAD || t->size > TOKEN_AESCIPHER_SIZE || length > t->size)
		return -EINVAL;
	pl = be16_get(d + CIPHER_PL);
	if (d[CIPHER_ALGORITHM] != 2 || be16_get(d + CIPHER_KEYTYPE) != 1 || d[CIPHER_PFV] > 1 ||
	    (pl != 512 && pl != 576 && pl != 640) || length < CIPHER_PAYLOAD + pl / 8)
		return -EINVAL;
	if (!(be16_get(d + CIPHER_KMF1) & AESCIPHER_KMF1_XPRT_CPAC))
		return -EINVAL;
	t->kind = TOKEN_AESCIPHER;
	t->bits = d[CIPHER_PFV] == 0 ? pl - CIPHER_PL_OVERHEAD : 0;
	t->mkvp = d + CIPHER_MKVP;
	t->mkvp_size = 8;
	return 0;
}

static int parse_ep11(struct token *t, bool header)
{
	size_t blob = header ? EP11_HEADER : 0;
	u16 length = be16_get(t->data + OFF_LENGTH);
	size_t i;

	if (length < blob + EP11_BLOB || length > t->size || t->size > token_size(header ? TOKEN_EP11_HDR : TOKEN_EP11))
		return -EINVAL;
	if (t->data[1] != 0 || be16_get(t->data + blob + EP11_MAGIC) != 0x1234 ||
	    !(be64_get(t->data + blob + EP11_ATTRIBUTES) & EP11_PROTKEY_EXTRACTABLE))
		return -EINVAL;
	/* what is left of the session id under an old style header: a key bound to a session is not for us */
	for (i = EP11_HEADER; !header && i < EP11_WKVP; i++)
		if (t->data[i])
			return -EINVAL;
	t->kind = header ? TOKEN_EP11_HDR : TOKEN_EP11;
	t->bits = be16_get(t->data + EP11_BITLEN);
	t->mkvp = t->data + blob + EP11_WKVP;
	t->mkvp_size = 16;
	return t->bits == 0 || aes_bits(t->bits) ? 0 : -EINVAL;
}

/* clear and protected key tokens: a type, a length, and so much key */
static int parse_keytoken(struct token *t, bool clear)
{
	u32 length, key;

	if (t->size < KEYTOKEN_KEY)
		return -EINVAL;
	t->kind = clear ? TOKEN_CLEAR : TOKEN_PROTECTED;
	t->keytype = be32_get(t->data + KEYTOKEN_KEYTYPE);
	length = be32_get(t->data + KEYTOKEN_LENGTH);
	switch (t->keytype) {
	case 1:
	case 2:
	case 3:
		t->bits = 64 + 64 * t->keytype;
		break;
	case 10:
		t->bits = 256;
		break;
	case 11:
		t->bits = 512;
		break;
	default:
		return -EINVAL;
	}
	key = t->bits / 8;
	if (clear)
		return length == key && t->size == KEYTOKEN_KEY + key ? 0 : -EINVAL;
	if (length != key + 32)
		return -EINVAL;
	/* the AES area of a protected key token always has 64 bytes */
	return t->size == KEYTOKEN_KEY + (t->keytype <= 3 ? 64 : length) ? 0 : -EINVAL;
}

int token_parse(const u8 *data, size_t size, struct token *ret)
{
	struct token t = { .data = data, .size = size };
	int r = -EINVAL;

	if (size < 8)
		return -EINVAL;
	if (data[OFF_TYPE] == 1 && data[OFF_VERSION] == 4) {
		r = parse_aesdata(&t);
	} else if (data[OFF_TYPE] == 1 && data[OFF_VERSION] == 5) {
		r = parse_aescipher(&t);
	} else if (data[OFF_TYPE] == 0) {
		switch (data[OFF_VERSION]) {
		case 1:
		case 2:
			r = parse_keytoken(&t, data[OFF_VERSION] == 2);
			break;
		case 3:
		case 6:
			r = parse_ep11(&t, data[OFF_VERSION] == 6);
			break;
		case 9:
			t.kind = TOKEN_PVSECRET;
			r = size == PVSECRET_SIZE ? 0 : -EINVAL;
			break;
		}
	}
	if (r == 0)
		*ret = t;
	return r;
}

/* One byte that depends on key and master key: real tokens have one too. It is all that tells a 256-bit AESDATA
 * key with a forged pattern from a true one.
 */
static u8 aesdata_check(const u8 mk[MASTER_KEY_SIZE], const u8 clear[32])
{
	u8 buffer[MASTER_KEY_SIZE + 32], digest[32];

	memcpy(buffer, mk, MASTER_KEY_SIZE);
	memcpy(buffer + MASTER_KEY_SIZE, clear, 32);
	sha256_of(buffer, sizeof(buffer), digest);
	return digest[0];
}

static void build_aesdata(const struct token_order *o, u8 *t)
{
	u8 clear[32] = { 0 }, pattern[MASTER_KEY_PATTERN];

	memcpy(clear, o->key, o->bits / 8);
	master_key_pattern(MASTER_KEY_CCA, o->mk, pattern);
	t[OFF_TYPE] = 1;
	t[OFF_VERSION] = 4;
	t[DATA_FLAGS] = 0xc0;
	t[DATA_CHECK] = aesdata_check(o->mk, clear);
	memcpy(t + DATA_MKVP, pattern, 8);
	wrap_cbc_seal(o->mk, clear, t + DATA_KEY);
	be16_put(t + DATA_BITS, (u16)o->bits);
	be16_put(t + DATA_BYTES, (u16)(o->bits / 8));
	be32_put(t + DATA_TVV, token_tvv(t));
}

static void build_aescipher(const struct token_order *o, u8 *t)
{
	u16 pl = o->pfv == 0 ? (u16)(o->bits + CIPHER_PL_OVERHEAD) : 640;
	u8 *tag = t + CIPHER_PAYLOAD, *payload = tag + WRAP_TAG_SIZE;
	u8 pattern[MASTER_KEY_PATTERN];

	master_key_pattern(MASTER_KEY_CCA, o->mk, pattern);
	t[OFF_TYPE] = 1;
	be16_put(t + OFF_LENGTH, CIPHER_PAYLOAD + pl / 8);
	t[OFF_VERSION] = 5;
	t[CIPHER_KMS] = 3;
	t[CIPHER_KVPTYPE] = 1;
	memcpy(t + CIPHER_MKVP, pattern, 8);
	t[CIPHER_KWM] = 2;
	t[CIPHER_KWH] = 2;
	t[CIPHER_PFV] = o->pfv;
	t[CIPHER_ADV] = 1;
	be16_put(t + CIPHER_ADL, 26);
	be16_put(t + CIPHER_PL, pl);
	t[CIPHER_ALGORITHM] = 2;
	be16_put(t + CIPHER_KEYTYPE, 1);
	t[CIPHER_KUFC] = 2;
	be16_put(t + CIPHER_KUF1, 0xc000);
	be16_put(t + CIPHER_KUF2, 0xff00);
	t[CIPHER_KMFC] = 3;
	be16_put(t + CIPHER_KMF1, o->kmf1);
	/* size, key, and random bytes up to the end */
	memcpy(payload, o->random, pl / 8 - WRAP_TAG_SIZE);
	be16_put(payload, (u16)o->bits);
	memcpy(payload + 2, o->key, o->bits / 8);
	wrap_seal(o->mk, t, CIPHER_PAYLOAD, payload, pl / 8 - WRAP_TAG_SIZE, tag);
}

static void build_ep11(const struct token_order *o, u8 *t)
{
	u8 *blob = t + (o->kind == TOKEN_EP11_HDR ? EP11_HEADER : 0);
	u8 pattern[MASTER_KEY_PATTERN];

	master_key_pattern(MASTER_KEY_EP11, o->mk, pattern);
	memcpy(blob + EP11_WKVP, pattern, 16);
	be64_put(blob + EP11_ATTRIBUTES, EP11_DEFAULT_ATTRIBUTES);
	be16_put(blob + EP11_MAGIC, 0x1234);
	memcpy(blob + EP11_IV, o->random + EP11_KEY_SIZE, EP11_IV_SIZE);
	memcpy(blob + EP11_KEY, o->random, EP11_KEY_SIZE);
	be16_put(blob + EP11_KEY, (u16)o->bits);
	memcpy(blob + EP11_KEY + 2, o->key, o->bits / 8);
	wrap_seal(o->mk, blob + EP11_WKVP, EP11_KEY - EP11_WKVP, blob + EP11_KEY, EP11_KEY_SIZE, blob + EP11_MAC);
	be16_put(t + OFF_LENGTH, (u16)(blob - t + EP11_BLOB));
	t[OFF_VERSION] = o->kind == TOKEN_EP11_HDR ? 6 : 3;
	be16_put(t + EP11_BITLEN, (u16)o->bits);
}

int token_build(const struct token_order *order, u8 *ret)
{
	if (!aes_bits(order->bits) || token_size(order->kind) == 0)
		return -EINVAL;
	memset(ret, 0, token_size(order->kind));
	if (order->kind == TOKEN_AESDATA)
		build_aesdata(order, ret);
	else if (order->kind == TOKEN_AESCIPHER)
		build_aescipher(order, ret);
	else
		build_ep11(order, ret);
	return 0;
}

static int open_aesdata(const struct token *t, const u8 mk[MASTER_KEY_SIZE], u8 ret_key[32], u32 *ret_bits)
{
	u8 clear[32];
	u32 i;

	if (be32_get(t->data + DATA_TVV) != token_tvv(t->data))
		return -EIO;
	wrap_cbc_open(mk, t->data + DATA_KEY, clear);
	if (t->data[DATA_CHECK] != aesdata_check(mk, clear))
		return -EIO;
	for (i = t->bits / 8; i < sizeof(clear); i++)
		if (clear[i])
			return -EIO;
	memcpy(ret_key, clear, sizeof(clear));
	*ret_bits = t->bits;
	return 0;
}

/* @payload: size in bits, key, filling */
static int take_payload(const struct token *t, const u8 *payload, u8 ret_key[32], u32 *ret_bits)
{
	u32 bits = be16_get(payload);

	if (!aes_bits(bits) || (t->bits != 0 && t->bits != bits))
		return -EIO;
	memset(ret_key, 0, 32);
	memcpy(ret_key, payload + 2, bits / 8);
	*ret_bits = bits;
	return 0;
}

int token_open(const struct token *token, const u8 mk[MASTER_KEY_SIZE], u8 ret_key[32], u32 *ret_bits)
{
	const u8 *d = token->data;
	u8 payload[EP11_KEY_SIZE];
	size_t size;
	int r;

	switch (token->kind) {
	case TOKEN_AESDATA:
		return open_aesdata(token, mk, ret_key, ret_bits);
	case TOKEN_AESCIPHER:
		size = be16_get(d + CIPHER_PL) / 8 - WRAP_TAG_SIZE;
		memcpy(payload, d + CIPHER_PAYLOAD + WRAP_TAG_SIZE, size);
		r = wrap_open(mk, d, CIPHER_PAYLOAD, payload, size, d + CIPHER_PAYLOAD);
		break;
	case TOKEN_EP11:
	case TOKEN_EP11_HDR:
		d += token->kind == TOKEN_EP11_HDR ? EP11_HEADER : 0;
		memcpy(payload, d + EP11_KEY, sizeof(payload));
		r = wrap_open(mk, d + EP11_WKVP, EP11_KEY - EP11_WKVP, payload, sizeof(payload), d + EP11_MAC);
		break;
	default:
		r = -EIO;
	}
	return r < 0 ? r : take_payload(token, payload, ret_key, ret_bits);
}
