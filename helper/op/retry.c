/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Behind the prompt: rounds of attempts with growing, jittered pauses, for as long as a volume is
 * closed. Events (a disk, the network, somebody else opening the volume) end a pause early; a round that
 * waits for a card lasts as long as a round may, and the next one begins at once.
 */
#include "op/boot.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>

#include "base/limits.h"
#include "base/log.h"
#include "kms/retry.h"
#include "op/aftermath.h"
#include "op/answer.h"
#include "op/boot-setup.h"
#include "op/report.h"
#include "op/round.h"

/* With systemd a volume that it knows is opened by it: we answer its question. */
static bool systemd_asks(const struct plan_volume *volume)
{
	return volume->asked_elsewhere && answer_systemd_runs();
}

/*
 * A whole round: own child, own token; a hung resolver of the last round is gone with its child.
 * @ret_waited: it lasted its whole time, because a card did not come. Returns whether there is hope.
 */
static bool one_round(struct boot_setup *setup, int questions, bool *ret_waited, struct verdict *v)
{
	_cleanup_op_session_ struct op_session *session = NULL;
	struct round round = {
		.config = setup->config,
		.cmdline = setup->cmdline,
		.plan = setup->plan,
		.questions = questions,
		.how = ATTEMPT_ANSWER,
		.how_for = systemd_asks,
		.wait_for_network = true,
	};
	_cleanup_close_ int console = report_console_open();
	struct report_run run = { .mode = "retry", .started_ms = deadline_now() };
	bool again = false;
	int r;

	r = op_session_new(setup->config, setup->config->sysroot, &session);
	round.session = session;
	if (r == 0)
		r = round_begin(&round);
	if (r == 0)
		round_run(&round, deadline_after(LIMIT_TIMEOUT_MS));
	else
		verdict_errno(v, r, "cannot watch disks and network");
	run.network_ms = round.network_ms;
	run.attempts = round.attempts;
	run.n_attempts = round.n_attempts;
	for (size_t i = 0; i < round.n_attempts; i++) {
		const struct attempt *a = &round.attempts[i];

		*v = a->verdict;
		again = again || attempt_is_worth_another(a);
		*ret_waited = *ret_waited || (a->state == ATTEMPT_FAILED && a->waited_for_card);
		if (a->state == ATTEMPT_REFUSED)
			aftermath_refuse_pending(setup->config, a);
	}
	report_console_behind(console, &run);
	r = report_write(REPORT_PATH, &run);
	if (r < 0)
		log_debug("no report: %s", strerror(-r));
	report_journal(setup->config->sysroot, &run);
	report_log(&run);
	round_end(&round);
	return again;
}

/* Ends early when a disk or an interface appears. */
static void pause_before(unsigned round)
{
	_cleanup_(luks_watch_freep) struct luks_watch *disks = NULL;
	_cleanup_(network_watch_freep) struct network_watch *network = NULL;
	uint32_t dice = 0;
	struct pollfd fds[2] = { { .fd = -1, .events = POLLIN }, { .fd = -1, .events = POLLIN } };

	if (getrandom(&dice, sizeof(dice), 0) != (ssize_t)sizeof(dice))
		dice = 1u << 31; /* no randomness: the middle will do */
	if (luks_watch_new(&disks) == 0)
		fds[0].fd = luks_watch_fd(disks);
	if (network_watch_new(&network) == 0)
		fds[1].fd = network_watch_fd(network);
	(void)poll(fds, 2, (int)retry_pause(round, dice));
}

enum outcome op_boot_retry(const struct boot_request *request, struct verdict *v)
{
	_cleanup_close_ int questions = answer_systemd_runs() ? answer_watch() : -1;

	for (unsigned n = 0;; n++) {
		_cleanup_boot_setup_ struct boot_setup setup = { 0 };
		enum outcome o = boot_setup_read(request, &setup, v);
		bool waited = false;

		if (o != OUTCOME_OK) {
			verdict_print(v, "no further try");
			return o;
		}
		if (plan_is_off(setup.config, setup.cmdline))
			return verdict_set(v, OUTCOME_NOTHING_TO_DO, "automatic unlock is off");
		aftermath_drop_decided(setup.config, setup.cmdline, setup.plan);
		if (!setup.plan->n_volumes && !setup.plan->scan)
			return verdict_set(v, OUTCOME_OK, "every volume is open or refused");
		if (!one_round(&setup, questions, &waited, v))
			return v->outcome;
		/* Who waits for a card goes on listening; a pause would only be deaf. */
		if (!waited)
			pause_before(n);
	}
}
