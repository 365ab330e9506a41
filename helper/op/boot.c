/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/boot.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "op/aftermath.h"
#include "op/boot-setup.h"
#include "op/report.h"
#include "op/round.h"

static void warn_about_words(const struct cmdline *cmdline)
{
	for (size_t i = 0; i < cmdline->n_unknown; i++)
		log_warning("unknown word on the kernel command line: %s", cmdline->unknown[i]);
}

/* The boot is not ours today: say which word did it, and keep the promise about prompts. */
static enum outcome stand_back(const struct boot_setup *setup, struct verdict *v)
{
	_cleanup_close_ int console = report_console_open();
	const struct cmdline *c = setup->cmdline;
	const char *word = c->off ? "rd.cexluks=0" : c->luks_off ? "rd.luks=0" : c->shell_word;
	int r;

	report_console_line(console, "cexluks: no automatic unlock: %s on the command line", word);
	verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s on the kernel command line", word);
	if (setup->config->on_failure == ON_FAILURE_PROMPT)
		return v->outcome;
	for (size_t i = 0; i < setup->plan->n_volumes; i++) {
		const struct plan_volume *vol = &setup->plan->volumes[i];

		r = aftermath_refuse(vol);
		if (r < 0)
			log_err("cannot keep '%s' shut: %s", vol->name[0] ? vol->name : vol->uuid,
				r == -EINVAL ? "only the beginning of its UUID is known" : strerror(-r));
	}
	return v->outcome;
}

static void report(const char *sysroot, const struct report_run *run)
{
	_cleanup_close_ int console = report_console_open();
	int r = report_write(REPORT_PATH, run);

	if (r < 0)
		log_warning("no report in %s: %s", REPORT_PATH, strerror(-r));
	report_journal(sysroot, run);
	report_log(run);
	report_console(console, run);
}

/* What failed before there was a volume to tell about. */
static enum outcome give_up(const struct verdict *v)
{
	_cleanup_close_ int console = report_console_open();

	verdict_print(v, "no automatic unlock");
	report_console_verdict(console, "no automatic unlock", v);
	return v->outcome;
}

/* The outcome of the boot: the first volume that it needs and does not have. */
static enum outcome conclude(const struct round *round, struct verdict *v)
{
	size_t opened = 0;

	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];

		opened += a->state == ATTEMPT_OPENED;
		if (a->state != ATTEMPT_OPENED && !a->want->options.nofail) {
			*v = a->verdict;
			return v->outcome;
		}
	}
	if (!round->n_attempts)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no volume to open");
	return verdict_set(v, OUTCOME_OK, "%zu of %zu volumes", opened, round->n_attempts);
}

/* The keys directory beside the volumes. Their keys live no longer than other keys of an initramfs. */
static void begin_keys(const struct boot_setup *setup, struct keys_request *request, struct keys **ret,
		       struct verdict *v)
{
	const struct config *config = setup->config;

	request->expiry_s = config->key_expiry_s;
	if (config->keys_expiry_s && config->keys_expiry_s < request->expiry_s)
		request->expiry_s = config->keys_expiry_s;
	if (!plan_wants_keys(config, setup->cmdline))
		verdict_set(v, OUTCOME_NOTHING_TO_DO, "the keys directory is not wanted");
	else
		(void)keys_new(request, ret, v); /* what is wrong is in v */
}

/* Says what became of them. It is the boot's verdict as well, unless a volume has a worse one. */
static void tell_keys(const struct verdict *about, struct verdict *v)
{
	_cleanup_close_ int console = -1;

	if (about->outcome == OUTCOME_NOTHING_TO_DO)
		return;
	if (outcome_exit_code(about->outcome)) {
		verdict_print(about, "keys directory");
		console = report_console_open();
		report_console_line(console, "cexluks: keys directory: %s: %s", outcome_word(about->outcome),
				    about->cause);
	} else {
		log_info("%s", about->cause);
	}
	if (!outcome_exit_code(v->outcome))
		*v = *about;
}

static enum outcome unlock(struct boot_setup *setup, deadline_t deadline, uint64_t started_ms,
			   struct verdict *v)
{
	_cleanup_op_session_ struct op_session *session = NULL;
	struct keys_request keys_request = {
		.sysroot = setup->config->sysroot, .config = setup->config, .deadline = deadline,
		.proof = KEYS_PROOF_BOOT,
	};
	_cleanup_keys_ struct keys *keys = NULL;
	struct verdict about_keys = { 0 };
	struct round round = {
		.config = setup->config,
		.cmdline = setup->cmdline,
		.plan = setup->plan,
		.questions = -1,
		.how = setup->config->open_by_systemd ? ATTEMPT_LOAD : ATTEMPT_ACTIVATE,
		.wait_for_network = true,
	};
	struct report_run run = { .mode = "boot", .started_ms = started_ms };
	int r;

	r = op_session_new(setup->config, setup->config->sysroot, &session);
	round.session = keys_request.session = session;
	begin_keys(setup, &keys_request, &keys, &about_keys);
	round.keys = keys;
	round.keys_can_wait = true;
	if (r == 0)
		r = round_begin(&round);
	if (r == 0)
		round_run(&round, deadline);
	round_end_keys(&round, &about_keys);
	/* The child and its token are not needed while we talk, reboot or wait for an operator. */
	op_session_free(take_ptr(session));
	run.after_failure = aftermath_words(setup->config);
	run.after_refusal = aftermath_refusal_words(setup->config);
	run.goes_on = aftermath_goes_on(setup->config);
	run.network_ms = round.network_ms;
	run.attempts = round.attempts;
	run.n_attempts = round.n_attempts;
	if (r < 0) {
		verdict_errno(v, r, "cannot watch disks and network");
		give_up(v);
	} else {
		conclude(&round, v);
	}
	tell_keys(&about_keys, v);
	if (round.n_attempts)
		report(setup->config->sysroot, &run);
	aftermath_follow(setup->config, &round);
	round_end(&round);
	return v->outcome;
}

enum outcome op_boot(const struct boot_request *request, struct verdict *v)
{
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	uint64_t started_ms = deadline_now();
	enum outcome o;

	o = boot_setup_read(request, &setup, v);
	if (o != OUTCOME_OK)
		return o == OUTCOME_NOTHING_TO_DO ? o : give_up(v);
	if (setup.cmdline->debug)
		log_setup_level(LOG_LEVEL_DEBUG);
	warn_about_words(setup.cmdline);
	if (plan_is_off(setup.config, setup.cmdline))
		return stand_back(&setup, v);
	return unlock(&setup, started_ms + boot_setup_timeout_ms(&setup, request), started_ms, v);
}

enum outcome op_boot_needs_network(const struct boot_request *request, struct verdict *v)
{
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	enum outcome o = boot_setup_read(request, &setup, v);

	if (o != OUTCOME_OK)
		return o;
	if (plan_needs_network(setup.plan, setup.config, setup.cmdline))
		return verdict_set(v, OUTCOME_OK, "a kms binding may be used");
	return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no kms binding is used in this boot");
}
