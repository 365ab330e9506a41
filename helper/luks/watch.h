/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Waiting for disks without sleeping: inotify on udev's by-uuid links and on its queue file.
 */
#ifndef CEXLUKS_LUKS_WATCH_H
#define CEXLUKS_LUKS_WATCH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/cleanup.h"

struct luks_watch;

int luks_watch_new(struct luks_watch **ret) _must_check_;
void luks_watch_free(struct luks_watch *watch);
DEFINE_CLEANUP(struct luks_watch *, luks_watch_free);

/* For poll(2). After it was readable call luks_watch_drain(), then look for devices again. */
int luks_watch_fd(const struct luks_watch *watch);
void luks_watch_drain(struct luks_watch *watch);

/* No event is being handled by udev (/run/udev/queue is absent), or udev does not run. */
bool luks_watch_udev_settled(const struct luks_watch *watch);

#endif
