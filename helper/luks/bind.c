/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/bind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "luks/change.h"
#include "luks/reason.h"
#include "luks/unwrap.h"

#define KEYRING_TYPE "luks2-keyring"

/* What a bind has stored so far. Taken back at the end of the scope unless it was kept. */
struct undo {
	struct luks_change *change;
	int token;
	int keyslot;
};

static void undo_run(struct undo *undo)
{
	struct crypt_device *cd = undo->change->cd;
	int r = 0;

	/* Token first: a token must never name a keyslot that is gone. */
	if (undo->token >= 0)
		r = crypt_token_json_set(cd, undo->token, NULL);
	if (r >= 0 && undo->keyslot >= 0)
		r = crypt_keyslot_destroy(cd, undo->keyslot);
	if (r < 0)
		log_debug("luks: cannot take the new binding back: %s", strerror(-r));
}

static int store_token(struct luks_change *change, const struct luks_token *token, int *ret,
		       struct luks_reason *reason)
{
	struct luks_token bare = *token; /* borrows what @token owns */
	_cleanup_json_text_ char *text = NULL;
	int r;

	bare.keyslot = -1;
	bare.id = -1;
	r = luks_token_build(&bare, &text);
	if (r == -EINVAL)
		return luks_refuse(reason, "the new token would break a rule");
	if (r < 0)
		return r;
	return luks_change_store_token(change, CRYPT_ANY_TOKEN, text, ret, reason);
}

/* The commit: the keyslot and its binding to the token are one header write. */
static int add_keyslot(struct luks_change *change, const struct luks_bind *bind, int existing, int token,
		       struct luks_unwrap *unwrap, int *ret, struct luks_reason *reason)
{
	_cleanup_keyslot_context_ struct crypt_keyslot_context *old = NULL, *new = NULL;
	int r;

	r = luks_library_result("crypt_keyslot_context_init_by_passphrase",
				crypt_keyslot_context_init_by_passphrase(
					change->cd, (const char *)secret_bytes(bind->existing),
					secret_len(bind->existing), &old));
	if (r)
		return r;
	r = luks_library_result("crypt_keyslot_context_init_by_token",
				crypt_keyslot_context_init_by_token(change->cd, token, LUKS_TOKEN_TYPE,
								    NULL, 0, unwrap, &new));
	if (r)
		return r;
	r = crypt_keyslot_add_by_keyslot_context(change->cd, existing, old, CRYPT_ANY_SLOT, new, 0);
	if (r < 0 && unwrap->result)
		return unwrap->result;
	*ret = r;
	r = luks_change_result(change, "adding the keyslot", r, reason);
	if (r != -EINVAL)
		return r;
	luks_reason_set(reason, "no room for another keyslot in the header");
	return LUKS_NO_SPACE;
}

static int keyring_description(const struct luks_header *header, char **ret)
{
	if (asprintf(ret, "cexluks:%s", luks_header_uuid(header)) < 0) {
		*ret = NULL;
		return -ENOMEM;
	}
	return 0;
}

/* Our luks2-keyring token, or -1. */
static int find_keyring_token(struct crypt_device *cd, const char *description)
{
	for (int id = 0; id < LIMIT_TOKENS; id++) {
		_cleanup_json_ cJSON *tree = NULL;
		const char *text;

		if (!luks_library_token(cd, id, KEYRING_TYPE, &tree))
			continue;
		text = json_string(tree, "key_description", 1, 256);
		if (text && !strcmp(text, description))
			return id;
	}
	return -1;
}

/* For "open = systemd": cryptsetup finds the passphrase in the keyring by this standard token. */
static int add_keyring_token(struct luks_change *change, const struct luks_header *header, int keyslot,
			     struct luks_reason *reason)
{
	_cleanup_free_ char *description = NULL;
	_cleanup_free_ char *json = NULL;
	int id, r;

	r = keyring_description(header, &description);
	if (r < 0)
		return r;
	id = find_keyring_token(change->cd, description);
	if (id >= 0)
		return luks_change_result(change, "assigning the keyring token",
				     crypt_token_assign_keyslot(change->cd, id, keyslot), reason);
	if (asprintf(&json,
		     "{\"type\":\"" KEYRING_TYPE "\",\"keyslots\":[\"%d\"],"
		     "\"key_description\":\"%s\"}",
		     keyslot, description) < 0) {
		json = NULL;
		return -ENOMEM;
	}
	return luks_change_result(change, "storing the keyring token",
			     crypt_token_json_set(change->cd, CRYPT_ANY_TOKEN, json), reason);
}

/* From the device again: what the next boot will read must open with what it will be given. */
static int prove(const struct luks_device *device, int token, int keyslot,
		 const struct secret *passphrase, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	size_t n;
	int r;

	r = luks_header_load(device, NULL, &header, reason);
	if (r)
		return r;
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++)
		if (tokens[i]->id == token && tokens[i]->keyslot == keyslot)
			return luks_header_test(header, keyslot, passphrase, reason);
	luks_reason_set(reason, "token %d does not name keyslot %d", token, keyslot);
	return LUKS_CHANGED;
}

/* A keyslot that was found before must still be there at a price we pay; the passphrase is tried by
 * the library when the new keyslot is added. */
static int existing_keyslot(struct luks_header *header, const struct luks_bind *bind, int *ret,
			    struct luks_reason *reason)
{
	if (!bind->existing_is_known)
		return luks_header_find_keyslot(header, bind->existing, false, ret, reason);
	*ret = bind->existing_keyslot;
	return luks_header_check_cost(header, bind->existing_keyslot, reason);
}

/* One whose keyslot holds an older volume key is none: it tells which binding there was. */
static bool is_leftover(const struct luks_token *token)
{
	return token->keyslot < 0 && !token->superseded && token->kind != LUKS_TOKEN_CREDENTIAL;
}

static int clean(struct luks_change *change, const struct luks_header *header, unsigned *ret_count,
		 struct luks_reason *reason)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++) {
		int r;

		if (!is_leftover(tokens[i]))
			continue;
		log_debug("luks: removing token %d, which an interrupted run left", tokens[i]->id);
		r = luks_change_result(change, "removing a token",
				  crypt_token_json_set(change->cd, tokens[i]->id, NULL), reason);
		if (r)
			return r;
		(*ret_count)++;
	}
	return 0;
}

int luks_bind_add(const struct luks_device *device, const struct luks_bind *bind, int *ret_keyslot,
		  int *ret_token, struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_(undo_run) struct undo undo = { .change = &change, .token = -1, .keyslot = -1 };
	_cleanup_(luks_unwrap_done) struct luks_unwrap unwrap = { .fn = bind->unwrap,
								  .userdata = bind->userdata };
	unsigned cleaned = 0;
	int existing, r;

	r = luks_unwrap_setup();
	if (r)
		return r;
	r = luks_change_begin(&change, device, &header, reason);
	if (r)
		return r;
	r = existing_keyslot(header, bind, &existing, reason);
	if (r)
		return r;
	r = bind->keep_bare ? 0 : clean(&change, header, &cleaned, reason);
	if (r)
		return r;
	r = luks_library_result("crypt_set_pbkdf_type",
				crypt_set_pbkdf_type(change.cd, &luks_library_cheap_kdf));
	if (r)
		return r;
	r = store_token(&change, bind->token, &undo.token, reason);
	if (r)
		return r;
	r = add_keyslot(&change, bind, existing, undo.token, &unwrap, &undo.keyslot, reason);
	if (r)
		return r;
	if (bind->keyring_token) {
		r = add_keyring_token(&change, header, undo.keyslot, reason);
		if (r)
			return r;
	}
	r = prove(device, undo.token, undo.keyslot, unwrap.passphrase, reason);
	if (r)
		return r;
	if (ret_keyslot)
		*ret_keyslot = undo.keyslot;
	if (ret_token)
		*ret_token = undo.token;
	undo.token = undo.keyslot = -1;
	return 0;
}

bool luks_bind_has_keyring(const struct luks_header *header, int keyslot)
{
	const struct luks_keyslot *slots;
	size_t n = luks_header_keyslots(header, &slots);

	for (size_t i = 0; i < n; i++)
		if (slots[i].id == keyslot)
			return slots[i].keyring;
	return false;
}

int luks_bind_add_keyring(const struct luks_device *device, int keyslot, struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	int r;

	r = luks_change_begin(&change, device, &header, reason);
	return r ? r : add_keyring_token(&change, header, keyslot, reason);
}

static bool is_only_keyslot(struct crypt_device *cd, const struct luks_header *header, int token,
			    int keyslot)
{
	const struct luks_facts *facts = luks_header_facts(header);

	for (size_t i = 0; i < facts->n_keyslots; i++)
		if (facts->keyslots[i].id != keyslot &&
		    crypt_token_is_assigned(cd, token, facts->keyslots[i].id) == 0)
			return false;
	return true;
}

/* Our keyring token, if it names @keyslot and no other; else -1. */
static int find_last_keyring_token(struct crypt_device *cd, const struct luks_header *header,
				   int keyslot, int *ret)
{
	_cleanup_free_ char *description = NULL;
	int id, r;

	*ret = -1;
	r = keyring_description(header, &description);
	if (r < 0)
		return r;
	id = find_keyring_token(cd, description);
	if (id >= 0 && crypt_token_is_assigned(cd, id, keyslot) == 0 &&
	    is_only_keyslot(cd, header, id, keyslot))
		*ret = id;
	return 0;
}

/* What an interrupted removal left of a binding, beside our token. */
static int remove_idle_keyring_token(struct luks_change *change, const struct luks_header *header,
				     struct luks_reason *reason)
{
	_cleanup_free_ char *description = NULL;
	int id, r;

	r = keyring_description(header, &description);
	if (r < 0)
		return r;
	id = find_keyring_token(change->cd, description);
	if (id < 0 || !is_only_keyslot(change->cd, header, id, -1))
		return 0;
	return luks_change_result(change, "removing the keyring token",
				  crypt_token_json_set(change->cd, id, NULL), reason);
}

/* What named the keyslot: tokens of ours, and the keyring token @keyring, or -1. */
static int remove_tokens(struct luks_change *change, const struct luks_header *header, int keyslot,
			 int keyring, struct luks_reason *reason)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);
	int r;

	/* Ours last: by it the next run knows that something is left. */
	r = keyring < 0 ? 0
			: luks_change_result(change, "removing the keyring token",
					     crypt_token_json_set(change->cd, keyring, NULL), reason);
	for (size_t i = 0; i < n && !r; i++)
		if (tokens[i]->keyslot == keyslot)
			r = luks_change_result(change, "removing a token",
					       crypt_token_json_set(change->cd, tokens[i]->id, NULL),
					       reason);
	return r;
}

/*
 * The keyslot first: the library takes it out of every token with the same write. An interruption
 * leaves a token without keyslot, or one whose keyslot opens no more, and the next unbind or bind removes
 * either. The other way round a keyslot would be left that looks like somebody's passphrase.
 */
static int remove_keyslot(struct luks_change *change, const struct luks_header *header, int keyslot,
			  struct luks_reason *reason)
{
	const struct luks_facts *facts = luks_header_facts(header);
	bool present = false;
	int keyring, r;

	for (size_t i = 0; i < facts->n_keyslots; i++)
		present = present || facts->keyslots[i].id == keyslot;
	if (!present)
		return LUKS_NOT_BOUND;
	if (facts->n_keyslots < 2) {
		luks_reason_set(reason, "keyslot %d is the last one", keyslot);
		return LUKS_LAST_WAY_IN;
	}
	r = find_last_keyring_token(change->cd, header, keyslot, &keyring);
	if (r)
		return r;
	r = luks_change_result(change, "destroying the keyslot",
			       crypt_keyslot_destroy(change->cd, keyslot), reason);
	return r ? r : remove_tokens(change, header, keyslot, keyring, reason);
}

/* It opens nothing, but holds the volume key of before: not while nothing else opens the volume. */
static int remove_old_keyslot(struct luks_change *change, const struct luks_header *header, int keyslot,
			      struct luks_reason *reason)
{
	if (!luks_header_facts(header)->n_keyslots) {
		luks_reason_set(reason, "no keyslot opens the volume");
		return LUKS_LAST_WAY_IN;
	}
	return luks_change_result(change, "destroying a keyslot of another volume key",
				  crypt_keyslot_destroy(change->cd, keyslot), reason);
}

int luks_bind_remove(const struct luks_device *device, int token, struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	size_t n;
	int r;

	r = luks_change_begin(&change, device, &header, reason);
	if (r)
		return r;
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++) {
		if (tokens[i]->id != token)
			continue;
		if (tokens[i]->keyslot >= 0)
			return remove_keyslot(&change, header, tokens[i]->keyslot, reason);
		r = tokens[i]->superseded ?
			    remove_old_keyslot(&change, header, tokens[i]->old_keyslot, reason) : 0;
		if (r)
			return r;
		r = remove_idle_keyring_token(&change, header, reason);
		if (r)
			return r;
		return luks_change_result(&change, "removing the token",
				     crypt_token_json_set(change.cd, token, NULL), reason);
	}
	return LUKS_NOT_BOUND;
}

/* Whether the header still has that very token. */
static bool is_there(const struct luks_header *header, const struct luks_token *token)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->id == token->id)
			return tokens[i]->kind == token->kind && tokens[i]->keyslot == token->keyslot &&
			       tokens[i]->serial == token->serial &&
			       !strcmp(tokens[i]->ciphertext ?: "", token->ciphertext ?: "");
	return false;
}

int luks_bind_replace_token(const struct luks_device *device, const struct luks_token *old,
			    const struct luks_token *next, struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_json_text_ char *json = NULL;
	int r;

	if (next->id != old->id || next->keyslot != old->keyslot)
		return -EINVAL;
	r = luks_change_begin(&change, device, &header, reason);
	if (r)
		return r;
	if (!is_there(header, old))
		return LUKS_CHANGED;
	r = luks_token_build(next, &json);
	return r < 0 ? r : luks_change_store_token(&change, old->id, json, NULL, reason);
}

int luks_bind_remove_keyslot(const struct luks_device *device, int keyslot,
			     struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	int r;

	r = luks_change_begin(&change, device, &header, reason);
	return r ? r : remove_keyslot(&change, header, keyslot, reason);
}

static bool has_leftovers(const struct luks_header *header)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (is_leftover(tokens[i]))
			return true;
	return false;
}

int luks_bind_clean(const struct luks_device *device, unsigned *ret_count,
		    struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	unsigned count = 0;
	int r;

	r = luks_header_load(device, NULL, &header, reason);
	if (r)
		return r;
	if (has_leftovers(header)) {
		luks_header_free(take_ptr(header));
		r = luks_change_begin(&change, device, &header, reason);
		if (r)
			return r;
		r = clean(&change, header, &count, reason);
		if (r)
			return r;
	}
	if (ret_count)
		*ret_count = count;
	return 0;
}

int luks_bind_check_passphrase(const struct luks_device *device, const struct secret *passphrase,
			       int *ret_keyslot, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	int r;

	r = luks_header_load(device, NULL, &header, reason);
	return r ? r : luks_header_find_keyslot(header, passphrase, false, ret_keyslot, reason);
}
