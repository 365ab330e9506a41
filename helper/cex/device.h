/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a card and a queue have in common in sysfs: states, counters, driver.
 * Source: drivers/s390/crypto/{ap_card,ap_queue,zcrypt_card,zcrypt_queue}.c of Linux 6.x; the words
 * are those of lszcrypt, s390-tools 2.43 zconf/zcrypt/lszcrypt.c.
 */
#ifndef CEXLUKS_CEX_DEVICE_H
#define CEXLUKS_CEX_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "cex/attribute.h"

struct cex_device {
	int32_t config, chkstop, online;  /* 0, 1; -1: no such file, or nothing sensible in it */
	int32_t pending, requested;	  /* pendingq_count, requestq_count; -1 as above */
	char requests[LIMIT_AP_WORD];	  /* request_count, a number or "-"; "" when unreadable */
	char passed[LIMIT_AP_WORD];	  /* vfio_ap's status: "in use", "assigned" …; "" elsewhere */
	char driver[LIMIT_AP_WORD];	  /* "cex4queue", "vfio_ap" …; "" when none is bound */
};

void cex_device_load(const struct cex_place *place, struct cex_device *ret);

/* "online", "offline", "deconfig", "chkstop", vfio_ap's status, or "-". Borrowed from @device. */
const char *cex_device_status(const struct cex_device *device);

/* A driver that serves requests: cexNcard or cexNqueue. */
bool cex_device_is_served(const struct cex_device *device);

/* Bound to vfio_ap. */
bool cex_device_is_passed(const struct cex_device *device);

/* Configured, not checkstopped, online. */
bool cex_device_is_online(const struct cex_device *device);

#endif
