/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/deadline.h"

#include <limits.h>
#include <stddef.h>
#include <time.h>

static uint64_t real_clock(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_BOOTTIME, &ts); /* cannot fail with a valid clock id */
	return (uint64_t)ts.tv_sec * 1000u + (uint64_t)ts.tv_nsec / 1000000u;
}

static uint64_t (*clock_now)(void) = real_clock;

void deadline_set_clock(uint64_t (*now)(void))
{
	clock_now = now ? now : real_clock;
}

uint64_t deadline_now(void)
{
	return clock_now();
}

deadline_t deadline_after(uint64_t ms)
{
	uint64_t now = deadline_now();

	return ms > DEADLINE_NEVER - 1 - now ? DEADLINE_NEVER - 1 : now + ms;
}

deadline_t deadline_earlier(deadline_t a, deadline_t b)
{
	return a < b ? a : b;
}

bool deadline_over(deadline_t d)
{
	return d != DEADLINE_NEVER && deadline_now() >= d;
}

uint64_t deadline_left(deadline_t d)
{
	uint64_t now = deadline_now();

	if (d == DEADLINE_NEVER)
		return DEADLINE_NEVER;
	return now >= d ? 0 : d - now;
}

int deadline_poll_ms(deadline_t d)
{
	uint64_t left = deadline_left(d);

	if (left == DEADLINE_NEVER)
		return -1;
	return left > INT_MAX ? INT_MAX : (int)left;
}
