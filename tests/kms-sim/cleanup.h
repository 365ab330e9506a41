/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Release at the end of the scope, for the types this program uses. */
#ifndef SIM_CLEANUP_H
#define SIM_CLEANUP_H

#include "buffer.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_json(cJSON **p)
{
	cJSON_Delete(*p);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_json_ _cleanup_(cleanup_json)
#define _cleanup_buffer_ _cleanup_(buffer_done)

#endif
