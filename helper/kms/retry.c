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

bool retry_delay(unsigned tries, uint64_t retry_after_ms, uint64_t left_ms, uint32_t random,
		 uint64_t *ret_ms)
{
	uint64_t ceiling = LIMIT_RETRY_BASE_MS, wait;

	for (unsigned i = 1; i < tries && ceiling < LIMIT_RETRY_CAP_MS; i++)
		ceiling *= 2;
	if (ceiling > LIMIT_RETRY_CAP_MS)
		ceiling = LIMIT_RETRY_CAP_MS;
	if (retry_after_ms != HTTP_NO_RETRY_AFTER) {
		/* As asked and a little jitter, so that a fleet does not come back in one instant. */
		wait = retry_after_ms < LIMIT_RETRY_AFTER_MS ? retry_after_ms : LIMIT_RETRY_AFTER_MS;
		wait += scale(random, LIMIT_RETRY_BASE_MS);
	} else {
		/* The last wait of a budget leaves time for the try behind it. */
		wait = scale(random, ceiling < left_ms / 2 ? ceiling : left_ms / 2);
	}
	if (left_ms < LEAST_TRY_MS || wait > left_ms - LEAST_TRY_MS)
		return false;
	*ret_ms = wait;
	return true;
}
