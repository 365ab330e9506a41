// SPDX-License-Identifier: GPL-2.0
/*
 * Cards at work; see service.h.
 *
 * Source: Linux drivers/s390/crypto/pkey_cca.c, pkey_ep11.c, pkey_api.c (which queues qualify, and the errors).
 */
#include <linux/random.h>

#include "bus.h"
#include "knobs.h"
#include "service.h"

/* The CPU's AES wrapping key; guarded by model_lock. */
static u8 wrapping_key[32];

int service_kind_of_type(u32 type, enum token_kind *ret)
{
	switch (type) {
	case 1:
		*ret = TOKEN_AESDATA;
		return 0;
	case 2:
		*ret = TOKEN_AESCIPHER;
		return 0;
	case 3:
		*ret = TOKEN_EP11;
		return 0;
	case 6:
		*ret = TOKEN_EP11_HDR;
		return 0;
	default:
		return -EINVAL;
	}
}

u32 service_type_of_kind(enum token_kind kind)
{
	static const u32 types[] = {
		[TOKEN_AESDATA] = 1,  [TOKEN_AESCIPHER] = 2, [TOKEN_EP11] = 3,	 [TOKEN_EP11_HDR] = 6,
		[TOKEN_PROTECTED] = 8, [TOKEN_CLEAR] = 8,    [TOKEN_PVSECRET] = 9,
	};

	return types[kind];
}

/* With separate handler modules a token that nobody handles looks like one without a card. */
static int handler_missing(enum token_kind kind)
{
	enum part part = PART_PKEY_PCKMO;

	if (!knob_split)
		return 0;
	if (token_is_cca(kind))
		part = PART_PKEY_CCA;
	else if (token_is_ep11(kind))
		part = PART_PKEY_EP11;
	return parts_running(part) ? 0 : -ENODEV;
}

static struct queue_filter filter_for(enum token_kind kind)
{
	struct queue_filter f = { .mode = AP_CCA, .min_hwtype = 9, .apqn = { AP_ANY, AP_ANY } };

	if (kind == TOKEN_AESCIPHER) {
		f.min_hwtype = 12;
	} else if (token_is_ep11(kind)) {
		f.mode = AP_EP11;
		f.min_hwtype = 13;
	}
	return f;
}

/* --- making ------------------------------------------------------------------------------------ */

/* A card is asked that may not be able to: what it answers then. */
static int generate_at(struct apqn apqn, struct token_order *order, u8 *ret)
{
	struct queue_filter f = filter_for(order->kind);
	struct ap_queue *queue = model_queue(apqn.card, apqn.domain);

	if (!queue || !queue->bound || queue->driver != AP_DRIVER_CEX || !model_queue_online(queue) ||
	    queue->card->mode != f.mode)
		return -ENODEV;
	model_used(queue);
	if (queue->card->hwtype < f.min_hwtype || queue->mk[MK_CUR].state != MK_FULL)
		return -EIO;
	order->mk = queue->mk[MK_CUR].key;
	return token_build(order, ret);
}

int service_generate(const struct apqn *apqns, size_t n, enum token_kind kind, u32 bits, u32 flags, const u8 *key,
		     u8 *ret, size_t *ret_size)
{
	u8 fresh[32], filling[TOKEN_RANDOM_SIZE];
	struct token_order order = {
		.kind = kind, .bits = bits, .pfv = knob_payload_format(), .kmf1 = AESCIPHER_KMF1_DEFAULT, .key = key ?: fresh, .random = filling,
	};
	struct queue_filter any = filter_for(kind);
	struct apqn found[MODEL_APQNS];
	size_t i;
	int r;

	if (bits != 128 && bits != 192 && bits != 256)
		return -EINVAL;
	r = handler_missing(kind);
	if (r == 0)
		r = knob_fail(KNOB_GENERATE);
	if (r < 0)
		return r;
	bus_wait_bindings();
	knob_delay();
	get_random_bytes(fresh, sizeof(fresh));
	get_random_bytes(filling, sizeof(filling));
	/* the low byte prohibits by setting, so it is taken away; the high one allows */
	order.kmf1 |= flags & 0xff00;
	order.kmf1 &= ~(flags & 0xff);

	mutex_lock(&model_lock);
	if (n == 0 || (n == 1 && apqns[0].card == AP_ANY && apqns[0].domain == AP_ANY)) {
		n = min_t(size_t, model_find(&any, found, ARRAY_SIZE(found)), ARRAY_SIZE(found));
		apqns = found;
	}
	r = -ENODEV;
	for (i = 0; i < n && r < 0; i++)
		r = generate_at(apqns[i], &order, ret);
	mutex_unlock(&model_lock);
	memzero_explicit(fresh, sizeof(fresh));
	if (r == 0)
		*ret_size = token_size(kind);
	return r;
}

/* --- finding ----------------------------------------------------------------------------------- */

/* Secure keys only: everything else has no queue. */
static int check_secure(const struct token *token)
{
	if (!token_is_cca(token->kind) && !token_is_ep11(token->kind))
		return -EINVAL;
	return handler_missing(token->kind);
}

static size_t find(const struct token *token, struct apqn where, enum mk_register reg, struct apqn *ret, size_t n)
{
	struct queue_filter f = filter_for(token->kind);
	size_t found;

	f.apqn = where;
	f.reg = reg;
	f.pattern = token->mkvp;
	f.pattern_size = token->mkvp_size;
	mutex_lock(&model_lock);
	found = model_find(&f, ret, n);
	mutex_unlock(&model_lock);
	return found;
}

static const struct apqn anywhere = { AP_ANY, AP_ANY };

int service_verify(const struct token *token, struct apqn *apqn, u32 *ret_match)
{
	struct ap_queue *queue;
	struct apqn found;
	int r = check_secure(token);

	if (r == 0)
		r = knob_fail(KNOB_VERIFY);
	if (r < 0)
		return r;
	bus_wait_bindings();
	knob_delay();
	if (find(token, *apqn, MK_CUR, &found, 1))
		*ret_match = PKEY_MATCH_CUR;
	else if (token_is_cca(token->kind) && find(token, *apqn, MK_OLD, &found, 1))
		*ret_match = PKEY_MATCH_ALT;
	else
		return -ENODEV;
	mutex_lock(&model_lock);
	queue = model_queue(found.card, found.domain);
	if (queue)
		model_used(queue);
	mutex_unlock(&model_lock);
	*apqn = found;
	return 0;
}

/* appends to @ret what is not in it yet */
static void merge(const struct apqn *from, size_t from_n, struct apqn *ret, size_t n, size_t *at)
{
	size_t i, j;

	for (i = 0; i < from_n; i++) {
		for (j = 0; j < min(*at, n); j++)
			if (ret[j].card == from[i].card && ret[j].domain == from[i].domain)
				break;
		if (j < min(*at, n))
			continue;
		if (*at < n)
			ret[*at] = from[i];
		(*at)++;
	}
}

int service_apqns_for_key(const struct token *token, u32 flags, struct apqn *ret, size_t n, size_t *ret_n)
{
	struct apqn cur[MODEL_APQNS], all[MODEL_APQNS];
	size_t found = 0;
	int r = check_secure(token);

	if (r == 0)
		r = knob_fail(KNOB_APQNS);
	if (r < 0)
		return r;
	if (token_is_ep11(token->kind) && flags != 0 && flags != PKEY_MATCH_CUR)
		return -EINVAL;
	if (flags & ~(PKEY_MATCH_CUR | PKEY_MATCH_ALT))
		return -EINVAL;
	bus_wait_bindings();
	if (flags == 0)
		flags = PKEY_MATCH_CUR | PKEY_MATCH_ALT;
	if (flags & PKEY_MATCH_CUR)
		merge(cur, min_t(size_t, find(token, anywhere, MK_CUR, cur, MODEL_APQNS), MODEL_APQNS), all,
		      MODEL_APQNS, &found);
	if (flags & PKEY_MATCH_ALT && token_is_cca(token->kind))
		merge(cur, min_t(size_t, find(token, anywhere, MK_OLD, cur, MODEL_APQNS), MODEL_APQNS), all,
		      MODEL_APQNS, &found);
	if (found == 0)
		return -ENODEV;
	*ret_n = min_t(size_t, found, MODEL_APQNS);
	memcpy(ret, all, min(*ret_n, n) * sizeof(*ret));
	return 0;
}

int service_apqns_for_kind(enum token_kind kind, u32 flags, const u8 *cur, const u8 *alt, struct apqn *ret, size_t n,
			   size_t *ret_n)
{
	struct queue_filter f = filter_for(kind);
	struct apqn found[MODEL_APQNS], all[MODEL_APQNS];
	size_t at = 0;
	int r = handler_missing(kind);

	if (r == 0)
		r = knob_fail(KNOB_APQNS);
	if (r < 0)
		return r;
	bus_wait_bindings();
	f.pattern_size = token_is_ep11(kind) ? 16 : 8;
	mutex_lock(&model_lock);
	if (flags == 0 || flags & PKEY_MATCH_CUR) {
		f.pattern = flags ? cur : NULL;
		f.reg = MK_CUR;
		merge(found, min_t(size_t, model_find(&f, found, MODEL_APQNS), MODEL_APQNS), all, MODEL_APQNS, &at);
	}
	if (flags & PKEY_MATCH_ALT && !token_is_ep11(kind)) {
		f.pattern = alt;
		f.reg = MK_OLD;
		merge(found, min_t(size_t, model_find(&f, found, MODEL_APQNS), MODEL_APQNS), all, MODEL_APQNS, &at);
	}
	mutex_unlock(&model_lock);
	if (at == 0)
		return -ENODEV;
	*ret_n = min_t(size_t, at, MODEL_APQNS);
	memcpy(ret, all, min(*ret_n, n) * sizeof(*ret));
	return 0;
}

/* --- unwrapping -------------------------------------------------------------------------------- */

static int unwrap_at(const struct token *token, struct apqn apqn, enum mk_register reg, struct clear_key *ret)
{
	struct ap_queue *queue;
	u32 bits = 0;
	int r = -ENODEV;

	mutex_lock(&model_lock);
	queue = model_queue(apqn.card, apqn.domain);
	if (queue) {
		model_used(queue);
		r = token_open(token, queue->mk[reg].key, ret->key, &bits);
	}
	mutex_unlock(&model_lock);
	ret->size = bits / 8;
	ret->xts = false;
	return r;
}

static bool listed(struct apqn apqn, const struct apqn *apqns, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if ((apqns[i].card == AP_ANY || apqns[i].card == apqn.card) &&
		    (apqns[i].domain == AP_ANY || apqns[i].domain == apqn.domain))
			return true;
	return n == 0;
}

static int unwrap_secure(const struct token *token, const struct apqn *apqns, size_t n, struct clear_key *ret)
{
	static const enum mk_register order[] = { MK_CUR, MK_OLD };
	struct apqn found[MODEL_APQNS];
	size_t count, i, k, registers = token_is_ep11(token->kind) ? 1 : 2;
	int r = -ENODEV;

	bus_wait_bindings();
	knob_delay();
	for (k = 0; k < registers && r < 0; k++) {
		count = min_t(size_t, find(token, anywhere, order[k], found, MODEL_APQNS), MODEL_APQNS);
		for (i = 0; i < count && r < 0; i++)
			if (listed(found[i], apqns, n))
				r = unwrap_at(token, found[i], order[k], ret);
	}
	return r;
}

/* Encrypts or decrypts whole blocks; 192-bit keys have half a block at the end, which is left to a mask. */
static void hide(const u8 *from, u32 size, u8 *to, bool encrypt)
{
	u8 mask[16] = { 0xa5 };
	u32 at, i;

	for (at = 0; at + 16 <= size; at += 16)
		if (encrypt)
			aes256_encrypt_block(wrapping_key, from + at, to + at);
		else
			aes256_decrypt_block(wrapping_key, from + at, to + at);
	aes256_encrypt_block(wrapping_key, mask, mask);
	for (i = 0; at + i < size; i++)
		to[at + i] = from[at + i] ^ mask[i];
}

static int unwrap_protected(const struct token *token, struct clear_key *ret)
{
	u8 pattern[32];
	int r = 0;

	ret->size = token->bits / 8;
	ret->xts = token->keytype >= 10;
	mutex_lock(&model_lock);
	sha256_of(wrapping_key, sizeof(wrapping_key), pattern);
	if (memcmp(pattern, token->data + 16 + ret->size, sizeof(pattern)))
		r = -EKEYREJECTED;
	else
		hide(token->data + 16, ret->size, ret->key, false);
	mutex_unlock(&model_lock);
	return r;
}

int service_unwrap(const struct token *token, const struct apqn *apqns, size_t n, struct clear_key *ret)
{
	int r = handler_missing(token->kind);

	if (r == 0)
		r = knob_fail(KNOB_UNWRAP);
	if (r < 0)
		return r;
	switch (token->kind) {
	case TOKEN_CLEAR:
		ret->size = token->bits / 8;
		ret->xts = token->keytype >= 10;
		memcpy(ret->key, token->data + 16, ret->size);
		return 0;
	case TOKEN_PROTECTED:
		return unwrap_protected(token, ret);
	case TOKEN_PVSECRET:
		return -ENODEV;
	default:
		return unwrap_secure(token, apqns, n, ret);
	}
}

void service_protect(const struct clear_key *clear, u8 *ret, u32 *ret_size)
{
	mutex_lock(&model_lock);
	hide(clear->key, clear->size, ret, true);
	sha256_of(wrapping_key, sizeof(wrapping_key), ret + clear->size);
	mutex_unlock(&model_lock);
	*ret_size = clear->size + 32;
}

void service_new_wrapping_key(void)
{
	mutex_lock(&model_lock);
	get_random_bytes(wrapping_key, sizeof(wrapping_key));
	mutex_unlock(&model_lock);
}
