/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Limits of this room, in the manner of base/limits.h: on sysfs, on uevents, on key tokens.
 */
#ifndef CEXLUKS_CEX_LIMITS_H
#define CEXLUKS_CEX_LIMITS_H

#define LIMIT_AP_CARDS	   256	 /* adapter numbers have 8 bits */
#define LIMIT_AP_QUEUES	   256	 /* of one card: domain numbers have 8 bits as well */
#define LIMIT_AP_APQNS	   256	 /* in one list of the kernel, which knows 64 */
#define LIMIT_AP_ATTRIBUTE 4096	 /* one sysfs file */
#define LIMIT_AP_WORD	   32	 /* one word out of it */
#define LIMIT_AP_RESCAN_S  5	 /* while waiting: ask for a scan, and look at registers again */
#define LIMIT_UEVENT	   8192	 /* the kernel's own buffer has 2048 */
#define LIMIT_UEVENTS	   256	 /* read in one go, before the caller gets to look */
#define LIMIT_PROC_CRYPTO  (1u << 20)
#define LIMIT_KEYBLOB	   672	 /* two EP11 tokens: the most that xts(paes) takes */

#endif
