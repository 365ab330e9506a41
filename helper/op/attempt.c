/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the device to the passphrase. */
#include "op/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"
#include "luks/bind.h"
#include "luks/volume.h"
#include "op/attempt-step.h"
#include "op/bound-names.h"
#include "op/carried.h"
#include "op/keys.h"

/* The net child's own verdict is to arrive before our patience ends. */
#define REPLY_MARGIN_MS 300

void attempt_init(struct attempt *a, struct config *config, const struct cmdline *cmdline,
		  struct plan_volume *want, enum attempt_how how)
{
	*a = (struct attempt){
		.config = config,
		.cmdline = cmdline,
		.want = want,
		.how = how,
		.only = -1,
		.started_ms = deadline_now(),
	};
	verdict_set(&a->verdict, OUTCOME_DEVICE_MISSING, "%s has not appeared",
		    want->uuid[0] ? want->uuid : want->source);
}

static void release(struct attempt *a)
{
	secret_free(take_ptr(a->passphrase));
	volume_key_done(&a->key);
	luks_header_free(take_ptr(a->header));
	luks_device_free(take_ptr(a->header_device));
	luks_device_free(take_ptr(a->device));
	a->binding = a->told = (struct binding){ 0 };
	a->n_order = a->next = a->n_slow = a->tried.n = 0;
}

void attempt_done(struct attempt *a)
{
	release(a);
}

bool attempt_is_over(const struct attempt *a)
{
	return a->state >= ATTEMPT_OPENED;
}

bool attempt_is_worth_another(const struct attempt *a)
{
	return a->state == ATTEMPT_FAILED && !a->by_token &&
	       (a->waited_for_card || outcome_is_worth_another_try(a->verdict.outcome));
}

bool attempt_is_bound(const struct attempt *a)
{
	const struct luks_token *const *tokens;

	if (a->header)
		return luks_header_tokens(a->header, &tokens) > 0;
	return a->device && luks_header_names_us(a->device, a->header_device);
}

static void end(struct attempt *a, enum attempt_state state)
{
	a->state = state;
	a->n_slow = 0; /* whatever they answer, nobody waits for it any more */
	a->ended_ms = deadline_now();
	tried_end_all(&a->tried);
	secret_free(take_ptr(a->passphrase)); /* nobody needs them any more */
	volume_key_done(&a->key);
}

/* How much a verdict on one binding tells beside one on another. */
static unsigned weight(enum outcome outcome)
{
	if (outcome_is_refusal(outcome))
		return 5;
	if (outcome_is_worth_another_try(outcome))
		return 4; /* must not be lost: it decides whether we go on behind the prompt */
	switch (outcome) {
	case OUTCOME_OK:
		return 0;
	case OUTCOME_NOT_BOUND:
		return 1;
	case OUTCOME_CONFIG_ERROR:
	case OUTCOME_CREDENTIAL_MISSING:
	case OUTCOME_CREDENTIAL_UNUSABLE:
		return 2;
	default:
		return 3;
	}
}

/* Several bindings can fail; the first of the verdicts that tell most is the attempt's. */
static void keep(struct attempt *a, const struct verdict *v)
{
	if (weight(v->outcome) <= weight(a->verdict.outcome))
		return;
	a->verdict = *v;
	a->told = a->binding;
}

/* Ends with a->verdict: as a refusal where the outcome is one. */
static void fail(struct attempt *a)
{
	if (a->told.kind != BINDING_NONE)
		a->binding = a->told;
	end(a, outcome_is_refusal(a->verdict.outcome) ? ATTEMPT_REFUSED : ATTEMPT_FAILED);
}

void attempt_fail(struct attempt *a, const struct verdict *v)
{
	a->verdict = *v;
	a->told = a->binding;
	a->is_last = true;
	tried_end(&a->tried, &a->binding, v);
	fail(a);
}

void attempt_succeed(struct attempt *a, const char *how)
{
	verdict_set(&a->verdict, OUTCOME_OK, "%s", how);
	tried_end(&a->tried, &a->binding, &a->verdict);
	end(a, ATTEMPT_OPENED);
}

/* Devices that an abbreviated UUID fits. */
struct match {
	const char *pattern;
	char uuid[UUID_SIZE];
	char other[UUID_SIZE]; /* a second one, or "" */
};

static int match_uuid(const char *uuid, void *userdata)
{
	struct match *m = userdata;

	if (!uuid_matches(uuid, m->pattern) || uuid_equal(uuid, m->uuid))
		return 0;
	(void)snprintf(m->uuid[0] ? m->other : m->uuid, UUID_SIZE, "%s", uuid);
	return m->other[0] != '\0';
}

/* An abbreviated UUID becomes whole when exactly one such device is there. */
static int complete_uuid(struct attempt *a)
{
	struct match m = { .pattern = a->want->uuid };
	int r = luks_device_each(match_uuid, &m);

	if (r < 0)
		return r;
	if (m.other[0]) {
		verdict_set(&a->verdict, OUTCOME_DEVICE_MISSING, "%s may mean %s or %s",
			    a->want->uuid, m.uuid, m.other);
		verdict_hint(&a->verdict, "write more of the UUID");
	}
	if (!m.uuid[0] || m.other[0])
		return LUKS_NO_DEVICE;
	plan_complete(a->want, a->config, a->cmdline, m.uuid);
	return 0;
}

static int find_device(struct attempt *a, struct luks_reason *reason)
{
	const struct plan_volume *want = a->want;
	int r;

	/* Beside a detached header there need not be another one. */
	if (want->source[0] && want->options.header[0])
		return luks_device_open_data(want->source, &a->device);
	if (want->source[0])
		return luks_device_open(want->source, &a->device);
	if (!uuid_is_valid(want->uuid)) {
		r = complete_uuid(a);
		if (r != 0)
			return r;
	}
	return luks_device_find(want->uuid, &a->device, reason);
}

/* What only we would keep is lost when systemd opens the volume with options of its own. */
static enum outcome check_options(struct attempt *a)
{
	const char *option = a->want->options.unknown;

	if (!attempt_is_for_systemd(a) || !option[0] ||
	    !policy_has_conditions(a->config, a->want->pin, a->cmdline, luks_header_uuid(a->header)))
		return OUTCOME_OK;
	verdict_set(&a->verdict, OUTCOME_CONFIG_ERROR,
		    "option \"%s\" leaves it to systemd, which keeps no conditions", option);
	return verdict_hint(&a->verdict, "remove the option, or the conditions on the volume");
}

static enum outcome load_header(struct attempt *a)
{
	struct luks_reason reason = { "" };
	const char *uuid;
	enum outcome o;
	int r;

	r = luks_header_load(a->device, a->header_device, &a->header, &reason);
	if (r != 0)
		return verdict_luks(&a->verdict, r, a->device->path, &reason);
	uuid = luks_header_uuid(a->header);
	if (!uuid_is_valid(a->want->uuid))
		plan_complete(a->want, a->config, a->cmdline, uuid);
	else if (!uuid_equal(a->want->uuid, uuid))
		return verdict_set(&a->verdict, OUTCOME_HEADER_REFUSED, "%s carries UUID %s now",
				   a->device->path, uuid);
	o = policy_check_header(a->config, a->want->pin, a->cmdline, a->header, &a->verdict);
	if (o != OUTCOME_OK)
		return o;
	r = carried_note(a->config, a->header, a->header_device ? a->header_device->path : a->device->path);
	return r < 0 ? verdict_errno(&a->verdict, r, a->device->path) : check_options(a);
}

/* All names that somebody may open it by: @i from 0 to PLAN_ALIASES. */
static const char *name_of(const struct plan_volume *want, size_t i)
{
	return i ? want->aliases[i - 1] : want->name;
}

static bool is_name_of(const struct plan_volume *want, const char *name)
{
	for (size_t i = 0; i <= PLAN_ALIASES; i++)
		if (!strcmp(name_of(want, i), name))
			return true;
	return false;
}

const char *attempt_active_name(const struct plan_volume *want)
{
	for (size_t i = 0; i <= PLAN_ALIASES; i++)
		if (name_of(want, i)[0] && luks_volume_is_active(name_of(want, i)))
			return name_of(want, i);
	return NULL;
}

/* Whatever has one of the volume's names, since the boot may go on with any of them. */
static enum outcome verify_names(const struct attempt *a, const char *holder, struct verdict *v)
{
	struct luks_reason reason = { "" };
	const char *name = holder;
	int r = luks_volume_verify(a->header, holder, &reason);

	for (size_t i = 0; r == 0 && i <= PLAN_ALIASES; i++) {
		name = name_of(a->want, i);
		if (name[0] && strcmp(name, holder) != 0 && luks_volume_is_active(name))
			r = luks_volume_verify(a->header, name, &reason);
	}
	return r == 0 ? OUTCOME_OK : verdict_luks(v, r, name, &reason);
}

void attempt_found_open(struct attempt *a, const char *holder)
{
	const char *uuid = luks_header_uuid(a->header);
	struct verdict v = { 0 };
	enum outcome o;

	if (!is_name_of(a->want, holder)) {
		verdict_set(&v, OUTCOME_DEVICE_BUSY, "%s is open as %s already", a->device->path, holder);
		attempt_fail(a, &v);
		return;
	}
	o = verify_names(a, holder, &v);
	/* Where we had the volume key in hand, all was asked of it before. */
	if (o == OUTCOME_OK && !a->key.key) {
		o = policy_check_open(a->config, a->want->pin, a->header, &v);
		a->unchecked_key = policy_wants_pattern(a->want->pin, a->cmdline, uuid);
	}
	if (o != OUTCOME_OK) {
		attempt_fail(a, &v);
		return;
	}
	if (a->unchecked_key)
		log_warning("%s: was open already, so nobody compared its pattern", a->want->name);
	attempt_succeed(a, "was open already");
}

/*
 * Who opens by a key in the keyring reads the disk again and asks nothing about it. With a passphrase
 * that is public, that may be anybody's volume by then.
 */
static enum outcome check_opener(const struct attempt *a, struct verdict *v)
{
	char name[BINDING_NAME_SIZE];

	if (a->binding.kind == BINDING_KMS || (a->how != ATTEMPT_LOAD && !attempt_is_for_systemd(a)))
		return OUTCOME_OK;
	binding_name(&a->binding, name);
	verdict_set(v, OUTCOME_CONFIG_ERROR, "systemd cannot open by %s safely: its passphrase is public",
		    name);
	if (a->how == ATTEMPT_LOAD || a->config->open_by_systemd)
		return verdict_hint(v, "use open = helper");
	return verdict_hint(v, "remove the option \"%s\"", a->want->options.unknown);
}

/* A key that no token of cryptsetup names is loaded, and nobody looks for it: the boot goes on to the prompt. */
static enum outcome check_keyring_token(const struct attempt *a, struct verdict *v)
{
	char name[BINDING_NAME_SIZE];

	if (a->how != ATTEMPT_PROVE || a->binding.kind != BINDING_KMS || !attempt_is_for_systemd(a) ||
	    luks_bind_has_keyring(a->header, binding_keyslot(&a->binding)))
		return OUTCOME_OK;
	binding_name(&a->binding, name);
	verdict_set(v, OUTCOME_NOT_BOUND, "systemd is to open it, and no luks2-keyring token names keyslot %d",
		    binding_keyslot(&a->binding));
	return verdict_hint(v, "cexluks bind %s %s --luks2-keyring", a->device->path, name);
}

/* No binding is left to be tried. Those whose service is slow may do it yet, in their order. */
static void wait_for_slow(struct attempt *a)
{
	if (!a->n_slow) {
		fail(a);
		return;
	}
	a->binding = a->slow[0].binding;
	a->job = a->slow[0].id;
	memmove(a->slow, a->slow + 1, --a->n_slow * sizeof(a->slow[0]));
	a->slow_at = 0;
	a->state = ATTEMPT_WAITS_FOR_KMS;
}

/* Chooses the next binding that policy allows; ends the attempt when there is none, and none is slow. */
static void choose(struct attempt *a)
{
	while (!a->is_last && a->next < a->n_order) {
		struct verdict v = { 0 };
		enum outcome o;

		a->binding = a->order[a->next++];
		tried_begin(&a->tried, &a->binding);
		o = policy_check_binding(a->config, a->want->pin, a->cmdline, a->header, &a->binding, &v);
		if (o == OUTCOME_OK)
			o = check_opener(a, &v);
		if (o == OUTCOME_OK && check_keyring_token(a, &v) != OUTCOME_OK) {
			attempt_fail(a, &v); /* the boot would load this key, and no other */
			return;
		}
		if (o == OUTCOME_OK) {
			a->state = a->binding.kind == BINDING_KMS ? ATTEMPT_WAITS_FOR_NETWORK :
								    ATTEMPT_MAY_START;
			return;
		}
		tried_end(&a->tried, &a->binding, &v);
		keep(a, &v);
		a->is_last = outcome_is_refusal(o);
	}
	wait_for_slow(a);
}

void attempt_try_next(struct attempt *a, const struct verdict *v)
{
	secret_free(take_ptr(a->passphrase));
	volume_key_done(&a->key);
	tried_end(&a->tried, &a->binding, v);
	keep(a, v);
	choose(a);
}

/* LUKS_NO_DEVICE: one of them is still to come. */
static int find_both(struct attempt *a, struct luks_reason *reason)
{
	const char *header = a->want->options.header;
	int r = find_device(a, reason);

	if (r != 0 || !header[0])
		return r;
	r = luks_device_open(header, &a->header_device);
	if (r == LUKS_NO_DEVICE) {
		verdict_set(&a->verdict, OUTCOME_DEVICE_MISSING, "header=%s has not appeared", header);
		luks_device_free(take_ptr(a->device));
	}
	return r;
}

/*
 * Who has the device open; or what has a name of the volume, over whatever device. Whether that
 * decided the attempt.
 */
static bool is_open(struct attempt *a)
{
	_cleanup_free_ char *holder = luks_device_holder(a->device);
	const char *name = holder ? holder : attempt_active_name(a->want);

	if (name)
		attempt_found_open(a, name);
	return name;
}

/* One binding is to be tried without help from the others. */
static void keep_only(struct attempt *a)
{
	if (a->only < 0 || (size_t)a->only >= a->n_order)
		return;
	a->order[0] = a->order[a->only];
	a->n_order = 1;
}

/*
 * Whoever keeps a passphrase in the keys directory has a luks2-keyring token that names it, and systemd opens the
 * volume; unless there is something to be checked, which systemd would not.
 */
static bool is_left_to_systemd(const struct attempt *a)
{
	const char *const *names;

	return a->how != ATTEMPT_PROVE && plan_wants_keys(a->config, a->cmdline) &&
	       !policy_has_conditions(a->config, a->want->pin, a->cmdline, luks_header_uuid(a->header)) &&
	       luks_header_keyring_names(a->header, &names) > 0;
}

static void fail_unbound(struct attempt *a)
{
	_cleanup_bound_names_ struct bound_names lost = { .n = 0 };

	if (bound_names_lost(a->header, &lost) == 0 && lost.n) {
		(void)bound_names_say_lost(&a->verdict, lost.list[0], a->device->path);
		fail(a);
		return;
	}
	verdict_set(&a->verdict, OUTCOME_NOT_BOUND, "%s has no binding%s", a->device->path,
		    a->want->pin && a->want->pin->n_bindings ? " that is configured" : "");
	verdict_hint(&a->verdict, "cexluks bind %s kms:PROFILE", a->device->path);
	fail(a);
}

void attempt_settle_token(struct attempt *a, const struct keys *keys, const struct verdict *about)
{
	const char *const *names;
	size_t n = luks_header_keyring_names(a->header, &names);
	struct verdict why = { .outcome = OUTCOME_NOTHING_TO_DO };

	for (size_t i = 0; i < n && keys; i++) {
		struct verdict v = { 0 };
		enum outcome o = keys_became(keys, names[i], &v);

		if (o == OUTCOME_OK)
			return;
		if (outcome_exit_code(o))
			why = v;
	}
	if (!keys && outcome_exit_code(about->outcome))
		why = *about;
	if (!outcome_exit_code(why.outcome)) {
		fail_unbound(a); /* some other tool's token: no key of ours is meant */
		return;
	}
	a->verdict = why;
	fail(a);
}

void attempt_look(struct attempt *a)
{
	struct luks_reason reason = { "" };
	int r = find_both(a, &reason);

	if (r == LUKS_NO_DEVICE)
		return; /* wait on */
	a->device_ms = deadline_now();
	if (r != 0) {
		verdict_luks(&a->verdict, r,
			     a->device	       ? a->want->options.header :
			     a->want->uuid[0] ? a->want->uuid :
						a->want->source,
			     &reason);
		fail(a);
		return;
	}
	if (load_header(a) != OUTCOME_OK) {
		fail(a);
		return;
	}
	if (a->how != ATTEMPT_PROVE && is_open(a))
		return;
	a->n_order = policy_order(a->config, a->want->pin, a->header, a->order);
	keep_only(a);
	if (!a->n_order && is_left_to_systemd(a)) {
		attempt_succeed(a, "left to its luks2-keyring token");
		a->by_token = true;
	} else if (!a->n_order) {
		fail_unbound(a);
	} else {
		choose(a);
	}
}

/* How long a job may take: the caller is to hear of its end before the patience with all of them ends. */
static deadline_t end_of_job(deadline_t deadline)
{
	uint64_t left = deadline_left(deadline);

	if (left == DEADLINE_NEVER)
		return deadline;
	return deadline_after(left > REPLY_MARGIN_MS ? left - REPLY_MARGIN_MS : left / 2);
}

/* When the next binding gets its chance: soon, and early enough for all that are still to come. */
static deadline_t end_of_patience(const struct attempt *a, deadline_t deadline)
{
	size_t others = a->n_order - a->next;
	uint64_t share = deadline_left(deadline) / (others + 1);

	if (!others)
		return 0;
	return deadline_after(share < LIMIT_SLOW_MS ? share : LIMIT_SLOW_MS);
}

/*
 * A card is to open the profile's API key, and none can now. Who has another binding left tries that first; what is
 * proved counts as it is now.
 */
static bool waits_for_seal(struct attempt *a, const struct verdict *v)
{
	if (a->how == ATTEMPT_PROVE || a->next < a->n_order || !outcome_is_about_cards(v->outcome) ||
	    !attempt_may_wait_for_card(a, v->outcome))
		return false;
	if (strcmp(a->verdict.cause, v->cause) != 0)
		log_notice("%s: waiting: %s: %s", a->want->name, outcome_word(v->outcome), v->cause);
	a->verdict = *v;
	a->told = a->binding;
	a->state = ATTEMPT_WAITS_FOR_SEAL;
	return true;
}

void attempt_submit(struct attempt *a, struct op_session *session, deadline_t deadline)
{
	struct verdict v = { 0 };

	a->submitted_ms = deadline_now();
	tried_ask(&a->tried, &a->binding);
	if (op_session_submit_unwrap(session, a->binding.token, luks_header_uuid(a->header),
				     end_of_job(deadline), &a->job, &v) != OUTCOME_OK) {
		if (!waits_for_seal(a, &v))
			attempt_try_next(a, &v);
		return;
	}
	if (a->state == ATTEMPT_WAITS_FOR_SEAL)
		a->verdict = (struct verdict){ 0 }; /* what cards lacked is over */
	a->slow_at = end_of_patience(a, deadline);
	a->state = ATTEMPT_WAITS_FOR_KMS;
}

void attempt_look_further(struct attempt *a)
{
	log_notice("%s: no answer from kms:%s yet, trying the next binding as well", a->want->name,
		   a->binding.token->profile);
	a->slow[a->n_slow++] = (struct attempt_job){ .binding = a->binding, .id = a->job };
	choose(a);
}

static const struct attempt_job *find_slow(const struct attempt *a, unsigned id)
{
	for (size_t i = 0; i < a->n_slow; i++)
		if (a->slow[i].id == id)
			return &a->slow[i];
	return NULL;
}

/* No passphrase is in hand yet. */
static bool is_asking(const struct attempt *a)
{
	return a->state == ATTEMPT_MAY_START || a->state == ATTEMPT_WAITS_FOR_NETWORK ||
	       a->state == ATTEMPT_WAITS_FOR_SEAL || a->state == ATTEMPT_WAITS_FOR_KMS;
}

bool attempt_awaits(const struct attempt *a, unsigned id)
{
	if (a->state == ATTEMPT_WAITS_FOR_KMS && a->job == id)
		return true;
	return is_asking(a) && find_slow(a, id);
}

/* Job @id becomes the one being tried again. What was being tried takes its place, or is chosen once more. */
static void bring_back(struct attempt *a, unsigned id)
{
	struct attempt_job now = { .binding = a->binding, .id = a->job };
	size_t i = (size_t)(find_slow(a, id) - a->slow);

	a->binding = a->slow[i].binding;
	a->job = id;
	memmove(&a->slow[i], &a->slow[i + 1], (--a->n_slow - i) * sizeof(a->slow[0]));
	if (a->state == ATTEMPT_WAITS_FOR_KMS) {
		a->slow[a->n_slow++] = now;
	} else {
		a->next--;
		tried_put_back(&a->tried);
	}
	a->state = ATTEMPT_WAITS_FOR_KMS;
}

static int read_keyfile(const struct attempt *a, struct secret **ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	if (asprintf(&path, "%s%s", a->config->sysroot, a->binding.path) < 0)
		return -ENOMEM;
	/* Everybody knows what it holds, so its mode does not matter. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	return fd < 0 ? -errno : secret_read_fd(fd, LIMIT_KEYFILE_MAX, ret);
}

void attempt_start(struct attempt *a)
{
	struct verdict v = { 0 };
	int r = a->binding.kind == BINDING_KEYFILE ? read_keyfile(a, &a->passphrase) : 0;

	if (r == 0) {
		attempt_use_passphrase(a);
		return;
	}
	verdict_set(&v, OUTCOME_CREDENTIAL_MISSING, "%s: %s", a->binding.path, strerror(-r));
	verdict_hint(&v, "put it there and rebuild the initramfs");
	attempt_try_next(a, &v);
}

void attempt_reply(struct attempt *a, struct kms_reply *reply)
{
	if (a->state != ATTEMPT_WAITS_FOR_KMS || a->job != reply->id)
		bring_back(a, reply->id);
	a->tries += reply->tries;
	memcpy(a->correlation_id, reply->correlation_id, sizeof(a->correlation_id));
	memcpy(a->iam_request_id, reply->iam_request_id, sizeof(a->iam_request_id));
	tried_reply(&a->tried, &a->binding, reply);
	if (reply->condition != KMS_OK) {
		struct verdict v = { 0 };

		verdict_kms(&v, reply);
		attempt_try_next(a, &v);
		return;
	}
	a->passphrase = take_ptr(reply->plaintext);
	a->rewrap_due = reply->ciphertext;
	if (a->rewrap_due && a->how != ATTEMPT_PROVE)
		log_notice("%s: the root key was rotated; \"cexluks rotate --rewrap-only\" is due",
			   a->want->name);
	attempt_use_passphrase(a);
}

void attempt_give_up(struct attempt *a)
{
	struct verdict v = { 0 };

	if (a->state == ATTEMPT_WAITS_FOR_NETWORK)
		verdict_set(&v, OUTCOME_NO_NETWORK, "no interface came up with an address in %.0f s",
			    (double)(deadline_now() - a->started_ms) / 1000.0);
	else if (a->state == ATTEMPT_WAITS_FOR_KMS)
		verdict_set(&v, OUTCOME_TIMEOUT, "kms:%s gave no verdict in time",
			    a->binding.token->profile);
	a->waited_for_card = a->state == ATTEMPT_WAITS_FOR_CARD || a->state == ATTEMPT_WAITS_FOR_SEAL;
	tried_end(&a->tried, &a->binding, v.cause[0] ? &v : &a->verdict);
	keep(a, &v); /* what the cards lack is a->verdict already */
	fail(a);
}
