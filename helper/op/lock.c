/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/lock.h"

#include <stdio.h>
#include <string.h>

#include "cex/keyblob.h"
#include "op/verdict.h"
#include "op/volume-key.h"

#define LARGEST_CLEAR_KEY 64 /* XTS-AES-256; paes takes such bytes as they are */

/* What a card binding makes of a volume, in rising order of what it means for the lock. */
enum card {
	CARD_NONE,    /* there is none, or its keyslot does not open */
	CARD_NO_KEY,  /* it opens a key that no card would take */
	CARD_LOCKS,   /* it opens a secure key */
	CARD_EXPOSES, /* it opens a key that works without a card */
};

#define NOTE(lock, ...) (void)snprintf((lock)->note, sizeof((lock)->note), __VA_ARGS__)

/* "kms:prod, kms:dr"; how many there are. */
static unsigned kms_names(const struct luks_header *header, char *ret, size_t size)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens), used = 0;
	unsigned found = 0;

	*ret = '\0';
	for (size_t i = 0; i < n; i++) {
		int r;

		if (tokens[i]->kind != LUKS_TOKEN_KMS || tokens[i]->keyslot < 0)
			continue;
		found++;
		r = snprintf(ret + used, size - used, "%skms:%s", used ? ", " : "",
			     tokens[i]->profile);
		if (r < 0 || (size_t)r >= size - used)
			break; /* a name that is cut is for people only */
		used += (size_t)r;
	}
	return found;
}

/* A card's word on a secure key; without a card it is one by its structure only. */
static bool is_confirmed(const struct volume_key *key, const char *sysroot)
{
	struct verdict v = { 0 };

	return volume_key_verify(key, sysroot, NULL, &v) == OUTCOME_OK;
}

static enum outcome read_key(struct luks_header *header, const struct luks_token *token,
			     const char *sysroot, struct lock *lock, bool *ret_secure,
			     struct verdict *v)
{
	_cleanup_volume_key_ struct volume_key key = { 0 };
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	*ret_secure = false;
	/* Of other ciphers the key has no business here: it is enough that the keyslot opens. */
	if (!luks_header_is_paes(header)) {
		r = luks_header_test(header, token->keyslot, token->passphrase, &reason);
		return verdict_luks(v, r, "card binding", &reason);
	}
	o = volume_key_read(header, token->keyslot, token->passphrase, &key, v);
	*ret_secure = o == OUTCOME_OK && key.secure;
	if (*ret_secure)
		lock->verified = is_confirmed(&key, sysroot);
	return o;
}

static enum card judge_binding(struct luks_header *header, const struct luks_token *token,
			       const char *sysroot, struct lock *lock)
{
	struct verdict v = { 0 };
	bool secure;
	enum outcome o = read_key(header, token, sysroot, lock, &secure, &v);

	if (o == OUTCOME_OK && secure)
		return CARD_LOCKS;
	if (o == OUTCOME_OK) {
		NOTE(lock, "card binding refused: not a secure key; its passphrase stands in the header, "
			   "so whoever has the disk can open it");
		return CARD_EXPOSES;
	}
	if (o == OUTCOME_NOT_A_SECURE_KEY) {
		NOTE(lock, "card binding refused: not a secure key; %.120s", v.cause);
		return CARD_NO_KEY;
	}
	NOTE(lock, "card binding broken: %.120s", v.cause);
	return CARD_NONE;
}

static enum card judge_bindings(struct luks_header *header, const char *sysroot,
				struct lock *lock)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);
	enum card worst = CARD_NONE;

	for (size_t i = 0; i < n && worst != CARD_EXPOSES; i++) {
		enum card now;

		if (tokens[i]->kind != LUKS_TOKEN_CARD || tokens[i]->keyslot < 0)
			continue;
		now = judge_binding(header, tokens[i], sysroot, lock);
		if (now > worst)
			worst = now;
	}
	return worst;
}

/* Without a passphrase: a secure key, if its size is right. */
static bool judge_size(const struct luks_header *header, struct lock *lock)
{
	size_t size = luks_header_key_size(header);
	enum cex_key_kind kind;
	enum cex_cipher cipher;

	if (!luks_header_is_paes(header))
		return false;
	if (cex_cipher_parse(luks_header_cipher(header), &cipher) &&
	    cex_key_size_kind(size, cipher, &kind) == 0) {
		lock->verified = false;
		return true;
	}
	if (!lock->note[0])
		NOTE(lock, "no card protects this volume: its paes key is %s",
		     size <= LARGEST_CLEAR_KEY ? "a clear one" : "no secure key");
	return false;
}

void lock_judge(struct luks_header *header, const char *sysroot, struct lock *ret)
{
	char names[96];
	unsigned kms = kms_names(header, names, sizeof(names));
	enum card card;

	*ret = (struct lock){ .verified = true };
	card = judge_bindings(header, sysroot, ret);
	if (card == CARD_EXPOSES) {
		ret->kind = LOCK_NONE;
	} else if (card == CARD_LOCKS) {
		ret->kind = LOCK_CARD;
		if (kms)
			NOTE(ret, "%s add%s nothing", names, kms == 1 ? "s" : "");
	} else if (card == CARD_NONE && judge_size(header, ret)) {
		ret->kind = kms ? LOCK_CARD_AND_KMS : LOCK_CARD_AND_PASSPHRASE;
	} else {
		ret->kind = kms ? LOCK_KMS : LOCK_PASSPHRASE;
	}
}

const char *lock_text(enum lock_kind kind)
{
	switch (kind) {
	case LOCK_NONE:
		return "none";
	case LOCK_PASSPHRASE:
		return "passphrase";
	case LOCK_KMS:
		return "KMS alone";
	case LOCK_CARD:
		return "card alone";
	case LOCK_CARD_AND_KMS:
		return "card and KMS";
	case LOCK_CARD_AND_PASSPHRASE:
		return "card and passphrase";
	}
	return "unknown";
}
