/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/migrate.h"

#include <stdio.h>

#include "base/log.h"
#include "cli/verb.h"

static void print_next(const struct migrate_request *request, const char *what)
{
	printf("The next boot knows of it after:\n");
	verb_follow(request->sysroot);
	if (request->finish)
		return;
	printf("When a boot has used it, the old binding goes with:\n  cexluks migrate %s --to %s "
	       "--finish\n", what, request->to);
}

static enum outcome migrate_one(const struct migrate_request *request)
{
	struct migrate_result result;
	struct verdict v = { 0 };
	enum outcome o = op_migrate(request, &result, &v);

	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO) {
		verdict_print(&v, "cannot migrate");
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	if (result.warning[0])
		log_warning("%s", result.warning);
	if (o == OUTCOME_OK && !request->dry_run)
		print_next(request, request->device);
	return o;
}

static void tell(const char *what, const struct verdict *v, const struct migrate_result *result,
		 void *userdata)
{
	bool *changed = userdata;

	verb_tell(what, v);
	if (result->warning[0])
		log_warning("%s: %s", what, result->warning);
	*changed = *changed || v->outcome == OUTCOME_OK;
}

/* Everything, or the keys directory alone. */
static enum outcome migrate_many(const struct migrate_request *request, bool all)
{
	bool changed = false;
	enum outcome o = all ? op_migrate_all(request, tell, &changed) :
			       op_migrate_keys(request, tell, &changed);

	if (o == OUTCOME_NOTHING_TO_DO)
		printf("%s: nothing is left for this step\n", outcome_word(o));
	if (!changed || request->dry_run)
		return o;
	if (!request->finish)
		printf("For keys, say in the configuration first: keys-profile = %s\n", request->to);
	print_next(request, all ? "--all" : "--keys");
	return o;
}

enum outcome cli_migrate(const struct verb_call *call)
{
	const struct migrate_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->n_words ? call->words[0] : NULL,
		.from = call->options.from,
		.to = call->options.to,
		.header_backup = call->options.header_backup,
		.finish = call->options.finish,
		.dry_run = call->options.dry_run,
		.timeout_ms = verb_timeout_ms(call),
	};

	if (!request.to)
		return verb_usage(call->verb, "wants --to PROFILE");
	if (!!request.device + call->options.all + call->options.keys != 1)
		return verb_usage(call->verb, "wants a DEVICE, --all or --keys");
	if (!request.device && request.header_backup)
		return verb_usage(call->verb, "--header-backup is for one DEVICE");
	return request.device ? migrate_one(&request) : migrate_many(&request, call->options.all);
}
