/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The AP bus with everything on it, as it is now: no waiting, no opinion.
 * Source: drivers/s390/crypto/ap_bus.c of Linux 6.x; lszcrypt of s390-tools 2.43 scans the same way.
 */
#ifndef CEXLUKS_CEX_BUS_H
#define CEXLUKS_CEX_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "cex/card.h"

struct cex_bus {
	bool present;
	int32_t scans;		/* done so far; 0: the first is still to come; -1: the kernel does not tell */
	bool settled;		/* "bindings" says "(complete)" */
	bool has_se_states;	/* secure execution support (APSB): queues have an SE state */
	bool has_queue_driver;	/* cex4queue, which serves CEX4 and newer, is registered */
	int32_t default_domain; /* -1: not set */
	bool default_usable;	/* that domain is in the usage mask */
	struct cex_card *cards; /* by rising number */
	size_t n_cards;
};

/**
 * cex_bus_load() - scan sysfs once
 * @sysroot: "" or a tree in place of /
 * @ret: owned by the caller; a machine without AP bus has one that is not present
 *
 * Return: 0, -ENOMEM, -ENAMETOOLONG.
 */
int cex_bus_load(const char *sysroot, struct cex_bus **ret) _must_check_;

void cex_bus_free(struct cex_bus *bus);
DEFINE_CLEANUP(struct cex_bus *, cex_bus_free);
#define _cleanup_cex_bus_ _cleanup_(cex_bus_freep)

/* Asks for a scan of the bus now. Return: 0 or -errno; before the first scan the kernel refuses. */
int cex_bus_rescan(const char *sysroot) _must_check_;

#endif
