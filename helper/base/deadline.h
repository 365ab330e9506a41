/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One monotonic budget, passed down as an absolute point in time. CLOCK_BOOTTIME, because it goes
 * on while a machine is suspended and nobody can step it. The clock is a seam: tests replace it.
 */
#ifndef CEXLUKS_BASE_DEADLINE_H
#define CEXLUKS_BASE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME at which patience ends; UINT64_MAX never ends. */
typedef uint64_t deadline_t;

#define DEADLINE_NEVER UINT64_MAX

/* Milliseconds since boot. */
uint64_t deadline_now(void);

deadline_t deadline_after(uint64_t ms);
deadline_t deadline_earlier(deadline_t a, deadline_t b);
bool deadline_over(deadline_t d);

/* Milliseconds left, 0 when over; INT_MAX at most, so that it fits poll(2). -1 for never. */
int deadline_poll_ms(deadline_t d);

/* Milliseconds left, 0 when over. */
uint64_t deadline_left(deadline_t d);

/* Seam for tests: NULL restores the real clock. */
void deadline_set_clock(uint64_t (*now)(void));

#endif
