/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API key of a profile: credential set, check, seal, renew. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "cli/verb.h"
#include "op/credential-set.h"
#include "op/seal.h"

static int read_key(const char *profile, struct secret **ret)
{
	_cleanup_close_ int fd = -1;
	_cleanup_silence_ struct silence silence = SILENCE_NONE;
	char question[128];
	int r;

	if (!isatty(STDIN_FILENO))
		return secret_read_fd(STDIN_FILENO, LIMIT_API_KEY_MAX, ret);
	r = terminal_open(&fd);
	if (r == 0)
		r = silence_begin(fd, &silence);
	if (r < 0)
		return r;
	(void)snprintf(question, sizeof(question), "New API key of %s (not shown): ", profile);
	return silence_ask(&silence, question, LIMIT_API_KEY_MAX, ret);
}

static enum outcome ask(const char *profile, struct secret **ret, struct verdict *v)
{
	int r = read_key(profile, ret);

	if (r == -ENODATA || r == -EINTR)
		return verdict_set(v, OUTCOME_USAGE, "no API key was given, nothing was changed");
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "an API key has %d bytes at most", LIMIT_API_KEY_MAX);
	return r < 0 ? verdict_errno(v, r, "API key") : OUTCOME_OK;
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
		.header = call->options.header,
		.header_backup = call->options.header_backup,
		.ask = ask,
	};
}

static void next_steps(const struct seal_request *request, const struct seal_result *result)
{
	if (request->header && result->configured) {
		printf("No image has to be rebuilt for it. Ask the service: cexluks credential check %s\n", request->profile);
		return;
	}
	printf("The next boot uses it after this line in [kms %s] and these commands:\n"
	       "  api-key = %s%s\n", request->profile, request->header ? "header:" : "sealed:", result->path);
	verb_follow(request->sysroot);
}

enum outcome cli_credential_seal(const struct verb_call *call)
{
	const struct seal_request request = request_of(call);
	struct seal_result result = { .path = "" };
	struct verdict v = { 0 };
	enum outcome o;

	if (request.header && request.output)
		return verb_usage(call->verb, "wants either an OUTPUT or --header DEVICE");
	if (request.header_backup && !request.header)
		return verb_usage(call->verb, "--header-backup is for --header DEVICE");
	o = request.header ? op_seal_header(&request, &result, &v) : op_seal(&request, &result, &v);
	if (o != OUTCOME_OK) {
		verdict_print(&v, "cannot seal the API key");
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	next_steps(&request, &result);
	return o;
}

/* --- set, check, renew ---------------------------------------------------------------------- */

static void tell(const char *source, const struct verdict *v)
{
	if (v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO)
		printf("%s: %s: %s\n", source, outcome_word(v->outcome), v->cause);
	else
		verdict_print(v, source ? source : "cannot check");
}

static struct credential_request change_of(const struct verb_call *call)
{
	return (struct credential_request){
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.profile = call->words[0],
		.timeout_ms = verb_timeout_ms(call),
		.ask = ask,
		.told = tell,
		.key_type = call->options.key_type,
		.apqns = call->options.apqns,
	};
}

static enum outcome failed(const struct verdict *v, const char *what)
{
	verdict_print(v, what);
	return v->outcome;
}

enum outcome cli_credential_set(const struct verb_call *call)
{
	const struct credential_request request = change_of(call);
	const bool finish = call->options.finish;
	struct verdict v = { 0 };
	enum outcome o = finish ? op_credential_finish(&request, &v) : op_credential_set(&request, &v);

	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO)
		return failed(&v, finish ? "the API key before stays" : "the API key stays as it is");
	printf("%s: %s\n", outcome_word(o), v.cause);
	if (o != OUTCOME_OK)
		return o;
	if (finish) {
		printf("Images keep their copies until they are rebuilt. The service accepts the old API key until it is "
		       "deleted there.\n");
		return o;
	}
	printf("The next boot has it after:\n");
	verb_follow(request.sysroot);
	printf("Then, after that boot:\n  cexluks credential set %s --finish\n", request.profile);
	return o;
}

enum outcome cli_credential_check(const struct verb_call *call)
{
	const struct credential_request request = change_of(call);
	struct verdict v = { 0 };

	return op_credential_check(&request, &v);
}

enum outcome cli_credential_renew(const struct verb_call *call)
{
	const struct credential_request request = change_of(call);
	struct verdict v = { 0 };
	enum outcome o = op_credential_renew(&request, &v);

	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO)
		return failed(&v, "what was sealed stays as it is");
	if (o == OUTCOME_NOTHING_TO_DO) {
		printf("%s: %s\n", outcome_word(o), v.cause);
		return o;
	}
	printf("The next boot has it after:\n");
	verb_follow(request.sysroot);
	return o;
}
