/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: every device that udev lets claim a by-uuid link, not only the winner. udev notes
 * them as /run/udev/links/ESCAPED/bMAJOR:MINOR; ESCAPED is the link below /dev with "/" as "\x2f",
 * since systemd 251 without the leading one.
 *
 * Source: stack_directory_get_name() and udev_node_escape_path() in src/udev/udev-node.c of systemd
 * 250 to 256, read in November 2026.
 */
#ifndef CEXLUKS_LUKS_CLAIMS_H
#define CEXLUKS_LUKS_CLAIMS_H

#include "base/attributes.h"

/**
 * luks_claims_each() - the claimants of /dev/disk/by-uuid/NAME
 * @visit: gets a borrowed path, "/dev/block/254:2"; a return other than 0 ends the walk
 */
int luks_claims_each(const char *name, int (*visit)(const char *path, void *userdata),
		     void *userdata) _must_check_;

/* Seam for tests: folder in place of /run/udev/links; NULL restores it. */
void luks_claims_set_folder(const char *directory);

#endif
