/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "clock.h"

#include <stdatomic.h>
#include <time.h>

static _Atomic int64_t offset;

int64_t clock_now(void)
{
	return (int64_t)time(NULL) + atomic_load(&offset);
}

void clock_offset_set(int64_t seconds)
{
	atomic_store(&offset, seconds);
}

void clock_format(int64_t when, char ret[static RFC3339_TEXT])
{
	time_t t = (time_t)when;
	struct tm tm = { 0 };

	gmtime_r(&t, &tm);
	strftime(ret, RFC3339_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

bool clock_parse(const char *rfc3339, int64_t *ret)
{
	struct tm tm = { 0 };
	const char *end = strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!end)
		return false;
	if (*end == '.')
		for (end++; *end >= '0' && *end <= '9'; end++)
			;
	if (end[0] != 'Z' || end[1])
		return false;
	*ret = (int64_t)timegm(&tm);
	return true;
}

static double read_clock(clockid_t id)
{
	struct timespec t = { 0 };

	clock_gettime(id, &t);
	return (double)t.tv_sec + (double)(t.tv_nsec / 1000000) / 1000.0;
}

double clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

double clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
