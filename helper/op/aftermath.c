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

#define REFUSED "/refused"
#define RETRY	"retry"

static const char *run_dir = RUN_DIR;

void aftermath_set_run_dir(const char *directory)
{
	run_dir = directory ? directory : RUN_DIR;
}

/* Owned by the caller; NULL: no memory. */
static char *mark_path(const char *folder, const char *name)
{
	char *path;

	return asprintf(&path, "%s%s/%s", run_dir, folder, name) < 0 ? NULL : path;
}

static int mark(const char *folder, const char *name)
{
	_cleanup_free_ char *path = mark_path(folder, name);
	int r;

	if (!path)
		return -ENOMEM;
	*strrchr(path, '/') = '\0';
	r = file_make_dirs(path, 0755);
	path[strlen(path)] = '/';
	return r < 0 ? r : file_write_atomic(path, "", 0, 0644);
}

int aftermath_refuse(const struct plan_volume *volume)
{
	int r = volume->name[0] ? mark(REFUSED, volume->name) : -EINVAL;

	for (size_t i = 0; r == 0 && i < PLAN_ALIASES && volume->aliases[i][0]; i++)
		r = mark(REFUSED, volume->aliases[i]);
	return r;
}

bool aftermath_is_refused(const struct plan_volume *volume)
{
	_cleanup_free_ char *path = volume->name[0] ? mark_path(REFUSED, volume->name) : NULL;

	return path && access(path, F_OK) == 0;
}

static bool is_open_as_checked(struct config *config, const struct cmdline *cmdline,
			       struct plan_volume *volume)
{
	struct attempt a;
	bool fits;

	if (!attempt_active_name(volume))
		return false;
	attempt_init(&a, config, cmdline, volume, ATTEMPT_ANSWER);
	attempt_look(&a);
	fits = a.state == ATTEMPT_OPENED;
	attempt_done(&a);
	return fits;
}

void aftermath_drop_decided(struct config *config, const struct cmdline *cmdline, struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_volumes; i++)
		if (!aftermath_is_refused(&plan->volumes[i]) &&
		    !is_open_as_checked(config, cmdline, &plan->volumes[i]))
			plan->volumes[kept++] = plan->volumes[i];
	plan->n_volumes = kept;
}

int aftermath_want_retry(bool wanted)
{
	_cleanup_free_ char *path = NULL;

	if (wanted)
		return mark("", RETRY);
	path = mark_path("", RETRY);
	if (!path)
		return -ENOMEM;
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
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

bool aftermath_goes_on(const struct config *config)
{
	return config->on_failure == ON_FAILURE_PROMPT || config->on_failure == ON_FAILURE_RETRY;
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
		    !round->attempts[i].want->options.nofail && !round->attempts[i].want->stranger)
			return true;
	return false;
}

static bool worth_retrying(const struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++)
		if (attempt_is_worth_another(&round->attempts[i]))
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

static void refuse(const struct plan_volume *volume)
{
	int r = aftermath_refuse(volume);

	if (r < 0)
		log_err("cannot keep '%s' shut: %s", volume->name, strerror(-r));
}

/* Under each name; false: one is in use. */
static bool close_all(const struct plan_volume *volume)
{
	const char *name;

	for (size_t i = 0; i <= PLAN_ALIASES && (name = attempt_active_name(volume)); i++)
		if (luks_volume_close(name) != 0 && luks_volume_is_active(name))
			return false;
	return !attempt_active_name(volume);
}

void aftermath_refuse_pending(const struct config *config, const struct attempt *attempt)
{
	const char *name = attempt->want->name;
	int r;

	if (config->on_refusal == ON_REFUSAL_PROMPT)
		return;
	refuse(attempt->want);
	r = attempt->device ? answer_cancel(attempt->device) : ANSWER_NO_QUESTION;
	if (r < 0)
		log_err("cannot take back the question for '%s': %s", name, strerror(-r));
	if (!close_all(attempt->want)) {
		log_err("'%s' is in use and not what was checked", name);
		end_boot(RB_HALT_SYSTEM);
	}
	if (config->on_refusal == ON_REFUSAL_HALT)
		end_boot(RB_HALT_SYSTEM);
}

static void unmark(const char *name)
{
	_cleanup_free_ char *path = *name ? mark_path(REFUSED, name) : NULL;

	if (path && unlink(path) < 0 && errno != ENOENT)
		log_debug("%s stays: %m", path);
}

/*
 * A boot that is repeated from a shell, after the header was put right, takes its marks back. Only
 * with bindings to try was the header accepted: a device that is not there has proved nothing.
 */
static void unrefuse(const struct attempt *a)
{
	if (a->state != ATTEMPT_OPENED && !a->n_order)
		return;
	unmark(a->want->name);
	for (size_t i = 0; i < PLAN_ALIASES; i++)
		unmark(a->want->aliases[i]);
}

static void refuse_all(const struct config *config, const struct round *round)
{
	bool any = false;

	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];

		if (a->state != ATTEMPT_REFUSED) {
			unrefuse(a);
			continue;
		}
		any = any || !a->want->stranger;
		if (config->on_refusal == ON_REFUSAL_PROMPT)
			continue;
		refuse(a->want);
		/* Somebody opened it before us, and it is not what was checked, or breaks a rule. */
		if (!close_all(a->want))
			log_err("'%s' is refused, and cannot be closed: it is in use", a->want->name);
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
