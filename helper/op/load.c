/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/load.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "keyring/keyring.h"
#include "op/aftermath.h"
#include "op/boot-setup.h"
#include "op/keys.h"
#include "op/report.h"
#include "op/round.h"

/* The volumes of a running system, or those of an initramfs. */
struct scope {
	bool running;
	enum attempt_how how;
};

/*
 * A line of crypttab is no promise that a volume is ours; a section of the configuration is, and so is a token. What
 * we would not open is then nobody's failure, and still systemd's to open.
 */
static bool is_not_ours(const struct attempt *a)
{
	if (a->state == ATTEMPT_OPENED || a->want->pin)
		return false;
	switch (a->verdict.outcome) {
	case OUTCOME_NOT_BOUND:
		return true;
	case OUTCOME_DEVICE_MISSING:
		return a->want->optional;
	default:
		return (a->device || outcome_is_refusal(a->verdict.outcome)) && !attempt_is_bound(a);
	}
}

static enum outcome conclude(const struct round *round, const struct scope *scope, struct verdict *v)
{
	bool opens = round->how == ATTEMPT_ACTIVATE;
	size_t done = 0;

	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];

		if (scope->running && a->state != ATTEMPT_OPENED && (is_not_ours(a) || a->want->options.nofail))
			continue;
		if (a->state != ATTEMPT_OPENED) {
			*v = a->verdict;
			return v->outcome;
		}
		done += a->binding.kind != BINDING_NONE;
	}
	if (!done)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, opens ? "no volume to open" : "no volume needs a key");
	return verdict_set(v, OUTCOME_OK, opens ? "%zu volumes opened" : "%zu keys of volumes loaded", done);
}

/* A line for each volume, and a mark that keeps a refused one shut: systemd may be about to ask for it. */
static void tell(const struct round *round)
{
	for (size_t i = 0; i < round->n_attempts; i++) {
		const struct attempt *a = &round->attempts[i];
		const char *name = a->want->name[0] ? a->want->name : a->want->uuid;
		int r = 0;

		if (a->state == ATTEMPT_OPENED) {
			log_info("%s is open: %s", name, a->verdict.cause);
			continue;
		}
		if (is_not_ours(a)) {
			log_debug("%s is left alone: %s: %s", name, outcome_word(a->verdict.outcome), a->verdict.cause);
			continue;
		}
		verdict_print(&a->verdict, name);
		if (a->state == ATTEMPT_REFUSED && round->config->on_refusal != ON_REFUSAL_PROMPT)
			r = aftermath_refuse(a->want);
		if (r < 0)
			log_err("cannot keep '%s' shut: %s", name, strerror(-r));
	}
}

static enum outcome load_volumes(struct round *round, const struct scope *scope, deadline_t deadline,
				 struct verdict *about_keys, struct verdict *v)
{
	int r = round_begin(round);

	if (r == 0)
		round_run(round, deadline);
	round_end_keys(round, about_keys);
	if (r < 0) {
		verdict_errno(v, r, "cannot watch disks and network");
	} else {
		if (scope->how == ATTEMPT_ACTIVATE)
			tell(round);
		conclude(round, scope, v);
	}
	round_end(round);
	return v->outcome;
}

/* What failed counts, then what was done. Of two failures it is the volumes', as each key had a line of its own. */
static enum outcome of_both(const struct verdict *keys, struct verdict *v)
{
	struct verdict volumes = *v;

	if (keys->outcome == OUTCOME_NOTHING_TO_DO)
		return v->outcome;
	if (outcome_exit_code(volumes.outcome)) {
		log_notice("%s", keys->cause);
		return v->outcome;
	}
	*v = *keys;
	if (keys->outcome == OUTCOME_OK && volumes.outcome == OUTCOME_OK)
		verdict_set(v, OUTCOME_OK, "%s, %s", keys->cause, volumes.cause);
	return v->outcome;
}

/* Side by side, so that a service that is down for the one does not cost the other its time. */
static enum outcome load_both(struct boot_setup *setup, const struct boot_request *request, const struct scope *scope,
			      struct verdict *v)
{
	_cleanup_op_session_ struct op_session *session = NULL;
	deadline_t deadline = deadline_after(boot_setup_timeout_ms(setup, request));
	struct keys_request keys_request = {
		.sysroot = request->sysroot,
		.config = setup->config,
		.expiry_s = setup->config->keys_expiry_s,
		.proof = KEYS_PROOF_LOAD,
		.deadline = deadline,
	};
	_cleanup_keys_ struct keys *keys = NULL;
	struct round round = {
		.config = setup->config,
		.cmdline = setup->cmdline,
		.plan = setup->plan,
		.questions = -1,
		.how = scope->how,
	};
	struct verdict about_keys = { 0 };
	int r = op_session_new(setup->config, request->sysroot, &session);

	if (r < 0)
		return verdict_errno(v, r, "session");
	round.session = keys_request.session = session;
	(void)keys_new(&keys_request, &keys, &about_keys); /* what became of both is in the verdicts */
	round.keys = keys;
	(void)load_volumes(&round, scope, deadline, &about_keys, v);
	return of_both(&about_keys, v);
}

enum outcome op_load(const struct boot_request *request, struct verdict *v)
{
	static const struct scope all = { .how = ATTEMPT_LOAD };
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	enum outcome o = boot_setup_read(request, &setup, v);

	return o == OUTCOME_OK ? load_both(&setup, request, &all, v) : o;
}

/*
 * Only what somebody named, and nobody opened yet: the root file system was the initramfs's business. What crypttab
 * alone names, and does not say to come with the network, is there by now or may stay away.
 */
static void narrow(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		struct plan_volume *vol = &plan->volumes[i];

		if (attempt_active_name(vol))
			continue;
		vol->optional = !vol->pin && (vol->options.nofail || !vol->options.netdev);
		plan->volumes[kept++] = *vol;
	}
	plan->n_volumes = kept;
	plan->scan = false;
}

enum outcome op_load_open(const struct boot_request *request, struct verdict *v)
{
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	struct scope scope = { .running = true };
	enum outcome o = boot_setup_read_running(request, &setup, v);

	if (o != OUTCOME_OK)
		return o;
	narrow(setup.plan);
	scope.how = setup.config->open_by_systemd ? ATTEMPT_LOAD : ATTEMPT_ACTIVATE;
	return load_both(&setup, request, &scope, v);
}

enum outcome op_forget(const char *sysroot, struct verdict *v)
{
	size_t n = 0, n_files = 0;
	int r, s;

	/* A fresh session does not possess root's user keyring. */
	if (keyring_setup() != 0)
		log_debug("the user keyring cannot be linked");
	r = keyring_forget_prefix("cexluks:", &n);
	s = op_keys_forget(sysroot, &n_files);
	n += n_files;
	if (r == 0)
		r = s;
	if (r == KEYRING_UNAVAILABLE || (r == 0 && !n))
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no key of ours in the keyring");
	if (r < 0)
		return verdict_errno(v, r, "kernel keyring");
	return verdict_set(v, OUTCOME_OK, "%zu keys forgotten", n);
}
