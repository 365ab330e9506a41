/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making keys: GENSECK2 and CLR2SECK2, and GENSECK for kernels before 5.4. */
#include <errno.h>
#include <string.h>

#include "cex/pkey-abi.h"
#include "cex/pkey-device.h"
#include "cex/pkey.h"

/* One token to be made: random (@clear NULL) or around bytes of the caller. */
struct order {
	const struct cex_new_key *what;
	struct cex_apqns apqns;
	const unsigned char *clear; /* bits / 8 bytes */
	unsigned char *token;	    /* cex_key_kind_token_size() bytes, zeros */
};

static int generate_old_way(struct cex_pkey *pkey, struct order *order, const struct cex_apqn *apqn)
{
	struct pkey_genseck call = {
		.cardnr = apqn->card,
		.domain = apqn->domain,
		.keytype = pkey_keytype_of(order->what->bits),
	};
	int r = pkey_call(pkey, "GENSECK", PKEY_GENSECK, &call);

	if (r == 0)
		memcpy(order->token, call.seckey, sizeof(call.seckey));
	secret_wipe(&call, sizeof(call));
	return r;
}

/* The old call takes one queue; the errno of the last one counts, as with the new calls. */
static int make_old_way(struct cex_pkey *pkey, struct order *order)
{
	int r = CEX_NO_QUEUE;

	if (order->clear || order->what->kind != CEX_KEY_CCA_AESDATA)
		return CEX_NOT_SUPPORTED;
	for (size_t i = 0; i < order->apqns.n && r != 0; i++)
		r = generate_old_way(pkey, order, &order->apqns.list[i]);
	return r;
}

static struct pkey_wish wish_of(struct order *order)
{
	return (struct pkey_wish){
		.apqns = order->apqns.list,
		.apqn_entries = (uint32_t)order->apqns.n,
		.type = pkey_type_of(order->what->kind),
		.size = order->what->bits,
		.keygenflags = order->what->flags,
	};
}

/* @len: room for the token, then its length. */
static int generate(struct cex_pkey *pkey, struct order *order, uint32_t *len)
{
	struct pkey_genseck2 call = { wish_of(order), order->token, *len };
	int r = pkey_call(pkey, "GENSECK2", PKEY_GENSECK2, &call);

	*len = call.keylen;
	return r;
}

static int wrap(struct cex_pkey *pkey, struct order *order, uint32_t *len)
{
	struct pkey_clr2seck2 call = { .wish = wish_of(order), .key = order->token, .keylen = *len };
	int r;

	memcpy(call.clrkey, order->clear, order->what->bits / 8);
	r = pkey_call(pkey, "CLR2SECK2", PKEY_CLR2SECK2, &call);
	*len = call.keylen;
	secret_wipe(&call, sizeof(call));
	return r;
}

static int make_token(struct cex_pkey *pkey, struct order *order)
{
	size_t size = cex_key_kind_token_size(order->what->kind);
	uint32_t len = (uint32_t)size;
	struct cex_keyblob blob;
	int r;

	r = order->clear ? wrap(pkey, order, &len) : generate(pkey, order, &len);
	if (r == CEX_NOT_SUPPORTED)
		r = make_old_way(pkey, order);
	else if (r == 0 && (len > size || len < 8))
		return CEX_CARD_ERROR;
	if (r)
		return r;
	/* What we could not read back at the next boot must not become a volume key. */
	r = cex_keyblob_parse_bytes(order->token, size, CEX_CIPHER_CBC, &blob, NULL);
	return r == 0 && blob.kind == order->what->kind ? 0 : CEX_CARD_ERROR;
}

/* The second half goes where the first one's master key is current, or the pair would be of two keys. */
static int narrow(struct cex_pkey *pkey, const struct secret *key, struct order *order)
{
	struct cex_apqns holders, both = { .n = 0 };
	struct cex_keyblob blob;
	int r;

	r = cex_keyblob_parse_bytes(order->token, cex_key_kind_token_size(order->what->kind),
				    CEX_CIPHER_CBC, &blob, NULL);
	if (r)
		return r;
	r = cex_pkey_queues_for_key(pkey, key, &blob, false, &holders);
	if (r == CEX_NOT_SUPPORTED)
		return 0; /* an old kernel: the check of the finished pair decides */
	if (r)
		return r;
	for (size_t i = 0; i < order->apqns.n; i++)
		if (cex_apqns_have(&holders, &order->apqns.list[i]))
			both.list[both.n++] = order->apqns.list[i];
	order->apqns = both;
	return both.n ? 0 : CEX_NO_QUEUE;
}

static int make_key(struct cex_pkey *pkey, const struct cex_new_key *what,
		    const struct cex_apqns *apqns, const unsigned char *clear, struct secret **ret)
{
	struct order order = { .what = what, .apqns = *apqns, .clear = clear };
	size_t size = cex_key_kind_token_size(what->kind);
	bool pair = what->cipher == CEX_CIPHER_XTS;
	_cleanup_secret_ struct secret *key = NULL;
	struct cex_keyblob blob;
	int r;

	if (!pkey_type_of(what->kind) || !pkey_keytype_of(what->bits) || !apqns->n ||
	    (pair && what->bits == 192))
		return -EINVAL;
	r = secret_new(size * (pair ? 2 : 1), &key);
	if (r < 0)
		return r;
	order.token = secret_data(key);
	r = make_token(pkey, &order);
	if (r == 0 && pair) {
		r = narrow(pkey, key, &order);
		if (r)
			return r;
		order.token += size;
		order.clear = clear ? clear + what->bits / 8 : NULL;
		r = make_token(pkey, &order);
	}
	if (r)
		return r;
	/* A single CCA-AESDATA token has a size that XTS takes for clear bytes, hence the cipher. */
	if (cex_keyblob_parse(key, what->cipher, &blob, NULL) != 0)
		return CEX_CARD_ERROR;
	*ret = take_ptr(key);
	return 0;
}

int cex_pkey_generate(struct cex_pkey *pkey, const struct cex_new_key *what,
		      const struct cex_apqns *apqns, struct secret **ret)
{
	return make_key(pkey, what, apqns, NULL, ret);
}

int cex_pkey_wrap_clear(struct cex_pkey *pkey, const struct cex_new_key *what,
			const struct cex_apqns *apqns, const struct secret *clear,
			struct secret **ret)
{
	size_t len = what->bits / 8;

	if (secret_len(clear) != (what->cipher == CEX_CIPHER_XTS ? 2 * len : len))
		return -EINVAL;
	return make_key(pkey, what, apqns, secret_bytes(clear), ret);
}
