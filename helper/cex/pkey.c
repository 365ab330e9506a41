/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about keys: VERIFYKEY2, APQNS4K, APQNS4KT. Making keys is in pkey-make.c. */
#include "cex/pkey.h"

#include <errno.h>
#include <string.h>

#include "cex/pkey-abi.h"
#include "cex/pkey-device.h"

/* Before 5.4, and for CCA-AESDATA only. */
static int verify_old_way(struct cex_pkey *pkey, const unsigned char *token,
			  const struct cex_keyblob *blob, const struct cex_apqn *apqn,
			  struct cex_verified *ret)
{
	struct pkey_verifykey call = { 0 };
	struct cex_apqn found;
	int r;

	if (blob->kind != CEX_KEY_CCA_AESDATA)
		return CEX_NOT_SUPPORTED;
	memcpy(call.seckey, token, sizeof(call.seckey));
	r = pkey_call(pkey, "VERIFYKEY", PKEY_VERIFYKEY, &call);
	if (r)
		return r;
	/* It finds a queue by itself and cannot be told which. */
	found = (struct cex_apqn){ call.cardnr, call.domain };
	if (apqn && !cex_apqn_equal(apqn, &found))
		return CEX_NO_QUEUE;
	*ret = (struct cex_verified){ .apqn = found,
				      .old = call.attributes & PKEY_VERIFY_ATTR_OLD,
				      .bits = call.keysize };
	return 0;
}

static int verify_token(struct cex_pkey *pkey, const unsigned char *token,
			const struct cex_keyblob *blob, const struct cex_apqn *apqn,
			struct cex_verified *ret)
{
	struct pkey_verifykey2 call = {
		.key = token,
		.keylen = (uint32_t)blob->token_size,
		.cardnr = apqn ? apqn->card : CEX_APQN_ANY,
		.domain = apqn ? apqn->domain : CEX_APQN_ANY,
	};
	int r = pkey_call(pkey, "VERIFYKEY2", PKEY_VERIFYKEY2, &call);

	if (r == CEX_NOT_SUPPORTED)
		return verify_old_way(pkey, token, blob, apqn, ret);
	if (r)
		return r;
	/* A kernel that calls it another kind of key than we do has not verified what we read. */
	if (call.type != pkey_type_of(blob->kind) || !(call.flags & (PKEY_MATCH_CUR | PKEY_MATCH_OLD)))
		return CEX_REFUSED;
	*ret = (struct cex_verified){
		.apqn = { call.cardnr, call.domain },
		.old = !(call.flags & PKEY_MATCH_CUR),
		.bits = call.size == PKEY_SIZE_UNKNOWN ? 0 : call.size,
	};
	return 0;
}

int cex_pkey_verify(struct cex_pkey *pkey, const struct secret *key, const struct cex_keyblob *blob,
		    const struct cex_apqn *apqn, struct cex_verified *ret)
{
	const unsigned char *token = secret_bytes(key);
	struct cex_verified first, second;
	int r;

	if (!cex_keyblob_is_secure(blob) ||
	    secret_len(key) != blob->token_size * (blob->pair ? 2 : 1))
		return -EINVAL;
	r = verify_token(pkey, token, blob, apqn, &first);
	if (r)
		return r;
	if (blob->pair) {
		r = verify_token(pkey, token + blob->token_size, blob, apqn, &second);
		if (r)
			return r;
		if (second.bits != first.bits)
			return CEX_REFUSED;
		/* Both halves name one master key: it was changed between the two calls. */
		if (second.old != first.old)
			return CEX_BUSY;
	}
	*ret = first;
	return 0;
}

/* The count comes from outside; ENOSPC says that there are more than we asked for, which is enough. */
static int take_list(int r, uint32_t n, struct cex_apqns *list, struct cex_apqns *ret)
{
	if (r == -ENOSPC)
		r = 0;
	if (r)
		return r;
	if (!n)
		return CEX_NO_QUEUE; /* as its documentation says; current code says ENODEV */
	list->n = n > LIMIT_AP_APQNS ? LIMIT_AP_APQNS : n;
	*ret = *list;
	return 0;
}

int cex_pkey_queues_for_key(struct cex_pkey *pkey, const struct secret *key,
			    const struct cex_keyblob *blob, bool old, struct cex_apqns *ret)
{
	struct cex_apqns list = { .n = 0 };
	struct pkey_apqns4key call = {
		.key = secret_bytes(key),
		.keylen = (uint32_t)blob->token_size,
		.flags = old ? PKEY_MATCH_OLD : PKEY_MATCH_CUR,
		.apqns = list.list,
		.apqn_entries = LIMIT_AP_APQNS,
	};
	int r;

	if (!cex_keyblob_is_secure(blob) || secret_len(key) < blob->token_size)
		return -EINVAL;
	if (old && cex_key_kind_mode(blob->kind) == CEX_MODE_EP11)
		return CEX_NO_QUEUE; /* EP11 has no old wrapping key, and the kernel says EINVAL */
	r = pkey_call(pkey, "APQNS4K", PKEY_APQNS4K, &call);
	return take_list(r, call.apqn_entries, &list, ret);
}

int cex_pkey_queues_for_kind(struct cex_pkey *pkey, enum cex_key_kind kind, struct cex_apqns *ret)
{
	struct cex_apqns list = { .n = 0 };
	struct pkey_apqns4keytype call = {
		.type = pkey_type_of(kind),
		.apqns = list.list,
		.apqn_entries = LIMIT_AP_APQNS,
	};
	int r;

	if (!call.type)
		return -EINVAL;
	r = pkey_call(pkey, "APQNS4KT", PKEY_APQNS4KT, &call);
	return take_list(r, call.apqn_entries, &list, ret);
}
