/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 of headers, tokens and answers. What is accepted is the one spelling of its bytes, within the limit. */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/base64.h"

#define MAX 512

static void check_spelling(const struct secret *bytes, const char *text, size_t len)
{
	_cleanup_secret_ struct secret *again = NULL;

	PROMISE(base64_encode_secret(bytes, &again) == 0);
	PROMISE(secret_len(again) == len && !memcmp(secret_bytes(again), text, len));
}

/* Any bytes at all have a spelling, and it is read back. */
static void check_bytes(const uint8_t *data, size_t len)
{
	_cleanup_secret_ struct secret *bytes = NULL, *text = NULL, *again = NULL;

	if (!len || len > MAX)
		return;
	PROMISE(secret_new(len, &bytes) == 0);
	memcpy(secret_data(bytes), data, len);
	PROMISE(base64_encode_secret(bytes, &text) == 0);
	PROMISE(secret_len(text) == BASE64_SIZE(len) - 1);
	PROMISE(base64_decode_secret((const char *)secret_bytes(text), secret_len(text), MAX, &again) == 0);
	PROMISE(secret_equal(bytes, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_secret_ struct secret *bytes = NULL;
	const char *text = (const char *)data;
	int r = base64_decode_secret(text, len, MAX, &bytes);

	check_bytes(data, len);
	if (r != 0) {
		PROMISE(!bytes && (r == -EBADMSG || r == -EFBIG));
		PROMISE(r == -EFBIG || !base64_is_valid(text, len));
		return 0;
	}
	PROMISE(base64_is_valid(text, len) && secret_len(bytes) >= 1 && secret_len(bytes) <= MAX);
	check_spelling(bytes, text, len);
	return 0;
}
