/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which images this machine can boot: those that entries of the Boot Loader Specification name (grub, zipl, systemd-boot; with
 * ostree also the deployment to roll back to), the sections of zipl.conf, and the menu of grub.cfg.
 */
#ifndef CEXLUKS_OP_BOOT_ENTRIES_H
#define CEXLUKS_OP_BOOT_ENTRIES_H

#include <dirent.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/limits.h"

#define BOOT_ENTRIES "/boot/loader/entries"

struct boot_entries {
	char *images[LIMIT_BOOT_ENTRIES]; /* paths, each once, in order of the entries' names */
	size_t n;
	size_t n_left; /* beyond the limit */
};

/**
 * boot_entries_read() - look once
 * @sysroot: "" or a tree in place of /
 * @ret:     to be released with boot_entries_done(), whatever is returned
 *
 * Of an entry with several images the first one counts; one that the boot loader's own variable names is left out.
 *
 * Return: 0, -errno.
 */
int boot_entries_read(const char *sysroot, struct boot_entries *ret) _must_check_;
/* For scandir(3): whether it is an entry, by its name. */
int boot_entries_is_one(const struct dirent *entry);

void boot_entries_done(struct boot_entries *entries);

#endif
