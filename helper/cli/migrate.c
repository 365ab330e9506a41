/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/migrate.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/verb.h"
#include "op/follow.h"

static void print_command(const char *command, void *userdata)
{
	(void)userdata;
	printf("  %s\n", command);
}

static void print_next(const struct migrate_request *request)
{
	printf("The next boot knows of it after:\n");
	op_follow(request->sysroot, print_command, NULL);
	if (request->finish)
		return;
	printf("When a boot has used it, the old binding goes with:\n  cexluks migrate %s --to %s "
	       "--finish\n", request->device, request->to);
}

enum outcome cli_migrate(const struct verb_call *call)
{
	const struct migrate_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.from = call->options.from,
		.to = call->options.to,
		.header_backup = call->options.header_backup,
		.finish = call->options.finish,
		.dry_run = call->options.dry_run,
		.timeout_ms = verb_timeout_ms(call),
	};
	struct migrate_result result;
	struct verdict v = { 0 };
	enum outcome o;

	if (!request.to)
		return verb_usage(call->verb, "wants --to PROFILE");
	o = op_migrate(&request, &result, &v);
	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO) {
		verdict_print(&v, "cannot migrate");
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	if (result.warning[0])
		log_warning("%s", result.warning);
	if (o == OUTCOME_OK && !request.dry_run)
		print_next(&request);
	return o;
}
