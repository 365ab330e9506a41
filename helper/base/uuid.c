/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

bool uuid_is_valid(const char *text)
{
	size_t i;

	for (i = 0; i < UUID_SIZE - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return text[i] == '\0';
}

bool uuid_equal(const char *a, const char *b)
{
	return strcasecmp(a, b) == 0;
}

bool uuid_matches(const char *uuid, const char *pattern)
{
	size_t len;

	if (!strncmp(pattern, "luks-", 5))
		pattern += 5;
	len = strlen(pattern);
	return len && len < UUID_SIZE && !strncasecmp(uuid, pattern, len);
}

int uuid_random(char ret[static UUID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return errno ? -errno : -EIO;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	(void)snprintf(ret, UUID_SIZE,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		       b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		       b[13], b[14], b[15]);
	return 0;
}
