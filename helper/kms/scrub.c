/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/scrub.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/secret.h"

#define RANGES	  256
#define OWN_STACK 4096 /* what the calls below this file's use */

struct range {
	uintptr_t from, to;
};

static int maps = -1;

void scrub_prepare(void)
{
/* The sanitizers' shadow is anonymous memory as well, and of terabytes. */
#ifndef __SANITIZE_ADDRESS__
	maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
#endif
}

/* One line: "from-to perms offset device inode [name]". */
static bool is_ours(const char *line, struct range *ret)
{
	char *p;

	ret->from = strtoul(line, &p, 16);
	if (*p != '-')
		return false;
	ret->to = strtoul(p + 1, &p, 16);
	if (strncmp(p, " rw-p ", 6) != 0)
		return false;
	p = strchr(p + 6, ' ');
	p = p ? strchr(p + 1, ' ') : NULL;
	return p && strtoul(p + 1, NULL, 10) == 0;
}

static size_t find(struct range ranges[static RANGES])
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;
	size_t n = 0;

	if (maps < 0 || file_read_fd(maps, LIMIT_MAPS, &text, NULL) < 0)
		return 0;
	for (char *line = strtok_r(text, "\n", &rest); line && n < RANGES;
	     line = strtok_r(NULL, "\n", &rest))
		n += is_ours(line, &ranges[n]);
	return n;
}

void scrub_and_exit(int code)
{
	struct range ranges[RANGES] = { 0 };
	uintptr_t here = (uintptr_t)ranges;
	size_t n = find(ranges);

	/* From the first one on nothing may be called that needs its own memory, errno included. */
	for (size_t i = 0; i < n; i++) {
		if (here >= ranges[i].from && here < ranges[i].to)
			ranges[i].to = here - OWN_STACK;
		if (ranges[i].from < ranges[i].to)
			secret_wipe((void *)ranges[i].from, ranges[i].to - ranges[i].from);
	}
	_exit(code);
}
