/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/attempt.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/uuid.h"
#include "keyring/keyring.h"
#include "luks/volume.h"
#include "op/answer.h"
#include "op/policy.h"

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
		.started_ms = deadline_now(),
	};
	verdict_set(&a->verdict, OUTCOME_DEVICE_MISSING, "%s has not appeared",
		    want->uuid[0] ? want->uuid : want->source);
}

static void release(struct attempt *a)
{
	secret_free(take_ptr(a->passphrase));
	luks_header_free(take_ptr(a->header));
	luks_device_free(take_ptr(a->header_device));
	luks_device_free(take_ptr(a->device));
	a->token = a->told = NULL;
	a->n_order = a->next = 0;
}

void attempt_done(struct attempt *a)
{
	release(a);
}

bool attempt_is_over(const struct attempt *a)
{
	return a->state >= ATTEMPT_OPENED;
}

static void end(struct attempt *a, enum attempt_state state)
{
	a->state = state;
	a->ended_ms = deadline_now();
	secret_free(take_ptr(a->passphrase)); /* nobody needs it any more */
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
static void keep(struct attempt *a, const struct verdict *v, const struct luks_token *token)
{
	if (weight(v->outcome) <= weight(a->verdict.outcome))
		return;
	a->verdict = *v;
	a->told = token;
}

/* Ends with a->verdict: as a refusal where the outcome is one. */
static void fail(struct attempt *a)
{
	if (a->told)
		a->token = a->told;
	end(a, outcome_is_refusal(a->verdict.outcome) ? ATTEMPT_REFUSED : ATTEMPT_FAILED);
}

static void succeed(struct attempt *a, const char *how)
{
	verdict_set(&a->verdict, OUTCOME_OK, "%s", how);
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
	const struct config_volume *pin = a->want->pin;
	const char *option = a->want->options.unknown;

	if (a->how != ATTEMPT_ACTIVATE || !option[0] || !pin ||
	    (!pin->cipher && !pin->secure_key && !pin->verification_pattern))
		return OUTCOME_OK;
	verdict_set(&a->verdict, OUTCOME_CONFIG_ERROR,
		    "option \"%s\" leaves it to systemd, which does not keep [volume %s]", option,
		    pin->name);
	return verdict_hint(&a->verdict, "remove the option, or the section's conditions");
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
	return o == OUTCOME_OK ? check_options(a) : o;
}

static bool is_name_of(const struct plan_volume *want, const char *name)
{
	for (size_t i = 0; i < PLAN_ALIASES; i++)
		if (!strcmp(want->aliases[i], name))
			return true;
	return !strcmp(want->name, name);
}

/* Somebody opened it before us: fine if it is this volume, exactly as checked. */
static void look_at_holder(struct attempt *a, const char *holder)
{
	struct luks_reason reason = { "" };
	int r;

	a->told = a->token; /* whatever bindings failed before */
	if (!is_name_of(a->want, holder)) {
		verdict_set(&a->verdict, OUTCOME_DEVICE_BUSY, "%s is open as %s already",
			    a->device->path, holder);
		fail(a);
		return;
	}
	r = luks_volume_verify(a->header, holder, &reason);
	if (r == 0) {
		succeed(a, "was open already");
		return;
	}
	verdict_luks(&a->verdict, r, holder, &reason);
	fail(a);
}

/* Chooses the next binding that policy allows; ends the attempt when there is none. */
static void choose(struct attempt *a)
{
	while (a->next < a->n_order) {
		const struct luks_token *token = a->order[a->next++];
		struct verdict v = { 0 };
		enum outcome o = policy_check_token(a->config, a->want->pin, a->cmdline, token, &v);

		if (o == OUTCOME_OK) {
			a->token = token;
			a->state = ATTEMPT_WAITS_FOR_NETWORK;
			return;
		}
		keep(a, &v, token);
		if (outcome_is_refusal(o))
			break;
	}
	fail(a);
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

void attempt_look(struct attempt *a)
{
	_cleanup_free_ char *holder = NULL;
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
	holder = luks_device_holder(a->device);
	if (holder) {
		look_at_holder(a, holder);
		return;
	}
	a->n_order = policy_order(a->config, a->want->pin, a->header, a->order);
	if (!a->n_order) {
		verdict_set(&a->verdict, OUTCOME_NOT_BOUND, "%s has no binding%s", a->device->path,
			    a->want->pin && a->want->pin->n_bindings ? " that is configured" : "");
		verdict_hint(&a->verdict, "cexluks bind %s kms:PROFILE", a->device->path);
	}
	choose(a);
}

/* Leaves the bindings still to come their share of the time. */
static deadline_t share(const struct attempt *a, deadline_t deadline)
{
	uint64_t left = deadline_left(deadline);
	size_t others = a->n_order - a->next;

	if (left == DEADLINE_NEVER)
		return deadline;
	left = left > REPLY_MARGIN_MS ? left - REPLY_MARGIN_MS : left / 2;
	return deadline_after(left / (others + 1));
}

void attempt_submit(struct attempt *a, struct op_session *session, deadline_t deadline)
{
	struct verdict v = { 0 };

	a->submitted_ms = deadline_now();
	if (op_session_submit_unwrap(session, a->token, luks_header_uuid(a->header),
				     share(a, deadline), &a->job, &v) == OUTCOME_OK) {
		a->state = ATTEMPT_WAITS_FOR_KMS;
		return;
	}
	keep(a, &v, a->token);
	choose(a);
}

/* The passphrase did not do it. */
static void reject(struct attempt *a, int condition, const struct luks_reason *reason)
{
	struct verdict v = { 0 };

	secret_free(take_ptr(a->passphrase));
	verdict_luks(&v, condition, a->want->name, reason);
	if (condition == LUKS_WRONG_PASSPHRASE) {
		keep(a, &v, a->token);
		choose(a); /* the service answered with something else: the next binding may do */
		return;
	}
	a->verdict = v;
	a->told = a->token;
	fail(a);
}

/* The passphrase is tested against the checked copy before anybody else gets it. */
static void load_key(struct attempt *a)
{
	struct luks_reason reason = { "" };
	char description[64];
	int r = luks_header_test(a->header, a->token->keyslot, a->passphrase, &reason);

	if (r != 0) {
		reject(a, r, &reason);
		return;
	}
	/* A fresh session does not possess root's user keyring. */
	if (keyring_setup() != 0)
		log_debug("the user keyring cannot be linked into this session");
	(void)snprintf(description, sizeof(description), "cexluks:%s", luks_header_uuid(a->header));
	r = keyring_add(KEYRING_USER, description, a->passphrase, a->config->key_expiry_s);
	if (r == 0) {
		succeed(a, "key loaded, systemd opens it");
		return;
	}
	verdict_set(&a->verdict, OUTCOME_INTERNAL, "the kernel keyring took no key: %s",
		    r < 0 ? strerror(-r) : "no keyrings here");
	fail(a);
}

static void activate(struct attempt *a)
{
	struct luks_reason reason = { "" };
	int r = luks_volume_open(a->header, a->token->keyslot, a->passphrase, a->want->name,
				 &a->want->options.flags, &reason);

	if (r == 0) {
		succeed(a, "opened");
		return;
	}
	if (r == LUKS_ACTIVE) {
		look_at_holder(a, a->want->name);
		return;
	}
	reject(a, r, &reason);
}

/*
 * systemd keeps every answer as user key "cryptsetup" for 150 s, to try it on other volumes. Ours
 * fits one volume only and must not outlive the initramfs.
 */
static void forget_answer(void)
{
	int r = keyring_forget(KEYRING_USER, "cryptsetup");

	if (r < 0)
		log_warning("systemd's cached passphrases stay in the keyring: %s", strerror(-r));
}

void attempt_answer(struct attempt *a)
{
	int r;

	if (luks_volume_is_active(a->want->name)) {
		look_at_holder(a, a->want->name);
		if (a->answered)
			forget_answer();
		if (a->state == ATTEMPT_OPENED && a->answered)
			verdict_set(&a->verdict, OUTCOME_OK, "opened at the prompt");
		return;
	}
	if (a->state == ATTEMPT_HAS_ANSWERED)
		return;
	r = answer_question(a->device, a->passphrase);
	if (r == ANSWER_SENT) {
		a->answered = true;
		a->state = ATTEMPT_HAS_ANSWERED;
		verdict_set(&a->verdict, OUTCOME_TIMEOUT,
			    "systemd got the passphrase for %s and did not open it", a->device->path);
		secret_free(take_ptr(a->passphrase));
	} else if (r < 0) {
		log_debug("%s: no answer sent: %s", a->want->name, strerror(-r));
	}
}

/* The passphrase is tested against the checked copy before systemd gets it. */
static void prepare_answer(struct attempt *a)
{
	struct luks_reason reason = { "" };
	int r = luks_header_test(a->header, a->token->keyslot, a->passphrase, &reason);

	if (r != 0) {
		reject(a, r, &reason);
		return;
	}
	verdict_set(&a->verdict, OUTCOME_TIMEOUT, "systemd asks no question for %s",
		    a->device->path);
	a->told = a->token;
	a->state = ATTEMPT_HAS_PASSPHRASE;
	attempt_answer(a);
}

static void use_passphrase(struct attempt *a)
{
	enum attempt_how how = a->how;

	if (how == ATTEMPT_ACTIVATE && a->want->options.unknown[0]) {
		log_warning("%s: option \"%s\" is systemd's: loading the key, leaving the volume to it",
			    a->want->name, a->want->options.unknown);
		how = ATTEMPT_LOAD;
	}
	switch (how) {
	case ATTEMPT_LOAD:
		load_key(a);
		break;
	case ATTEMPT_ANSWER:
		prepare_answer(a);
		break;
	case ATTEMPT_ACTIVATE:
		activate(a);
		break;
	}
}

void attempt_reply(struct attempt *a, struct kms_reply *reply)
{
	a->tries += reply->tries;
	memcpy(a->correlation_id, reply->correlation_id, sizeof(a->correlation_id));
	memcpy(a->iam_request_id, reply->iam_request_id, sizeof(a->iam_request_id));
	if (reply->condition != KMS_OK) {
		struct verdict v = { 0 };

		verdict_kms(&v, reply);
		keep(a, &v, a->token);
		choose(a);
		return;
	}
	a->passphrase = take_ptr(reply->plaintext);
	if (reply->ciphertext)
		log_notice("%s: the root key was rotated; \"cexluks bind\" again refreshes the binding",
			   a->want->name);
	use_passphrase(a);
}

void attempt_give_up(struct attempt *a)
{
	struct verdict v = { 0 };

	if (a->state == ATTEMPT_WAITS_FOR_NETWORK)
		verdict_set(&v, OUTCOME_NO_NETWORK, "no interface came up with an address in %.0f s",
			    (double)(deadline_now() - a->started_ms) / 1000.0);
	else if (a->state == ATTEMPT_WAITS_FOR_KMS)
		verdict_set(&v, OUTCOME_TIMEOUT, "kms:%s gave no verdict in time", a->token->profile);
	keep(a, &v, a->token);
	fail(a);
}
