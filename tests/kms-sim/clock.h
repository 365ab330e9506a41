/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The services' idea of the time: the machine's, plus an offset that a test can set. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define RFC3339_TEXT 32

int64_t clock_now(void);
void clock_offset_set(int64_t seconds);
void clock_format(int64_t when, char ret[static RFC3339_TEXT]);
bool clock_parse(const char *rfc3339, int64_t *ret);

/* for the request log; these two ignore the offset */
double clock_wall(void);
double clock_monotonic(void);

#endif
