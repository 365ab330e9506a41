/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/retry.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "base/limits.h"
#include "kms/http.h"

/* Less than this is not enough for a connection and an answer. */
#define LEAST_TRY_MS 100

/* A service that is full is not asked again as soon as one that hiccups. */
#define THROTTLED_DOUBLINGS 2

/* Longest of the three forms of HTTP date is shorter. */
#define DATE_MAX 64

static uint64_t from_date(const char *text)
{
	time_t when = curl_getdate(text, NULL), now = time(NULL);

	if (when == (time_t)-1)
		return HTTP_NO_RETRY_AFTER;
	return when > now ? (uint64_t)(when - now) * 1000 : 0;
}

uint64_t retry_after_parse(const char *value, size_t len)
{
	char text[DATE_MAX];
	uint64_t seconds = 0;

	while (len && isspace((unsigned char)*value)) {
		value++;
		len--;
	}
	while (len && isspace((unsigned char)value[len - 1]))
		len--;
	if (!len || len >= sizeof(text) || memchr(value, '\0', len))
		return HTTP_NO_RETRY_AFTER;
	memcpy(text, value, len);
	text[len] = '\0';
	if (!isdigit((unsigned char)text[0]))
		return isalpha((unsigned char)text[0]) ? from_date(text) : HTTP_NO_RETRY_AFTER;
	for (const char *p = text; *p; p++) {
		if (!isdigit((unsigned char)*p))
			return HTTP_NO_RETRY_AFTER;
		/* Anything above the cap is the cap; this only keeps it from wrapping round. */
		if (seconds < UINT32_MAX)
			seconds = seconds * 10 + (uint64_t)(*p - '0');
	}
	return seconds * 1000;
}

/* A number in [0, @max], near enough to even. */
static uint64_t scale(uint32_t random, uint64_t max)
{
	return (uint64_t)random * (max + 1) >> 32;
}

/* Who is told to come back in 10 s comes in 10 to 20, as far as the budget allows. */
static uint64_t as_asked(const struct retry_state *s, uint32_t random)
{
	uint64_t wait = s->retry_after_ms < LIMIT_RETRY_AFTER_MS ? s->retry_after_ms :
								   LIMIT_RETRY_AFTER_MS;
	uint64_t spread = wait > LIMIT_RETRY_BASE_MS ? wait : LIMIT_RETRY_BASE_MS;
	uint64_t spare = s->left_ms > wait ? (s->left_ms - wait) / 2 : 0;

	return wait + scale(random, spread < spare ? spread : spare);
}

static uint64_t by_tries(const struct retry_state *s, uint32_t random)
{
	unsigned doublings = s->tries - 1 + (s->throttled ? THROTTLED_DOUBLINGS : 0);
	uint64_t ceiling = LIMIT_RETRY_BASE_MS;

	for (unsigned i = 0; i < doublings && ceiling < LIMIT_RETRY_CAP_MS; i++)
		ceiling *= 2;
	if (ceiling > LIMIT_RETRY_CAP_MS)
		ceiling = LIMIT_RETRY_CAP_MS;
	/* The last wait of a budget leaves time for the try behind it. */
	return scale(random, ceiling < s->left_ms / 2 ? ceiling : s->left_ms / 2);
}

bool retry_delay(const struct retry_state *state, uint32_t random, uint64_t *ret_ms)
{
	uint64_t wait = state->retry_after_ms == HTTP_NO_RETRY_AFTER ? by_tries(state, random) :
								       as_asked(state, random);

	if (state->left_ms < LEAST_TRY_MS || wait > state->left_ms - LEAST_TRY_MS)
		return false;
	*ret_ms = wait;
	return true;
}

uint64_t retry_pause(unsigned round, uint32_t random)
{
	uint64_t ceiling = (uint64_t)LIMIT_RETRY_BASE_MS << (round < 7 ? round + 2 : 9);

	return 1000 + scale(random, ceiling < LIMIT_RETRY_PAUSE_MS ? ceiling : LIMIT_RETRY_PAUSE_MS);
}
