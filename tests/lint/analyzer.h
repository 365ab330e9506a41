/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests/lint/tidy.sh only, included before everything else: what the analyzer can't know. After a
 * failed call errno is positive, so "return -errno" never means success. (Where a function sets errno
 * to 0 and looks at it later, the analyzer follows the failing way only.)
 */
#ifndef CEXLUKS_LINT_ANALYZER_H
#define CEXLUKS_LINT_ANALYZER_H

#include <errno.h>

static inline int *lint_errno(void)
{
	int *e = __errno_location();

	if (*e <= 0)
		__builtin_unreachable();
	return e;
}

#undef errno
#define errno (*lint_errno())

#endif
