/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/load.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "keyring/keyring.h"
#include "op/boot-setup.h"
#include "op/report.h"
#include "op/round.h"

static enum outcome conclude(const struct round *round, struct verdict *v)
{
	size_t loaded = 0;

	for (size_t i = 0; i < round->n_attempts; i++) {
		if (round->attempts[i].state != ATTEMPT_OPENED) {
			*v = round->attempts[i].verdict;
			return v->outcome;
		}
		loaded += round->attempts[i].binding.kind != BINDING_NONE;
	}
	if (!loaded)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no volume needs a key");
	return verdict_set(v, OUTCOME_OK, "%zu keys loaded", loaded);
}

enum outcome op_load(const struct boot_request *request, struct verdict *v)
{
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	_cleanup_op_session_ struct op_session *session = NULL;
	enum outcome o = boot_setup_read(request, &setup, v);
	struct round round = { .questions = -1, .how = ATTEMPT_LOAD };
	int r;

	if (o != OUTCOME_OK)
		return o;
	r = op_session_new(setup.config, request->sysroot, &session);
	if (r < 0)
		return verdict_errno(v, r, "session");
	round.config = setup.config;
	round.cmdline = setup.cmdline;
	round.plan = setup.plan;
	round.session = session;
	r = round_begin(&round);
	if (r == 0) {
		round_run(&round, deadline_after(boot_setup_timeout_ms(&setup, request)));
		conclude(&round, v);
	} else {
		verdict_errno(v, r, "cannot watch disks and network");
	}
	round_end(&round);
	return v->outcome;
}

enum outcome op_forget(struct verdict *v)
{
	size_t n = 0;
	int r;

	/* A fresh session does not possess root's user keyring. */
	if (keyring_setup() != 0)
		log_debug("the user keyring cannot be linked into this session");
	r = keyring_forget_prefix("cexluks:", &n);
	if (r == KEYRING_UNAVAILABLE || (r == 0 && !n))
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no key of ours in the keyring");
	if (r < 0)
		return verdict_errno(v, r, "kernel keyring");
	return verdict_set(v, OUTCOME_OK, "%zu keys forgotten", n);
}
