/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/format.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/passphrase.h"
#include "cli/verb.h"
#include "op/follow.h"

/* What the callbacks of op_format() get. */
struct format_call {
	const char *key_file;
};

static enum outcome ask(const char *device, void *userdata, struct secret **ret, struct verdict *v)
{
	const struct format_call *c = userdata;
	union { /* passphrase_ask_new() takes it back as const char * */
		const char *in;
		void *out;
	} key_file = { .in = c->key_file };

	return passphrase_ask_new(device, key_file.out, ret, v);
}

/* Straight to the descriptor: stdio would keep a copy. The words around it go elsewhere. */
static enum outcome show(const struct secret *recovery_key, void *userdata, struct verdict *v)
{
	int r = fflush(stdout) == 0 ? 0 : -EIO;

	(void)userdata;
	log_notice("The recovery key, shown only now; write it down:");
	if (r == 0)
		r = file_write_all(STDOUT_FILENO, secret_bytes(recovery_key), secret_len(recovery_key));
	if (r == 0)
		r = file_write_all(STDOUT_FILENO, "\n", 1);
	return r < 0 ? verdict_errno(v, r, "the recovery key is lost: standard output") : OUTCOME_OK;
}

static void step(const char *text, void *userdata)
{
	(void)userdata;
	log_step("%s ...", text);
}

static void print_line(const char *line, void *userdata)
{
	(void)userdata;
	printf("  %s\n", line);
}

static void print_missing(const struct format_request *q, const struct format_result *result)
{
	if (result->pattern[0] && !result->pattern_stored)
		log_notice("next: cexluks pattern set %s", q->device);
	for (size_t i = result->n_bound; i < q->n_bindings; i++)
		log_notice("next: cexluks bind %s %s", q->device, q->bindings[i]);
}

/* After a failure: what the device is now, and what to type. */
static void print_state(const struct format_request *q, const struct format_result *result)
{
	bool lost = q->recovery_key && !result->shown && !q->ask;

	if (result->state == FORMAT_UNTOUCHED)
		log_notice("%s: nothing was written to it", q->device);
	else if (result->state == FORMAT_UNKNOWN)
		log_notice("%s: no valid LUKS2 header now, or a whole one, old or new; "
			   "next: the same command with --force", q->device);
	else if (lost)
		log_notice("%s: a LUKS2 volume that nobody has a passphrase for; "
			   "next: the same command with --force", q->device);
	else
		log_notice("%s: a LUKS2 volume that opens with the %s", q->device,
			   q->recovery_key && !q->ask	  ? "recovery key" :
			   q->recovery_key && result->shown ? "passphrase and the recovery key" :
							    "passphrase");
	if (result->key_saved && (result->state != FORMAT_WRITTEN || lost))
		log_notice("the secure key is in zkey's repository: --zkey-name %s instead of --save-key",
			   q->save_key);
	if (result->state == FORMAT_WRITTEN && !lost)
		print_missing(q, result);
}

static void print_success(const struct format_request *q, const struct format_result *result)
{
	printf("  lock: %s%s%s\n", lock_text(result->lock.kind), result->lock.note[0] ? "; " : "",
	       result->lock.note);
	if (result->pattern[0])
		printf("  verification pattern: %s\n", result->pattern);
	printf("It becomes part of this machine with, for example:\n");
	op_follow_new(q->sysroot, q->device, result->uuid, print_line, NULL);
}

enum outcome cli_format(const struct verb_call *call)
{
	const struct verb_options *options = &call->options;
	struct format_call c = { .key_file = options->key_file };
	bool at_terminal = isatty(STDIN_FILENO) && !options->recovery_key;
	const struct format_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.device = call->words[0],
		.volume_key_file = options->volume_key_file,
		.zkey_name = options->zkey_name,
		.key_type = options->key_type,
		.bits = options->keybits,
		.apqns = options->apqns,
		.save_key = options->save_key,
		.sector_size = options->sector_size,
		.uuid = options->uuid,
		.label = options->label,
		.bindings = options->bind,
		.n_bindings = options->n_bind,
		.recovery_key = options->recovery_key,
		.force = options->force,
		.dry_run = options->dry_run,
		.timeout_ms = verb_timeout_ms(call),
		.ask = options->key_file || at_terminal ? ask : NULL,
		.show = show,
		.step = step,
		.userdata = &c,
	};
	struct format_result result;
	struct verdict v = { 0 };
	enum outcome o;

	if (!request.ask && !request.recovery_key)
		return verb_usage(call->verb, "people need a way in: --recovery-key, --key-file FILE, or "
					      "a terminal to type a passphrase on");
	o = op_format(&request, &result, &v);
	if (o != OUTCOME_OK) {
		verdict_print(&v, "cannot format");
		print_state(&request, &result);
		return o;
	}
	printf("%s: %s\n", outcome_word(o), v.cause);
	if (!request.dry_run)
		print_success(&request, &result);
	return o;
}
