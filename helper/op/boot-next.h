/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which image the boot loader takes by itself, when nobody chooses at its menu. It is read out of what the loaders are
 * configured with, so what was written behind their backs, such as a kernel given to QEMU, is not known.
 */
#ifndef CEXLUKS_OP_BOOT_NEXT_H
#define CEXLUKS_OP_BOOT_NEXT_H

#include "base/attributes.h"

struct boot_next {
	char *image;
	char *options; /* of the kernel, as the entry has them on one line; NULL: not known */
	char why[320]; /* "2-now.conf is the newest entry in /boot/loader/entries" */
};

/**
 * boot_next_find() - look once
 * @sysroot: "" or a tree in place of /
 * @ret:     to be released with boot_next_done(), whatever is returned
 *
 * In this order: the section that zipl.conf boots by default; of the entries of the Boot Loader Specification the one that
 * zipl.conf, grub's environment or loader.conf names, or the newest; the first entry of grub.cfg; a file of /boot that has
 * the name of the running kernel.
 *
 * Return: 0; -ENOENT when none of these tells it; -errno.
 */
int boot_next_find(const char *sysroot, struct boot_next *ret) _must_check_;
void boot_next_done(struct boot_next *next);

#endif
