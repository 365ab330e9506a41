/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is there a network worth trying? Watches the kernel's address and link notices (rtnetlink) and
 * the folder of resolv.conf (inotify), so that boot waits for events, not for time. Reading notices
 * is not network access.
 */
#ifndef CEXLUKS_KMS_NETWORK_H
#define CEXLUKS_KMS_NETWORK_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/cleanup.h"

struct network_watch;

/* Return: 0 or -errno of socket(2), bind(2), epoll_ctl(2). */
int network_watch_new(struct network_watch **ret) _must_check_;
void network_watch_free(struct network_watch *watch);
DEFINE_CLEANUP(struct network_watch *, network_watch_free);

/* For poll(2): readable when something changed. */
int network_watch_fd(const struct network_watch *watch);

/**
 * network_watch_up() - take all notices, then look
 *
 * Up means: some interface other than loopback is up, has carrier and a global unicast address.
 */
bool network_watch_up(struct network_watch *watch);

#endif
