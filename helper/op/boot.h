/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The automatic unlock in the initramfs: design section 7 as code.
 */
#ifndef CEXLUKS_OP_BOOT_H
#define CEXLUKS_OP_BOOT_H

#include <stdbool.h>

#include "op/verdict.h"

struct boot_request {
	const char *sysroot;	 /* "" in a boot; a tree while an image is built */
	const char *config_path; /* or NULL */
	unsigned timeout_s;	 /* 0: as configured; only shortens */
};

/* The automatic attempt. May be repeated from an emergency shell. */
enum outcome op_boot(const struct boot_request *request, struct verdict *v);

/* Goes on behind the prompt until the volumes are open, gone, or not worth another try. */
enum outcome op_boot_retry(const struct boot_request *request, struct verdict *v);

/* OUTCOME_OK: a kms binding may be used in this boot. OUTCOME_NOTHING_TO_DO: no need. */
enum outcome op_boot_needs_network(const struct boot_request *request, struct verdict *v);

#endif
