/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/sealed-key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/sealed.h"
#include "base/uuid.h"
#include "cex/derive.h"

#define CIPHER "paes-cbc-plain64"

_Static_assert(CEX_DERIVE_SALT == SEALED_SALT && CEX_DERIVED == AEAD_KEY, "one salt, one key");
_Static_assert(sizeof(SEALED_LABEL) - 1 == CEX_DERIVE_LABEL, "the label fills its block");

/* What is authenticated and not encrypted. */
struct beside {
	unsigned char bytes[LIMIT_SEALED_KEY + UUID_SIZE];
	size_t len;
};

static enum outcome hint_to_seal(const struct sealed_key *sealed, const char *first, struct verdict *v)
{
	return verdict_hint(v, "%s: cexluks credential seal %s%s%s", first, sealed->profile,
			    sealed->device ? " --header " : "", sealed->device ?: "");
}

static enum outcome unusable(const struct sealed_key *sealed, const char *why, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s %s", sealed->what, why);
	return hint_to_seal(sealed, "seal the API key again", v);
}

static enum outcome parse(const struct sealed_key *sealed, struct sealed *ret, struct verdict *v)
{
	const char *why;

	if (sealed_parse(sealed->bytes, sealed->len, ret, &why) != 0)
		return unusable(sealed, why, v);
	if (ret->profile_len == strlen(sealed->profile) &&
	    !memcmp(ret->profile, sealed->profile, ret->profile_len))
		return OUTCOME_OK;
	return unusable(sealed, "was sealed for another profile", v);
}

enum outcome sealed_key_look(const struct sealed_key *sealed, struct verdict *v)
{
	struct sealed parts;

	return parse(sealed, &parts, v);
}

/* What the cards lack is said about the file that needs them. */
static enum outcome about_card(const struct sealed_key *sealed, struct verdict *v)
{
	const struct verdict found = *v;

	if (found.outcome == OUTCOME_NOT_A_SECURE_KEY) {
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s: %.*s", sealed->what, 200, found.cause);
		return hint_to_seal(sealed, "seal the API key again", v);
	}
	verdict_set(v, found.outcome, "%s: %.*s", sealed->what, 200, found.cause);
	if (found.outcome == OUTCOME_MASTER_KEY_UNKNOWN && !found.hint[0])
		return hint_to_seal(sealed, "attach its domain, or seal the API key here", v);
	return found.hint[0] ? verdict_hint(v, "%s", found.hint) : v->outcome;
}

/* Clear bytes would derive as well, for anybody: rule 5 holds here too. */
static enum outcome take_lock(const struct sealed_key *sealed, const struct sealed *parts, struct volume_key *ret,
			      struct verdict *v)
{
	struct secret *token = NULL;
	int r = secret_new(parts->token_len, &token);

	if (r < 0)
		return verdict_errno(v, r, sealed->what);
	memcpy(secret_data(token), parts->token, parts->token_len);
	if (volume_key_take(token, CIPHER, ret, v) == OUTCOME_OK && ret->secure && !ret->blob.pair)
		return OUTCOME_OK;
	return unusable(sealed, "is locked by what is no secure key", v);
}

/* @beside: filled in, and borrowed by what is returned. */
static struct aead box_of(const struct sealed_key *sealed, const struct sealed *parts, const struct secret *key,
			  struct beside *beside)
{
	size_t uuid_len = sealed->uuid ? strnlen(sealed->uuid, UUID_SIZE) : 0;

	beside->len = sealed_head_len(parts);
	memcpy(beside->bytes, sealed->bytes, beside->len);
	if (uuid_len)
		memcpy(beside->bytes + beside->len, sealed->uuid, uuid_len);
	beside->len += uuid_len;
	return (struct aead){
		.key = key,
		.nonce = parts->nonce,
		.beside = beside->bytes,
		.beside_len = beside->len,
	};
}

enum outcome sealed_key_open(const struct sealed_key *sealed, const char *sysroot, bool *ret_old,
			     struct secret **ret, struct verdict *v)
{
	_cleanup_volume_key_ struct volume_key lock = { 0 };
	_cleanup_secret_ struct secret *key = NULL;
	struct cex_verified verified = { 0 };
	struct beside beside;
	struct sealed parts;
	struct aead box;
	enum outcome o = parse(sealed, &parts, v);
	int r;

	if (o == OUTCOME_OK)
		o = take_lock(sealed, &parts, &lock, v);
	if (o != OUTCOME_OK)
		return o;
	o = volume_key_verify(&lock, sysroot, &verified, v);
	if (o == OUTCOME_OK)
		o = volume_key_derive(&lock, SEALED_LABEL, parts.salt, &key, v);
	if (o != OUTCOME_OK)
		return about_card(sealed, v);
	box = box_of(sealed, &parts, key, &beside);
	r = aead_open(&box, parts.box, parts.box_len, ret);
	if (r == -EBADMSG)
		return unusable(sealed, sealed->uuid ? "was changed, or was sealed for another volume" :
						       "was changed, or is locked by another key than it says", v);
	if (r < 0)
		return verdict_errno(v, r, sealed->what);
	*ret_old = verified.old;
	return verdict_set(v, OUTCOME_OK, "%s", sealed->what);
}

/* What was sealed must come out again, by all the steps of a boot. */
static enum outcome prove(const struct sealed_key *sealed, const struct secret *api_key, const char *sysroot,
			  struct verdict *v)
{
	_cleanup_secret_ struct secret *back = NULL;
	bool old = false;
	enum outcome o = sealed_key_open(sealed, sysroot, &old, &back, v);

	if (o == OUTCOME_OK && !secret_equal(back, api_key))
		return unusable(sealed, "gives another API key than was sealed", v);
	return o;
}

enum outcome sealed_key_make(const struct volume_key *lock, const struct secret *api_key, const char *sysroot,
			     struct sealed_key *sealed, struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	unsigned char random[SEALED_SALT + AEAD_NONCE];
	const struct sealed parts = {
		.salt = random,
		.nonce = random + SEALED_SALT,
		.profile = sealed->profile,
		.profile_len = strlen(sealed->profile),
		.token = secret_bytes(lock->key),
		.token_len = secret_len(lock->key),
		.box_len = secret_len(api_key) + AEAD_TAG,
	};
	struct beside beside;
	struct aead box;
	size_t head_len;
	enum outcome o;
	int r;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return verdict_errno(v, errno, "random numbers");
	o = volume_key_derive(lock, SEALED_LABEL, parts.salt, &key, v);
	if (o != OUTCOME_OK)
		return about_card(sealed, v);
	r = sealed_write_head(&parts, sealed->bytes);
	if (r < 0)
		return verdict_errno(v, r, sealed->what);
	box = box_of(sealed, &parts, key, &beside);
	head_len = sealed_head_len(&parts);
	r = aead_seal(&box, api_key, sealed->bytes + head_len);
	if (r < 0)
		return verdict_errno(v, r, sealed->what);
	sealed->len = head_len + parts.box_len;
	return prove(sealed, api_key, sysroot, v);
}
