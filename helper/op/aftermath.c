/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/aftermath.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "luks/volume.h"
#include "op/answer.h"
#include "op/report.h"

int aftermath_refuse(const char *name)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (!*name || strchr(name, '/'))
		return -EINVAL;
	if (asprintf(&path, "%s/%s", REFUSED_DIR, name) < 0)
		return -ENOMEM;
	r = file_make_dirs(REFUSED_DIR, 0755);
	return r < 0 ? r : file_write_atomic(path, "", 0, 0644);
}

int aftermath_want_retry(bool wanted)
{
	int r;

	if (!wanted)
		return unlink(RETRY_MARK) < 0 && errno != ENOENT ? -errno : 0;
	r = file_make_dirs(RUN_DIR, 0755);
	return r < 0 ? r : file_write_atomic(RETRY_MARK, "", 0, 0644);
}

const char *aftermath_words(const struct config *config)
{
	switch (config->on_failure) {
	case ON_FAILURE_PROMPT:
		return "type the passphrase; we keep trying behind the prompt";
	case ON_FAILURE_RETRY:
		return "we keep trying";
	case ON_FAILURE_REBOOT:
		return "the machine reboots now (on-failure)";
	case ON_FAILURE_POWEROFF:
		return "the machine powers off now (on-failure)";
	case ON_FAILURE_HALT:
		return "the machine halts now (on-failure)";
	}
	return "";
}

const char *aftermath_refusal_words(const struct config *config)
{
	switch (config->on_refusal) {
	case ON_REFUSAL_BLOCK:
		return "refused, for a typed passphrase too; see cexluks(8)";
	case ON_REFUSAL_HALT:
		return "the machine halts now (on-refusal)";
	case ON_REFUSAL_PROMPT:
		return "";
	}
	return "";
}

bool aftermath_is_failure(const struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++)
		if (round->attempts[i].state != ATTEMPT_OPENED &&
		    !round->attempts[i].want->options.nofail)
			return true;
	return false;
}

static bool worth_retrying(const struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++)
		if (round->attempts[i].state == ATTEMPT_FAILED &&
		    outcome_is_worth_another_try(round->attempts[i].verdict.outcome))
			return true;
	return false;
}

/* Nothing is mounted in an initramfs; reboot(2) needs no service manager. */
static void end_boot(int how)
{
	sync();
	if (reboot(how) < 0)
		log_err("cannot end this boot: %m");
}

void aftermath_refuse_pending(const struct config *config, const struct attempt *attempt)
{
	const char *name = attempt->want->name;
	int r;

	if (config->on_refusal == ON_REFUSAL_PROMPT)
		return;
	r = aftermath_refuse(name);
	if (r < 0)
		log_err("cannot keep '%s' shut: %s", name, strerror(-r));
	r = attempt->device ? answer_cancel(attempt->device) : ANSWER_NO_QUESTION;
	if (r < 0)
		log_err("cannot take back the question for '%s': %s", name, strerror(-r));
	if (attempt->answered && luks_volume_is_active(name) && luks_volume_close(name) != 0) {
		log_err("'%s' is in use and not what was checked", name);
		end_boot(RB_HALT_SYSTEM);
	}
	if (config->on_refusal == ON_REFUSAL_HALT)
		end_boot(RB_HALT_SYSTEM);
}

/* A boot that is repeated from a shell, after the header was put right, takes its mark back. */
static void unrefuse(const char *name)
{
	_cleanup_free_ char *path = NULL;

	if (!*name || asprintf(&path, "%s/%s", REFUSED_DIR, name) < 0)
		return;
	if (unlink(path) < 0 && errno != ENOENT)
		log_debug("%s stays: %m", path);
}

static void refuse_all(const struct config *config, const struct round *round)
{
	bool any = false;

	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];
		int r;

		if (a->state != ATTEMPT_REFUSED) {
			unrefuse(a->want->name);
			continue;
		}
		any = true;
		if (config->on_refusal == ON_REFUSAL_PROMPT)
			continue;
		r = aftermath_refuse(a->want->name);
		if (r < 0)
			log_err("cannot keep '%s' shut: %s", a->want->name, strerror(-r));
	}
	if (any && config->on_refusal == ON_REFUSAL_HALT)
		end_boot(RB_HALT_SYSTEM);
}

void aftermath_follow(const struct config *config, const struct round *round)
{
	bool behind_prompt = config->on_failure == ON_FAILURE_PROMPT ||
			     config->on_failure == ON_FAILURE_RETRY;
	int r;

	refuse_all(config, round);
	r = aftermath_want_retry(behind_prompt && worth_retrying(round));
	if (r < 0)
		log_err("cannot ask for another try behind the prompt: %s", strerror(-r));
	if (behind_prompt || !aftermath_is_failure(round))
		return;
	end_boot(config->on_failure == ON_FAILURE_REBOOT     ? RB_AUTOBOOT
		 : config->on_failure == ON_FAILURE_POWEROFF ? RB_POWER_OFF
							     : RB_HALT_SYSTEM);
}
