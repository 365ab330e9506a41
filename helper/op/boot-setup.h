/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every way into a boot reads first: configuration, command line, crypttab, and the plan that
 * follows from them.
 */
#ifndef CEXLUKS_OP_BOOT_SETUP_H
#define CEXLUKS_OP_BOOT_SETUP_H

#include "base/attributes.h"
#include "base/deadline.h"
#include "op/boot.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/crypttab.h"
#include "op/plan.h"

struct boot_setup {
	struct config *config;
	struct cmdline *cmdline;
	struct crypttab *crypttab;
	struct plan *plan;
};

/* OUTCOME_NOTHING_TO_DO when there is no configuration. */
enum outcome boot_setup_read(const struct boot_request *request, struct boot_setup *setup,
			     struct verdict *v) _must_check_;
/* The same without the kernel command line: after the boot. */
enum outcome boot_setup_read_running(const struct boot_request *request, struct boot_setup *setup,
				     struct verdict *v) _must_check_;
void boot_setup_done(struct boot_setup *setup);
#define _cleanup_boot_setup_ _cleanup_(boot_setup_done)

/* The shortest of configuration, command line and request. */
uint64_t boot_setup_timeout_ms(const struct boot_setup *setup, const struct boot_request *request);

#endif
