/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/boot.h"

#include <stdio.h>

#include "cli/verb.h"
#include "op/image.h"

static void print_line(const char *line, void *userdata)
{
	(void)userdata;
	printf("%s\n", line);
}

enum outcome cli_boot(const struct verb_call *call)
{
	struct boot_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.timeout_s = call->common.timeout_s,
	};
	struct verdict v = { 0 };
	enum outcome o;

	if (call->options.needs_network) {
		/* For shell: yes or no, and no words. */
		o = call->options.image_files ? op_image_needs_network(&request, &v) :
						op_boot_needs_network(&request, &v);
		return o == OUTCOME_NOTHING_TO_DO ? OUTCOME_NOT_BOUND : o;
	}
	if (call->options.needs_names) {
		o = op_image_needs_names(&request, &v);
		return o == OUTCOME_NOTHING_TO_DO ? OUTCOME_NOT_BOUND : o;
	}
	if (call->options.crypttab)
		o = op_image_crypttab(&request, print_line, NULL, &v);
	else if (call->options.image_files)
		o = op_image_files(&request, print_line, NULL, &v);
	else if (call->options.retry)
		o = op_boot_retry(&request, &v);
	else
		o = op_boot(&request, &v);
	/* A boot speaks for itself, on the console too. */
	if ((call->options.crypttab || call->options.image_files) && o != OUTCOME_OK)
		verdict_print(&v, "cexluks boot");
	return o;
}
