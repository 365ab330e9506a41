/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rebind.h"

#include <stdio.h>

#include "cli/passphrase.h"
#include "cli/verb.h"

static void tell(const char *what, const struct verdict *v, void *userdata)
{
	(void)userdata;
	verb_tell(what, v);
}

enum outcome cli_rebind(const struct verb_call *call)
{
	union {
		const char *in;
		void *out;
	} key_file = { .in = call->options.key_file };
	const struct rebind_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.header_backup = call->options.header_backup,
		.timeout_ms = verb_timeout_ms(call),
		.ask = passphrase_ask,
		.ask_userdata = key_file.out,
		.told = tell,
	};
	enum outcome o = op_rebind(&request);

	/* The tokens are in the header: the image needs no change. */
	if (o == OUTCOME_OK)
		printf("%s: every binding opens the new volume key\n", outcome_word(o));
	return o;
}
