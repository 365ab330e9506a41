/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to try again: full jitter under a doubling ceiling, and what the service asks for with
 * Retry-After, capped. Source: RFC 9110 section 10.2.3; kms-api.md 3.3.
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

/**
 * retry_delay() - how long to wait before the next try
 * @tries:          made so far, at least 1
 * @retry_after_ms: what the service asked for, or UINT64_MAX
 * @left_ms:        until the deadline
 * @random:         32 random bits, of which the jitter is made
 * @ret_ms:         the wait
 *
 * Return: whether there is time for another try at all.
 */
bool retry_delay(unsigned tries, uint64_t retry_after_ms, uint64_t left_ms, uint32_t random,
		 uint64_t *ret_ms) _must_check_;

#endif
