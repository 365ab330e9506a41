/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services that will be gone: IBM deletes every HPCS instance on 28 March 2027.
 */
#ifndef CEXLUKS_OP_SERVICE_END_H
#define CEXLUKS_OP_SERVICE_END_H

#include <stdbool.h>
#include <stdint.h>

#include "kms/profile.h"

/**
 * service_days_left() - how long it will be there
 * @now: seconds since 1970
 * @ret: whole days; 0: its last day is over, or this is it
 *
 * Return: false where no end is known; then *@ret is untouched.
 */
bool service_days_left(enum kms_service service, int64_t now, int64_t *ret);

#endif
