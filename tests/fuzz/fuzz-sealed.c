/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sealed API key, as /boot or a volume's header holds it. */
#include "fuzz.h"

#include <string.h>

#include "base/sealed.h"

static void check(const uint8_t *data, size_t len, const struct sealed *s)
{
	unsigned char head[LIMIT_SEALED_KEY];
	size_t head_len = sealed_head_len(s);

	PROMISE(len <= LIMIT_SEALED_KEY);
	PROMISE(s->profile_len && s->profile_len <= LIMIT_ID);
	PROMISE(s->token_len && s->token_len <= LIMIT_SEALED_TOKEN);
	PROMISE(s->box_len > AEAD_TAG && s->box_len - AEAD_TAG <= LIMIT_API_KEY_MAX);
	PROMISE(s->box + s->box_len == data + len && s->box == data + head_len);
	/* Nothing is left out of what is authenticated, and nothing has two spellings. */
	PROMISE(sealed_write_head(s, head) == 0 && !memcmp(head, data, head_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sealed sealed, untouched;
	const char *why = NULL;

	memset(&sealed, 0x5a, sizeof(sealed));
	memcpy(&untouched, &sealed, sizeof(sealed));
	if (sealed_parse(data, len, &sealed, &why) == 0) {
		PROMISE(!why);
		check(data, len, &sealed);
	} else {
		PROMISE(why && why[0]);
		PROMISE(!memcmp(&sealed, &untouched, sizeof(sealed)));
	}
	return 0;
}

/* With a key of each kind for a lock. */
void fuzz_seeds(void)
{
	static const size_t tokens[] = { 64, 136, 336 };
	unsigned char seed[LIMIT_SEALED_KEY] = { 0 };

	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		const struct sealed s = { .salt = seed, .nonce = seed, .profile = "prod", .profile_len = 4,
					  .token = seed, .token_len = tokens[i], .box_len = 44 + AEAD_TAG };
		unsigned char bytes[LIMIT_SEALED_KEY] = { 0 };

		PROMISE(sealed_write_head(&s, bytes) == 0);
		fuzz_add_seed(bytes, sealed_head_len(&s) + s.box_len);
	}
}
