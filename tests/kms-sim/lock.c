/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lock.h"

#include <pthread.h>

static pthread_mutex_t state = PTHREAD_MUTEX_INITIALIZER;

void lock_take(void)
{
	pthread_mutex_lock(&state);
}

void lock_give(void)
{
	pthread_mutex_unlock(&state);
}
