/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rotate.h"

#include "cli/verb.h"

static void tell(const char *what, const struct verdict *v, void *userdata)
{
	(void)userdata;
	verb_tell(what, v);
}

enum outcome cli_rotate(const struct verb_call *call)
{
	const struct rotate_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.binding = call->n_words > 1 ? call->words[1] : NULL,
		.header_backup = call->options.header_backup,
		.rewrap_only = call->options.rewrap_only,
		.dry_run = call->options.dry_run,
		.timeout_ms = verb_timeout_ms(call),
		.told = tell,
	};

	return op_rotate(&request);
}
