/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API key of a profile: credential seal. */
#include <stdio.h>

#include "cli/verb.h"
#include "op/follow.h"
#include "op/seal.h"

static void print_command(const char *command, void *userdata)
{
	(void)userdata;
	printf("  %s\n", command);
}

static struct seal_request request_of(const struct verb_call *call)
{
	return (struct seal_request){
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.profile = call->words[0],
		.output = call->n_words > 1 ? call->words[1] : NULL,
		.key_type = call->options.key_type,
		.apqns = call->options.apqns,
		.timeout_ms = verb_timeout_ms(call),
	};
}

enum outcome cli_credential_seal(const struct verb_call *call)
{
	const struct seal_request request = request_of(call);
	struct seal_result result;
	struct verdict v = { 0 };
	enum outcome o = op_seal(&request, &result, &v);

	if (o != OUTCOME_OK) {
		verdict_print(&v, "cannot seal the API key");
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	printf("The next boot uses it after this line in [kms %s] and these commands:\n"
	       "  api-key = sealed:%s\n", request.profile, result.path);
	op_follow(request.sysroot, print_command, NULL);
	return o;
}
