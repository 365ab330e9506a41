/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/keyblob.h"

#include <string.h>

#include "base/limits.h"
#include "cex/token.h"

static const struct kind {
	const char *text;
	enum cex_mode mode;
	int min_card;
	size_t token_size;
} kinds[CEX_KEY_KINDS] = {
	[CEX_KEY_CCA_AESDATA] = { "CCA-AESDATA", CEX_MODE_CCA, 3, 64 },
	[CEX_KEY_CCA_AESCIPHER] = { "CCA-AESCIPHER", CEX_MODE_CCA, 6, 136 },
	[CEX_KEY_EP11_AES] = { "EP11-AES", CEX_MODE_EP11, 7, 320 },
	[CEX_KEY_EP11_AES_HEADER] = { "EP11-AES", CEX_MODE_EP11, 7, 336 },
	[CEX_KEY_PROTECTED] = { "protected key", CEX_MODE_UNKNOWN, 0, 80 },
	[CEX_KEY_CLEAR] = { "clear key", CEX_MODE_UNKNOWN, 0, 0 },
	[CEX_KEY_PVSECRET] = { "PVSECRET-AES", CEX_MODE_UNKNOWN, 0, 44 },
};

static const struct format {
	unsigned char type, version;
	int (*parse)(const unsigned char *p, size_t len, struct cex_token *ret,
		     struct cex_reason *reason);
} formats[] = {
	{ 0x01, 0x04, cex_token_aesdata }, { 0x01, 0x05, cex_token_aescipher },
	{ 0x00, 0x01, cex_token_protected }, { 0x00, 0x02, cex_token_clear },
	{ 0x00, 0x03, cex_token_ep11 }, { 0x00, 0x06, cex_token_ep11_header },
	{ 0x00, 0x09, cex_token_pvsecret },
};

static const struct format *find_format(const unsigned char *p, size_t len)
{
	if (len < TOKEN_HEADER)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (p[0] == formats[i].type && p[4] == formats[i].version)
			return &formats[i];
	return NULL;
}

/*
 * Sizes that paes takes for clear bytes, whatever they are: a 64-byte XTS key is one even if it looks
 * like a CCA-AESDATA token. Source: paes_s390.c, setkey of each mode.
 */
static bool is_clear_size(size_t len, enum cex_cipher cipher)
{
	if (cipher == CEX_CIPHER_XTS)
		return len == 32 || len == 64;
	return len == 16 || len == 24 || len == 32;
}

static int parse_pair(const unsigned char *key, size_t len, struct cex_keyblob *ret,
		      struct cex_reason *reason)
{
	const struct format *format = find_format(key, len);
	struct cex_token first, second;
	size_t half = len / 2;
	int r;

	if (len % 2 || find_format(key + half, len - half) != format)
		return cex_because(reason, CEX_KEY_MALFORMED,
				   "%zu bytes are not two key tokens of the same kind", len);
	r = format->parse(key, half, &first, reason);
	if (r)
		return r;
	r = format->parse(key + half, half, &second, reason);
	if (r)
		return r;
	if (first.full_xts || second.full_xts)
		return cex_because(reason, CEX_KEY_MALFORMED, "two tokens that hold both keys each");
	if (first.facts.key_bits != second.facts.key_bits ||
	    first.facts.hides_size != second.facts.hides_size || first.facts.key_bits == 192)
		return cex_because(reason, CEX_KEY_MALFORMED, "halves of %u and %u bits are no XTS key",
				   first.facts.key_bits, second.facts.key_bits);
	if (memcmp(&first.facts.mkvp, &second.facts.mkvp, sizeof(first.facts.mkvp)) != 0)
		return cex_because(reason, CEX_KEY_MALFORMED,
				   "the halves are wrapped by different master keys");
	*ret = first.facts;
	ret->pair = true;
	ret->tvv_wrong = first.facts.tvv_wrong || second.facts.tvv_wrong;
	ret->session_bound = first.facts.session_bound || second.facts.session_bound;
	return 0;
}

static int parse_xts(const unsigned char *key, size_t len, struct cex_keyblob *ret,
		     struct cex_reason *reason)
{
	struct cex_token whole;

	if (find_format(key, len)->parse(key, len, &whole, NULL) == 0 && whole.full_xts) {
		*ret = whole.facts;
		return 0;
	}
	return parse_pair(key, len, ret, reason);
}

static int parse_single(const unsigned char *key, size_t len, struct cex_keyblob *ret,
			struct cex_reason *reason)
{
	struct cex_token token;
	int r = find_format(key, len)->parse(key, len, &token, reason);

	if (r)
		return r;
	if (token.full_xts)
		return cex_because(reason, CEX_KEY_MALFORMED, "a token for XTS in another mode");
	*ret = token.facts;
	return 0;
}

int cex_keyblob_parse_bytes(const unsigned char *key, size_t len, enum cex_cipher cipher,
			    struct cex_keyblob *ret, struct cex_reason *reason)
{
	if (is_clear_size(len, cipher))
		return cex_because(reason, CEX_KEY_NOT_SECURE,
				   "%zu bytes are a clear key, whatever they look like", len);
	if (!find_format(key, len))
		return cex_because(reason, CEX_KEY_NOT_SECURE, "%zu bytes that are no key token", len);
	if (len > LIMIT_KEYBLOB)
		return cex_because(reason, CEX_KEY_MALFORMED, "%zu bytes are more than any key", len);
	return cipher == CEX_CIPHER_XTS ? parse_xts(key, len, ret, reason) :
					  parse_single(key, len, ret, reason);
}

int cex_keyblob_parse(const struct secret *key, enum cex_cipher cipher, struct cex_keyblob *ret,
		      struct cex_reason *reason)
{
	return cex_keyblob_parse_bytes(secret_bytes(key), secret_len(key), cipher, ret, reason);
}

bool cex_keyblob_is_secure(const struct cex_keyblob *blob)
{
	return kinds[blob->kind].mode != CEX_MODE_UNKNOWN;
}

const char *cex_key_kind_text(enum cex_key_kind kind)
{
	return kinds[kind].text;
}

enum cex_mode cex_key_kind_mode(enum cex_key_kind kind)
{
	return kinds[kind].mode;
}

int cex_key_kind_min_card(enum cex_key_kind kind)
{
	return kinds[kind].min_card;
}

size_t cex_key_kind_token_size(enum cex_key_kind kind)
{
	return kinds[kind].token_size;
}

int cex_key_size_kind(size_t len, enum cex_cipher cipher, enum cex_key_kind *ret)
{
	if (is_clear_size(len, cipher))
		return CEX_KEY_NOT_SECURE;
	for (unsigned kind = 0; kind < CEX_KEY_KINDS; kind++) {
		if (kinds[kind].mode == CEX_MODE_UNKNOWN)
			continue;
		if (len == kinds[kind].token_size * (cipher == CEX_CIPHER_XTS ? 2 : 1)) {
			*ret = (enum cex_key_kind)kind;
			return 0;
		}
	}
	return CEX_KEY_NOT_SECURE;
}

bool cex_cipher_parse(const char *encryption, enum cex_cipher *ret)
{
	static const struct {
		const char *start;
		enum cex_cipher cipher;
	} spellings[] = {
		{ "paes-xts-", CEX_CIPHER_XTS }, { "capi:xts(paes)-", CEX_CIPHER_XTS },
		{ "paes-cbc-", CEX_CIPHER_CBC }, { "capi:cbc(paes)-", CEX_CIPHER_CBC },
	};

	for (size_t i = 0; i < ARRAY_SIZE(spellings); i++)
		if (!strncmp(encryption, spellings[i].start, strlen(spellings[i].start))) {
			*ret = spellings[i].cipher;
			return true;
		}
	return false;
}
