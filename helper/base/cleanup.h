/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Release on scope exit. Whatever is acquired is declared with one of these, initialised where it
 * is declared, and handed over with take_ptr() or take_fd(). No goto in functions that use them.
 */
#ifndef CEXLUKS_BASE_CLEANUP_H
#define CEXLUKS_BASE_CLEANUP_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/attributes.h"

/* Defines name##p(), the cleanup for a variable that holds a pointer freed by name(). */
#define DEFINE_CLEANUP(type, name)                                                                 \
	static inline void name##p(type *p)                                                        \
	{                                                                                          \
		if (*p)                                                                            \
			name(*p);                                                                  \
		*p = NULL;                                                                         \
	}                                                                                          \
	struct cexluks_swallow_semicolon

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
	*(void **)p = NULL;
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing useful can be done about a failing close here */
}

static inline void cleanup_fclose(FILE **f)
{
	if (*f)
		(void)fclose(*f); /* read side, or already flushed and checked by the writer */
}

static inline void cleanup_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

#define _cleanup_free_     _cleanup_(cleanup_free)
#define _cleanup_close_    _cleanup_(cleanup_close)
#define _cleanup_fclose_   _cleanup_(cleanup_fclose)
#define _cleanup_closedir_ _cleanup_(cleanup_closedir)

/* Hands a pointer on and leaves NULL behind, so that the cleanup finds nothing to do. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) *take_ = &(p);                                                       \
		__typeof__(p) taken_ = *take_;                                                     \
		*take_ = NULL;                                                                     \
		taken_;                                                                            \
	})

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#endif
