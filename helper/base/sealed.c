/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sealed.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define VERSION 1

enum offset {
	AT_VERSION = 8,
	AT_PROFILE_LEN = 10,
	AT_TOKEN_LEN = 12,
	AT_KEY_LEN = 14,
	AT_SALT = 16,
	AT_NONCE = AT_SALT + SEALED_SALT,
	FIXED = AT_NONCE + AEAD_NONCE,
};

static const unsigned char magic[AT_VERSION] = "CEXLUKS";

_Static_assert(FIXED + LIMIT_ID + LIMIT_SEALED_TOKEN + LIMIT_API_KEY_MAX + AEAD_TAG <= LIMIT_SEALED_KEY,
	       "the largest sealed API key is within its limit");

static size_t get16(const unsigned char *p)
{
	return (size_t)p[0] << 8 | p[1];
}

static void put16(unsigned char *p, size_t value)
{
	p[0] = (unsigned char)(value >> 8);
	p[1] = (unsigned char)value;
}

static bool lengths_are_good(const struct sealed *s)
{
	return s->profile_len >= 1 && s->profile_len <= LIMIT_ID && s->token_len >= 1 &&
	       s->token_len <= LIMIT_SEALED_TOKEN && s->box_len > AEAD_TAG &&
	       s->box_len <= LIMIT_API_KEY_MAX + AEAD_TAG;
}

size_t sealed_head_len(const struct sealed *sealed)
{
	return FIXED + sealed->profile_len + sealed->token_len;
}

int sealed_parse(const unsigned char *data, size_t len, struct sealed *ret, const char **why)
{
	struct sealed s;

	*why = "is no sealed API key";
	if (len < FIXED || memcmp(data, magic, sizeof(magic)) != 0)
		return -EBADMSG;
	*why = "is of a version that this program does not know";
	if (get16(data + AT_VERSION) != VERSION)
		return -EBADMSG;
	s = (struct sealed){
		.salt = data + AT_SALT,
		.nonce = data + AT_NONCE,
		.profile = (const char *)data + FIXED,
		.profile_len = get16(data + AT_PROFILE_LEN),
		.token_len = get16(data + AT_TOKEN_LEN),
		.box_len = get16(data + AT_KEY_LEN) + AEAD_TAG,
	};
	*why = "is damaged: a length is out of its limits";
	if (!lengths_are_good(&s))
		return -EBADMSG;
	*why = "is damaged: it is cut, or something is behind its end";
	if (len != sealed_head_len(&s) + s.box_len)
		return -EBADMSG;
	s.token = data + FIXED + s.profile_len;
	s.box = s.token + s.token_len;
	*why = NULL;
	*ret = s;
	return 0;
}

int sealed_write_head(const struct sealed *sealed, unsigned char *ret)
{
	if (!lengths_are_good(sealed))
		return -EINVAL;
	memcpy(ret, magic, sizeof(magic));
	put16(ret + AT_VERSION, VERSION);
	put16(ret + AT_PROFILE_LEN, sealed->profile_len);
	put16(ret + AT_TOKEN_LEN, sealed->token_len);
	put16(ret + AT_KEY_LEN, sealed->box_len - AEAD_TAG);
	memcpy(ret + AT_SALT, sealed->salt, SEALED_SALT);
	memcpy(ret + AT_NONCE, sealed->nonce, AEAD_NONCE);
	memcpy(ret + FIXED, sealed->profile, sealed->profile_len);
	memcpy(ret + FIXED + sealed->profile_len, sealed->token, sealed->token_len);
	return 0;
}
