/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bind.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/passphrase.h"
#include "cli/verb.h"

enum outcome cli_bind(const struct verb_call *call)
{
	/* passphrase_ask() takes it back as const char *. */
	union {
		const char *in;
		void *out;
	} key_file = { .in = call->options.key_file };
	struct bind_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.binding = call->words[1],
		.header_backup = call->options.header_backup,
		.dry_run = call->options.dry_run,
		.luks2_keyring = call->options.luks2_keyring,
		.timeout_ms = verb_timeout_ms(call),
		.ask = passphrase_ask,
		.userdata = key_file.out,
	};
	struct bind_result result;
	struct verdict v = { 0 };
	enum outcome o = op_bind(&request, &result, &v);

	if (result.cleaned)
		log_info("%u tokens of an interrupted run removed", result.cleaned);
	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO) {
		verdict_print(&v, "cannot bind");
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	if (result.warning[0])
		log_warning("%s", result.warning);
	if (o == OUTCOME_OK && !request.dry_run) {
		printf("The next boot knows of it after:\n");
		verb_follow(request.sysroot);
	}
	return o;
}

enum outcome cli_unbind(const struct verb_call *call)
{
	struct unbind_request request = {
		.device = call->words[0],
		.binding = call->n_words > 1 ? call->words[1] : NULL,
		.keyslot = call->options.keyslot,
		.header_backup = call->options.header_backup,
		.dry_run = call->options.dry_run,
	};
	struct verdict v = { 0 };
	enum outcome o;

	if (!request.binding == (request.keyslot < 0))
		return verb_usage(call->verb, "wants either a BINDING or --keyslot N");
	o = op_unbind(&request, &v);
	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO)
		verdict_print(&v, "cannot unbind");
	else
		printf("%s: %s\n", outcome_word(o), v.cause);
	return o;
}
