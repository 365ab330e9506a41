/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passphrases into the kernel keyring for others to use, and out of it again.
 */
#ifndef CEXLUKS_OP_LOAD_H
#define CEXLUKS_OP_LOAD_H

#include "op/boot.h"

/* For every volume that boot would open: its passphrase as user key "cexluks:UUID". */
enum outcome op_load(const struct boot_request *request, struct verdict *v);

/* Every key of ours goes. Needs no configuration and may be called at any time. */
enum outcome op_forget(struct verdict *v);

#endif
