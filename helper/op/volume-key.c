/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/volume-key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cex/derive.h"
#include "luks/volume-key.h"

#define MASTER_KEY_TEXT 16 /* digits of a master key's pattern that a line shows: all of a CCA one */

void volume_key_done(struct volume_key *key)
{
	secret_free(take_ptr(key->key));
}

/* What needs no card: good to know, for the caller to judge. */
static enum outcome not_secure(struct verdict *v, const char *why)
{
	return verdict_set(v, OUTCOME_OK, "the volume key is no secure key: %s", why);
}

/* What no card would take, whatever it was. */
static enum outcome broken(struct verdict *v, const char *why)
{
	return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "the volume key is broken: %s", why);
}

static enum outcome classify(struct volume_key *key, struct verdict *v)
{
	struct cex_reason reason = { "" };
	int r = cex_keyblob_parse(key->key, key->cipher, &key->blob, &reason);

	if (r < 0)
		return verdict_errno(v, r, "volume key");
	if (r == CEX_KEY_NOT_SECURE)
		return not_secure(v, reason.text);
	if (r != 0)
		return broken(v, reason.text);
	if (!cex_keyblob_is_secure(&key->blob)) {
		(void)snprintf(reason.text, sizeof(reason.text), "a %s needs no card",
			       cex_key_kind_text(key->blob.kind));
		return not_secure(v, reason.text);
	}
	if (key->blob.session_bound)
		return broken(v, "bound to an EP11 session, it dies with that");
	/* Kernel and zkey don't look; the card does, and says no more than "error". */
	if (key->blob.tvv_wrong)
		return broken(v, "its checksum (TVV) is wrong");
	key->secure = true;
	return verdict_set(v, OUTCOME_OK, "%s", cex_key_kind_text(key->blob.kind));
}

enum outcome volume_key_take(struct secret *secret, const char *cipher, struct volume_key *ret,
			     struct verdict *v)
{
	*ret = (struct volume_key){ .key = secret };
	if (!cex_cipher_parse(cipher, &ret->cipher))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "%s is no cipher for secure keys",
				   cipher);
	return classify(ret, v);
}

enum outcome volume_key_read(struct luks_header *header, int keyslot,
			     const struct secret *passphrase, struct volume_key *ret,
			     struct verdict *v)
{
	struct luks_reason reason = { "" };
	struct secret *secret = NULL;
	char object[32];
	int r;

	*ret = (struct volume_key){ 0 };
	(void)snprintf(object, sizeof(object), "keyslot %d", keyslot);
	if (!luks_header_is_paes(header))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "%s is no cipher for secure keys",
				   luks_header_cipher(header));
	r = luks_volume_key_get(header, keyslot, passphrase, &secret, &reason);
	if (r != 0)
		return verdict_luks(v, r, object, &reason);
	return volume_key_take(secret, luks_header_cipher(header), ret, v);
}

static bool has_it_new(const struct cex_bus *bus, const struct cex_mkvp *mkvp)
{
	for (size_t i = 0; i < bus->n_cards; i++)
		for (size_t j = 0; j < bus->cards[i].n_queues; j++)
			if (cex_mkvp_equal(&bus->cards[i].queues[j].masters.keys[CEX_REGISTER_NEW].mkvp,
					   mkvp))
				return true;
	return false;
}

/* "wants master key 0123456789abcdef: 00.0047 has fedcba9876543210" */
static enum outcome cannot_use(const struct volume_key *key, const struct cex_bus *bus,
			       enum cex_condition condition, const struct cex_reason *reason,
			       struct verdict *v)
{
	char wanted[CEX_MKVP_TEXT];
	enum outcome o = verdict_cex(v, condition, reason);

	cex_mkvp_text(&key->blob.mkvp, wanted);
	switch (condition) {
	case CEX_NO_CARD:
	case CEX_CARD_WRONG_MODE:
	case CEX_QUEUE_IN_USE:
	case CEX_CARD_OFFLINE:
	case CEX_MASTER_KEY_NOT_SET:
	case CEX_MASTER_KEY_UNKNOWN:
		verdict_set(v, o, "wants master key %.*s: %s", MASTER_KEY_TEXT, wanted, reason->text);
		/* The domain is the right one already. */
		return has_it_new(bus, &key->blob.mkvp) ? verdict_hint(v, "set the master key") : o;
	default:
		return o;
	}
}

/* sysfs found a queue, the kernel did not. */
static enum outcome kernel_finds_none(const struct volume_key *key, const struct cex_modules *modules,
				      const struct cex_apqn *apqn, struct verdict *v)
{
	bool ep11 = cex_key_kind_mode(key->blob.kind) == CEX_MODE_EP11;
	enum cex_module handler = ep11 ? CEX_MODULE_PKEY_EP11 : CEX_MODULE_PKEY_CCA;
	char name[CEX_APQN_SIZE];

	cex_apqn_text(apqn, name);
	/* Without its handler the kernel says "no such device" to every key. */
	if (modules->states[handler] != CEX_MODULE_PRESENT &&
	    modules->states[handler] != CEX_MODULE_MONOLITHIC)
		return verdict_set(v, OUTCOME_MODULE_MISSING, "%s could, but %s is not loaded", name,
				   cex_module_name(handler));
	return verdict_set(v, OUTCOME_CARD_OFFLINE, "%s was there and is gone", name);
}

/* The kernel's word, after sysfs said that @apqn has the master key. */
static enum outcome ask_kernel(const struct volume_key *key, const char *sysroot,
			       const struct cex_modules *modules, const struct cex_apqn *apqn,
			       struct cex_verified *ret, struct verdict *v)
{
	_cleanup_cex_pkey_ struct cex_pkey *pkey = NULL;
	struct cex_reason reason = { "" };
	char name[CEX_APQN_SIZE];
	int r = cex_pkey_open(sysroot, NULL, &pkey);

	if (r == CEX_MODULE_MISSING)
		return verdict_set(v, OUTCOME_MODULE_MISSING, "/dev/pkey is not there: module pkey");
	if (r == 0)
		r = cex_pkey_verify(pkey, key->key, &key->blob, NULL, ret);
	if (r < 0)
		return verdict_errno(v, r, "/dev/pkey");
	if (r == CEX_NO_QUEUE)
		return kernel_finds_none(key, modules, apqn, v);
	if (r != 0) {
		cex_apqn_text(apqn, name);
		(void)cex_because(&reason, (enum cex_condition)r, "%s has the master key, but: %s", name,
				  cex_condition_text((enum cex_condition)r));
		return verdict_cex(v, (enum cex_condition)r, &reason);
	}
	cex_apqn_text(&ret->apqn, name);
	return verdict_set(v, OUTCOME_OK, "%s%s", name, ret->old ? " has it as old master key" : "");
}

enum outcome volume_key_verify(const struct volume_key *key, const char *sysroot,
			       struct cex_verified *ret, struct verdict *v)
{
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_verified verified;
	struct cex_modules modules = { .states = { CEX_MODULE_UNKNOWN } };
	struct cex_reason reason = { "" };
	enum cex_condition found;
	struct cex_apqn apqn = { 0 };
	struct cex_want want;
	enum outcome o;
	int r;

	if (!key->secure)
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY, "the volume key is no secure key");
	r = cex_bus_load(sysroot, &bus);
	if (r == 0)
		r = cex_modules_load(sysroot, &modules);
	if (r < 0)
		return verdict_errno(v, r, "cannot look at the AP bus");
	want = cex_want_make(key->blob.kind, &key->blob.mkvp);
	found = cex_find(bus, &modules, &want, &apqn, &reason);
	if (found != CEX_OK && found != CEX_MASTER_KEY_OLD)
		return cannot_use(key, bus, found, &reason, v);
	o = ask_kernel(key, sysroot, &modules, &apqn, &verified, v);
	if (o == OUTCOME_OK && ret)
		*ret = verified;
	return o;
}

static size_t count_queues(const struct cex_bus *bus, const struct cex_want *want)
{
	size_t n = 0;

	for (size_t i = 0; i < bus->n_cards; i++)
		for (size_t j = 0; j < bus->cards[i].n_queues; j++) {
			enum cex_condition found = cex_queue_judge(bus, &bus->cards[i], &bus->cards[i].queues[j], want);

			n += found == CEX_OK || found == CEX_MASTER_KEY_OLD;
		}
	return n;
}

enum outcome volume_key_judge(const struct volume_key *key, const struct cex_bus *bus, bool *ret_old, size_t *ret_n,
			      struct verdict *v)
{
	const struct cex_want want = cex_want_make(key->blob.kind, &key->blob.mkvp);
	struct cex_reason reason = { "" };
	struct cex_apqn apqn = { 0 };
	enum cex_condition found = cex_find(bus, NULL, &want, &apqn, &reason);

	if (found != CEX_OK && found != CEX_MASTER_KEY_OLD)
		return cannot_use(key, bus, found, &reason, v);
	*ret_old = found == CEX_MASTER_KEY_OLD;
	*ret_n = count_queues(bus, &want);
	return OUTCOME_OK;
}

size_t volume_key_count_queues(const struct volume_key *key, const char *sysroot)
{
	const struct cex_want want = cex_want_make(key->blob.kind, &key->blob.mkvp);
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;

	return cex_bus_load(sysroot, &bus) < 0 ? 0 : count_queues(bus, &want);
}

enum outcome volume_key_refused(const char *sysroot, const char *why, struct verdict *v)
{
	struct cex_modules modules = { .states = { CEX_MODULE_UNKNOWN } };

	if (cex_modules_load(sysroot, &modules) == 0 &&
	    modules.states[CEX_MODULE_PAES_S390] == CEX_MODULE_ABSENT)
		return verdict_set(v, OUTCOME_MODULE_MISSING, "kernel module %s is not loaded",
				   cex_module_name(CEX_MODULE_PAES_S390));
	return verdict_set(v, OUTCOME_DEVICE_MAPPER, "a card could, but %s",
			   why[0] ? why : "the kernel takes the key not");
}

/* What the paes cipher said to @key. */
static enum outcome cipher_failed(const struct volume_key *key, int r, const char *what, struct verdict *v)
{
	struct cex_reason reason = { "" };

	if (r < 0)
		return verdict_errno(v, r, what);
	if (r == CEX_MODULE_MISSING)
		return verdict_set(v, OUTCOME_MODULE_MISSING,
				   "the kernel has no %s(paes): paes_s390 or algif_skcipher",
				   key->cipher == CEX_CIPHER_XTS ? "xts" : "cbc");
	/* Kernels up to 6.15 say EINVAL to everything, also to a card that is busy. */
	(void)cex_because(&reason, (enum cex_condition)r, "the cipher takes the key not, or not now: %s",
			  cex_condition_text((enum cex_condition)r));
	return verdict_cex(v, r == CEX_REFUSED ? CEX_BUSY : (enum cex_condition)r, &reason);
}

enum outcome volume_key_pattern(const struct volume_key *key, char ret[static CEX_PATTERN_SIZE],
				struct verdict *v)
{
	int r = cex_pattern_compute(key->key, key->cipher, ret);

	return r == 0 ? verdict_set(v, OUTCOME_OK, "%s", ret) : cipher_failed(key, r, "verification pattern", v);
}

enum outcome volume_key_derive(const struct volume_key *key, const char *label, const unsigned char *salt,
			       struct secret **ret, struct verdict *v)
{
	int r = cex_derive(key->key, key->cipher, label, salt, ret);

	return r == 0 ? verdict_set(v, OUTCOME_OK, "derived") : cipher_failed(key, r, "derived key", v);
}
