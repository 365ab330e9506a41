/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/recovery-key.h"

#include <errno.h>
#include <sys/random.h>

#define RANDOM_BYTES 32
#define GROUP	     4 /* bytes between two hyphens */

int recovery_key_make(struct secret **ret)
{
	static const char modhex[] = "cbdefghijklnrtuv";
	_cleanup_secret_ struct secret *random = NULL, *key = NULL;
	const unsigned char *in;
	unsigned char *out;
	int r;

	r = secret_new(RANDOM_BYTES, &random);
	if (r == 0)
		r = secret_new(RECOVERY_KEY_LEN, &key);
	if (r < 0)
		return r;
	/* Up to 256 bytes are never cut short by a signal. Source: getrandom(2). */
	if (getrandom(secret_data(random), RANDOM_BYTES, 0) != RANDOM_BYTES)
		return errno ? -errno : -EIO;
	in = secret_bytes(random);
	out = secret_data(key);
	for (size_t i = 0; i < RANDOM_BYTES; i++) {
		if (i && i % GROUP == 0)
			*out++ = '-';
		*out++ = (unsigned char)modhex[in[i] >> 4];
		*out++ = (unsigned char)modhex[in[i] & 0xf];
	}
	*ret = take_ptr(key);
	return 0;
}
