/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/apply.h"

#include <stdio.h>

#include "cli/passphrase.h"
#include "cli/verb.h"

static void tell(const char *volume, const char *binding, const struct verdict *v, void *userdata)
{
	bool *changed = userdata;
	char what[512];

	/* What is cut is for people only. */
	(void)snprintf(what, sizeof(what), "%s%s%s", volume, *binding ? ": " : "", binding);
	verb_tell(what, v);
	*changed = *changed || v->outcome == OUTCOME_OK;
}

enum outcome cli_apply(const struct verb_call *call)
{
	union {
		const char *in;
		void *out;
	} key_file = { .in = call->options.key_file };
	bool changed = false;
	const struct apply_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->n_words ? call->words[0] : NULL,
		.header_backup = call->options.header_backup,
		.dry_run = call->options.dry_run,
		.timeout_ms = verb_timeout_ms(call),
		.ask = passphrase_ask,
		.ask_userdata = key_file.out,
		.told = tell,
		.userdata = &changed,
	};
	enum outcome o;

	if (!request.device && request.header_backup)
		return verb_usage(call->verb, "--header-backup is for one DEVICE");
	o = op_apply(&request);
	if (o == OUTCOME_NOTHING_TO_DO)
		printf("%s: every volume is as the configuration says\n", outcome_word(o));
	if (!changed || request.dry_run)
		return o;
	printf("The next boot knows of it after:\n");
	verb_follow(request.sysroot);
	return o;
}
