/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/pattern.h"

#include <stdio.h>

#include "cli/passphrase.h"
#include "cli/verb.h"

static enum outcome run(const struct verb_call *call, const char *what,
			enum outcome (*operation)(const struct pattern_request *request,
						  struct verdict *v))
{
	/* passphrase_ask() takes it back as const char *. */
	union {
		const char *in;
		void *out;
	} key_file = { .in = call->options.key_file };
	const struct pattern_request request = {
		.sysroot = call->common.sysroot,
		.volume = call->words[0],
		.header_backup = call->options.header_backup,
		.dry_run = call->options.dry_run,
		.timeout_ms = verb_timeout_ms(call),
		.ask = passphrase_ask,
		.userdata = key_file.out,
	};
	struct verdict v = { 0 };
	enum outcome o = operation(&request, &v);

	if (o == OUTCOME_OK || o == OUTCOME_NOTHING_TO_DO)
		printf("%s: %s\n", outcome_word(o), v.cause);
	else
		verdict_print(&v, what);
	return o;
}

enum outcome cli_pattern_set(const struct verb_call *call)
{
	return run(call, "cannot set the verification pattern", op_pattern_set);
}

enum outcome cli_pattern_verify(const struct verb_call *call)
{
	return run(call, "cannot confirm the verification pattern", op_pattern_verify);
}
