/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to try again: full jitter under a doubling ceiling, and what the service asks for with
 * Retry-After, capped; both so that a fleet which was refused in one instant does not come back in one.
 * tests/bench/fleet.c measures it. Source: RFC 9110 section 10.2.3; kms-api.md 3.3.
 */
#ifndef CEXLUKS_KMS_RETRY_H
#define CEXLUKS_KMS_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/**
 * retry_after_parse() - value of a Retry-After header
 * @value: @len bytes, blanks and line end around it are fine
 *
 * Takes seconds or an HTTP date; a date of the past is 0.
 *
 * Return: milliseconds; HTTP_NO_RETRY_AFTER (UINT64_MAX) for anything else, negative numbers too.
 */
uint64_t retry_after_parse(const char *value, size_t len);

struct retry_state {
	unsigned tries;		 /* made so far, at least 1 */
	bool throttled;		 /* the service has more clients than it can serve */
	uint64_t retry_after_ms; /* what it asked for, or UINT64_MAX */
	uint64_t left_ms;	 /* until the deadline */
};

/**
 * retry_delay() - how long to wait before the next try
 * @random: 32 random bits, of which the jitter is made
 * @ret_ms: the wait
 *
 * Return: whether there is time for another try at all.
 */
bool retry_delay(const struct retry_state *state, uint32_t random, uint64_t *ret_ms) _must_check_;

/**
 * retry_pause() - how long to wait behind the prompt, before another round with a child and a token of its own
 * @round:  that just failed, from 0
 * @random: 32 random bits
 *
 * Full jitter below a ceiling that doubles up to LIMIT_RETRY_PAUSE_MS, and a second in any case.
 *
 * Return: milliseconds.
 */
uint64_t retry_pause(unsigned round, uint32_t random);

#endif
