/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Another time of day for the helper and the libraries that it is linked with, in both of its processes: what
 * PROGRAM.clock beside the program says, seconds since 1970; it goes on from there. Monotonic clocks stay.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset;

static int real(clockid_t id, struct timespec *ts)
{
	return (int)syscall(SYS_clock_gettime, id, ts);
}

__attribute__((constructor)) static void set_clock(void)
{
	char path[PATH_MAX], text[32];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(".clock"));
	struct timespec now;
	FILE *f;

	if (n < 0)
		return;
	memcpy(path + n, ".clock", sizeof(".clock"));
	f = fopen(path, "re");
	if (f && fgets(text, sizeof(text), f) && real(CLOCK_REALTIME, &now) == 0)
		offset = strtoll(text, NULL, 10) - now.tv_sec;
	if (f)
		(void)fclose(f);
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int r = real(id, ts);

	if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec += offset;
	return r;
}

time_t time(time_t *ret)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (ret)
		*ret = ts.tv_sec;
	return ts.tv_sec;
}

int gettimeofday(struct timeval *ret, void *zone)
{
	struct timespec ts = { 0 };
	int r = clock_gettime(CLOCK_REALTIME, &ts);

	(void)zone;
	*ret = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
	return r;
}
