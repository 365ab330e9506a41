/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passphrases into the kernel keyring for others to use, and out of it again.
 */
#ifndef CEXLUKS_OP_LOAD_H
#define CEXLUKS_OP_LOAD_H

#include "op/boot.h"

/*
 * The keys directory (op/keys.h), and, for every volume that boot would open, its passphrase as user key
 * "cexluks:UUID". Fails when one of them can't be had, after trying all.
 */
enum outcome op_load(const struct boot_request *request, struct verdict *v);

/*
 * The same on the running system: opens the volumes that the configuration or crypttab names and nobody opened
 * yet, or, with open = systemd, loads their passphrases. The kernel command line is the initramfs's business. A
 * volume in crypttab alone that carries no token of ours, or isn't there and has nofail or no _netdev, is left alone:
 * it is not waited for and nobody's failure. Neither is one with nofail. One of ours that is refused is marked
 * (op/aftermath.h).
 */
enum outcome op_load_open(const struct boot_request *request, struct verdict *v);

/*
 * Every key of ours goes, those of the keys directory below @sysroot too. Needs no configuration and may be called at
 * any time.
 */
enum outcome op_forget(const char *sysroot, struct verdict *v);

#endif
