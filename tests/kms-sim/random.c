/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "random.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static pthread_mutex_t vary_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t first_seed, vary_state;

void random_bytes(void *data, size_t length)
{
	unsigned char *p = data;

	while (length) {
		ssize_t n = getrandom(p, length, 0);

		if (n < 0)
			abort();
		p += n;
		length -= (size_t)n;
	}
}

void random_uuid(char ret[static UUID_TEXT])
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	snprintf(ret, UUID_TEXT,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		 b[13], b[14], b[15]);
}

bool uuid_is_valid(const char *text)
{
	if (strlen(text) != UUID_TEXT - 1)
		return false;
	for (unsigned i = 0; i < UUID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

void vary_seed(uint64_t seed)
{
	first_seed = vary_state = seed;
}

uint64_t vary_seed_get(void)
{
	return first_seed;
}

unsigned vary(unsigned bound)
{
	uint64_t z;

	/* splitmix64 */
	pthread_mutex_lock(&vary_lock);
	z = vary_state += 0x9e3779b97f4a7c15;
	pthread_mutex_unlock(&vary_lock);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned)((z ^ (z >> 31)) % bound);
}
