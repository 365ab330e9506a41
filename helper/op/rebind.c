/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/rebind.h"

#include "base/log.h"
#include "luks/bind.h"
#include "luks/header.h"
#include "op/backup.h"
#include "op/bind.h"
#include "op/carried.h"
#include "op/own-way.h"
#include "op/session.h"
#include "op/sum.h"

struct rebind {
	const struct rebind_request *request;
	struct luks_device *device;
	struct config *config; /* NULL: there is none, which is enough for card bindings */
	struct op_session *session;
	struct luks_header *header; /* as it was at the beginning */
	struct secret *kept;
	const struct secret *own; /* of a token that lost its keyslot, and opens another one; @kept or in @header */
	int keyslot;		  /* that one, or -1 */
};

static void rebind_done(struct rebind *b)
{
	secret_free(b->kept);
	luks_header_free(b->header);
	op_session_free(b->session);
	config_free(b->config);
	luks_device_free(b->device);
}

/* --- the keyslot of the new volume key ------------------------------------------------------- */

static enum outcome begin(struct rebind *b, struct verdict *v)
{
	const struct rebind_request *request = b->request;
	struct luks_reason reason = { "" };
	enum outcome o = config_load(request->sysroot, request->config_path, &b->config, v);
	int r;

	if (o != OUTCOME_OK && o != OUTCOME_NOTHING_TO_DO)
		return o;
	r = b->config ? op_session_new(b->config, request->sysroot, &b->session) : 0;
	if (r < 0)
		return verdict_errno(v, r, "session");
	r = luks_device_open(request->device, &b->device);
	if (r == 0)
		r = luks_header_load(b->device, NULL, &b->header, &reason);
	if (r == 0 && b->config)
		r = carried_note(b->config, b->header, b->device->path);
	return r != 0 ? verdict_luks(v, r, request->device, &reason) : OUTCOME_OK;
}

/* What the token gives, whatever that opens. NULL: nothing now; binding it anew will tell why. */
static const struct secret *passphrase_of(struct rebind *b, const struct luks_token *token)
{
	struct verdict nobody = { 0 };

	if (token->kind == LUKS_TOKEN_CARD)
		return token->passphrase;
	secret_free(take_ptr(b->kept));
	if (token->kind == LUKS_TOKEN_KMS && b->session &&
	    op_session_unwrap(b->session, token, luks_header_uuid(b->header),
			      deadline_after(b->request->timeout_ms), &b->kept, &nobody) == OUTCOME_OK)
		return b->kept;
	return NULL;
}

/* zkey-cryptsetup gives the new keyslot the passphrase it was run with, which may be one of ours. */
static void find_new_keyslot(struct rebind *b)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(b->header, &tokens);

	for (size_t i = 0; i < n; i++) {
		struct luks_reason reason = { "" };

		if (tokens[i]->keyslot >= 0)
			continue;
		b->own = passphrase_of(b, tokens[i]);
		if (b->own && luks_header_find_keyslot(b->header, b->own, false, &b->keyslot, &reason) == 0)
			return;
		b->own = NULL;
	}
}

/* --- the bindings ---------------------------------------------------------------------------- */

static enum outcome bind_again(struct rebind *b, struct own_way *way, const char *binding)
{
	const struct bind_request request = {
		.sysroot = b->request->sysroot,
		.config_path = b->request->config_path,
		.device = b->request->device,
		.binding = binding,
		.keep_bare = true,
		.timeout_ms = b->request->timeout_ms,
		.existing = b->own,
		.ask = own_way_ask,
		.userdata = way,
	};
	struct bind_result result;
	struct verdict v = { 0 };

	way->but = binding;
	(void)op_bind(&request, &result, &v); /* its outcome is in the verdict */
	b->request->told(binding, &v, b->request->userdata);
	return v.outcome;
}

/* Under the lock: somebody may have put another passphrase there meanwhile, which is not ours to remove. */
static int remove_own_keyslot(struct rebind *b, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *now = NULL;
	int r = luks_header_load(b->device, NULL, &now, reason);

	if (r == 0)
		r = luks_header_test(now, b->keyslot, b->own, reason);
	if (r == LUKS_WRONG_PASSPHRASE || r == LUKS_NOT_BOUND)
		return 0;
	return r != 0 ? r : luks_bind_remove_keyslot(b->device, b->keyslot, reason);
}

/* Those that hold the volume key of before, as far as our tokens name them, and these tokens. */
static int remove_superseded(const struct rebind *b, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *now = NULL;
	const struct luks_token *const *tokens;
	int r = luks_header_load(b->device, NULL, &now, reason);
	size_t n = r == 0 ? luks_header_tokens(now, &tokens) : 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (tokens[i]->superseded)
			r = luks_bind_remove(b->device, tokens[i]->id, reason);
	return r;
}

/*
 * Ours alone can open that keyslot, and every binding has a better one now. So it is with keyslots that still hold the
 * volume key of before. Then the tokens that told of them.
 */
static enum outcome tidy(struct rebind *b, struct verdict *v)
{
	struct luks_reason reason = { "" };
	_cleanup_close_ int lock = -1;
	int r = luks_device_lock(b->device, &lock);

	if (r == 0 && b->own)
		r = remove_own_keyslot(b, &reason);
	if (r == 0)
		r = remove_superseded(b, &reason);
	if (r == 0)
		r = luks_bind_clean(b->device, NULL, &reason);
	return r != 0 ? verdict_luks(v, r, b->request->device, &reason) : OUTCOME_OK;
}

/* A person's, which only that person can make again. */
static void warn_of_idle(const struct rebind *b)
{
	for (int id = luks_header_idle_keyslot(b->header, -1); id >= 0; id = luks_header_idle_keyslot(b->header, id))
		log_warning("%s: keyslot %d holds the volume key of before, and its passphrase opens nothing; "
			    "cryptsetup luksAddKey adds it again, luksKillSlot removes that keyslot",
			    b->request->device, id);
}

static enum outcome bind_all(struct rebind *b, const struct bound_names *names)
{
	struct own_way way = {
		.sysroot = b->request->sysroot,
		.config_path = b->request->config_path,
		.timeout_ms = b->request->timeout_ms,
		.names = names,
		.person = b->request->ask,
		.person_userdata = b->request->ask_userdata,
	};
	enum outcome sum = OUTCOME_NOTHING_TO_DO;
	struct verdict v = { 0 };

	for (size_t i = 0; i < names->n; i++)
		sum = outcome_sum(sum, bind_again(b, &way, names->list[i]));
	if (outcome_exit_code(sum) == 0 && tidy(b, &v) != OUTCOME_OK) {
		b->request->told(b->request->device, &v, b->request->userdata);
		return v.outcome;
	}
	return sum;
}

enum outcome op_rebind(const struct rebind_request *request)
{
	_cleanup_(rebind_done) struct rebind b = { .request = request, .keyslot = -1 };
	_cleanup_bound_names_ struct bound_names names = { .n = 0 };
	struct verdict v = { 0 };
	enum outcome o = bound_names_read_bare(request->device, &names, &v);

	if (o == OUTCOME_OK && !names.n) {
		(void)verdict_set(&v, OUTCOME_NOT_BOUND, "%s has no token of ours", request->device);
		o = verdict_hint(&v, "cexluks bind makes bindings");
	}
	if (o == OUTCOME_OK)
		o = begin(&b, &v);
	if (o == OUTCOME_OK)
		o = op_backup(b.device, request->header_backup, &v);
	if (o != OUTCOME_OK) {
		request->told(request->device, &v, request->userdata);
		return o;
	}
	find_new_keyslot(&b);
	o = bind_all(&b, &names);
	warn_of_idle(&b);
	return o;
}
