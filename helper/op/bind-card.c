/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bindings whose passphrase stands in the header: the card is the lock. So the volume key must be a
 * secure key, and a card must say so before anything is written (rule 5).
 */
#include "op/bind-kind.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "op/new-token.h"
#include "op/volume-key.h"

static enum outcome card_begin(struct bind *b)
{
	enum outcome o = bind_read_config(b);

	return o == OUTCOME_NOTHING_TO_DO ? OUTCOME_OK : o;
}

/* The card was asked when the key was made or read; nothing else is needed. */
static enum outcome card_reach(struct bind *b)
{
	(void)b;
	return OUTCOME_OK;
}

static bool card_matches(const struct bind *b, const struct luks_token *token)
{
	(void)b;
	return token->kind == LUKS_TOKEN_CARD;
}

static enum outcome refuse(struct bind *b, const char *why)
{
	verdict_set(b->v, OUTCOME_NOT_A_SECURE_KEY, "%s: %s", b->request->device, why);
	return verdict_hint(b->v, "a card binding would open it for anyone; bind it to a KMS, or make a "
				  "new volume with format");
}

/* OUTCOME_OK with @ret->secure, or what the volume is instead. */
static enum outcome read_secure_key(struct bind *b, int keyslot, const struct secret *passphrase,
				    struct volume_key *ret)
{
	enum outcome o = volume_key_read(b->header, keyslot, passphrase, ret, b->v);
	struct verdict why = *b->v;

	if (o == OUTCOME_OK && ret->secure)
		return OUTCOME_OK;
	if (o == OUTCOME_OK || o == OUTCOME_NOT_A_SECURE_KEY)
		return refuse(b, why.cause);
	return o;
}

static enum outcome card_suits(struct bind *b)
{
	enum cex_key_kind kind;
	enum cex_cipher cipher;

	if (!cex_cipher_parse(luks_header_cipher(b->header), &cipher))
		return refuse(b, "its cipher is none for secure keys");
	if (cex_key_size_kind(luks_header_key_size(b->header), cipher, &kind) != 0)
		return refuse(b, "its key has not the size of a secure key");
	return OUTCOME_OK;
}

/* A card that is away is no fault of the binding, so it is only told. */
static enum outcome card_prove(struct bind *b)
{
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct verdict card = { 0 };
	enum outcome o = read_secure_key(b, b->bound->keyslot, b->bound->passphrase, &key);

	if (o != OUTCOME_OK)
		return o;
	o = volume_key_verify(&key, b->request->sysroot, NULL, &card);
	if (o != OUTCOME_OK)
		log_warning("the binding is as it should be, but no card could use it now: %s: %s",
			    outcome_word(o), card.cause);
	return OUTCOME_OK;
}

static enum outcome card_admit(struct bind *b, const struct secret *existing)
{
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct cex_verified verified;
	enum outcome o = read_secure_key(b, b->existing_keyslot, existing, &key);

	if (o == OUTCOME_OK)
		o = volume_key_verify(&key, b->request->sysroot, &verified, b->v);
	if (o == OUTCOME_OK && verified.old)
		log_warning("only the old master key of a card fits this volume: re-encipher its key "
			    "before the next change of the master key");
	return o;
}

static int copy_passphrase(const struct secret *from, struct secret **ret)
{
	int r = secret_new(secret_len(from), ret);

	if (r == 0)
		memcpy(secret_data(*ret), secret_bytes(from), secret_len(from));
	return r;
}

static enum outcome card_make(struct bind *b, struct luks_token **ret)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	int r = secret_random_passphrase(LIMIT_PASSPHRASE_LEN, &b->passphrase);

	if (r == 0)
		r = new_token(LUKS_TOKEN_CARD, bind_next_serial(b), &token);
	if (r == 0)
		r = copy_passphrase(b->passphrase, &token->passphrase);
	if (r < 0)
		return verdict_errno(b->v, r, "token");
	*ret = take_ptr(token);
	return OUTCOME_OK;
}

static enum outcome card_unwrap(struct bind *b, const struct luks_token *token, struct secret **ret)
{
	int r = copy_passphrase(token->passphrase, ret);

	return r < 0 ? verdict_errno(b->v, r, "token") : OUTCOME_OK;
}

const struct bind_kind bind_card = {
	.begin = card_begin,
	.reach = card_reach,
	.matches = card_matches,
	.prove = card_prove,
	.suits = card_suits,
	.admit = card_admit,
	.make = card_make,
	.unwrap = card_unwrap,
};
