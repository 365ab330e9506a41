/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/verb.h"
#include "op/forget.h"
#include "op/load.h"

/* The verbs that say one line in either case. */
static enum outcome finish(const struct verdict *v, const char *failing)
{
	if (v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO)
		printf("%s: %s\n", outcome_word(v->outcome), v->cause);
	else
		verdict_print(v, failing);
	return v->outcome;
}

enum outcome cli_open(const struct verb_call *call)
{
	struct open_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.name = call->n_words > 1 ? call->words[1] : NULL,
		.timeout_ms = verb_timeout_ms(call),
	};
	struct verdict v = { 0 };

	(void)op_open(&request, &v); /* the verdict has the outcome */
	return finish(&v, "cannot open");
}

enum outcome cli_close(const struct verb_call *call)
{
	struct verdict v = { 0 };

	(void)op_close(call->words[0], &v);
	return finish(&v, "cannot close");
}

enum outcome cli_load(const struct verb_call *call)
{
	struct boot_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.timeout_s = call->common.timeout_s,
	};
	struct verdict v = { 0 };

	(void)(call->options.open ? op_load_open(&request, &v) : op_load(&request, &v)); /* it is in v */
	return finish(&v, "cannot load keys");
}

enum outcome cli_forget(const struct verb_call *call)
{
	struct verdict v = { 0 };

	if (call->options.image_files) {
		(void)op_forget_files(call->common.sysroot, &v);
		return finish(&v, "cannot overwrite the image's files");
	}
	(void)op_forget(call->common.sysroot, &v);
	return finish(&v, "cannot forget keys");
}

enum outcome cli_pass(const struct verb_call *call)
{
	_cleanup_secret_ struct secret *passphrase = NULL;
	struct pass_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.binding = call->words[1],
		.timeout_ms = verb_timeout_ms(call),
	};
	struct verdict v = { 0 };
	int r;

	if (isatty(STDOUT_FILENO))
		return verb_usage(call->verb, "a passphrase is not written to a terminal: use a pipe");
	if (op_pass(&request, &passphrase, &v) != OUTCOME_OK) {
		verdict_print(&v, "no passphrase");
		return v.outcome;
	}
	r = file_write_all(STDOUT_FILENO, secret_bytes(passphrase), secret_len(passphrase));
	if (r < 0) {
		(void)verdict_errno(&v, r, "standard output");
		verdict_print(&v, "no passphrase");
	}
	return v.outcome;
}
