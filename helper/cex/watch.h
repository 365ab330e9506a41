/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for cards without sleeping: the kernel's own uevents on netlink, and a timer, because two
 * things make no event at all: a domain that a hypervisor adds between two scans of the bus, and a
 * master key that somebody sets.
 * Source: ap_bus.c and zcrypt_api.c of Linux 6.x (INITSCAN, BINDINGS, ONLINE, CONFIG; scans); netlink(7),
 * NETLINK_KOBJECT_UEVENT.
 */
#ifndef CEXLUKS_CEX_WATCH_H
#define CEXLUKS_CEX_WATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "cex/find.h"

struct cex_watch;

/**
 * cex_watch_new() - begin to listen
 * @sysroot: of what is looked at and asked for scans; borrowed, must outlive the watch
 *
 * Make the watch first and look afterwards, and nothing is missed.
 *
 * Return: 0 or -errno.
 */
int cex_watch_new(const char *sysroot, struct cex_watch **ret) _must_check_;

/* Seam for tests: events come from @fd, of which the watch becomes the owner, every @rescan_ms. */
int cex_watch_new_from(const char *sysroot, int fd, unsigned rescan_ms, struct cex_watch **ret)
	_must_check_;

void cex_watch_free(struct cex_watch *watch);
DEFINE_CLEANUP(struct cex_watch *, cex_watch_free);
#define _cleanup_cex_watch_ _cleanup_(cex_watch_freep)

/* One descriptor for poll(2). When it is readable call cex_watch_drain(). */
int cex_watch_fd(const struct cex_watch *watch);

/**
 * cex_watch_drain() - take in what happened
 *
 * When the timer ran out, the kernel is asked to scan the bus; what that finds makes events.
 *
 * Return: whether it is worth looking at the cards again.
 */
bool cex_watch_drain(struct cex_watch *watch);

/**
 * cex_watch_wait() - until a queue can use the wanted key, or the deadline
 * @ret:    the queue; set with CEX_OK and CEX_MASTER_KEY_OLD
 * @reason: why not, at the deadline; may be NULL
 *
 * Looks at once, so an expired deadline makes it a single look. Nothing ends the wait early: modules
 * and even the bus may still come.
 *
 * Return: 0, CEX_MASTER_KEY_OLD; at the deadline what cex_find() said last; -errno.
 */
int cex_watch_wait(struct cex_watch *watch, const struct cex_want *want, deadline_t deadline,
		   struct cex_apqn *ret, struct cex_reason *reason) _must_check_;

/**
 * cex_uevent_concerns() - is this message of the kernel about cards or their modules?
 * @message: @len bytes as received: "add@/devices/ap/card00", then KEY=VALUE, all ending with NUL
 */
bool cex_uevent_concerns(const char *message, size_t len);

#endif
