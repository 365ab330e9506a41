// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/pkey: ioctls taken apart and put together again; what they mean is in service.c.
 *
 * Source: Linux drivers/s390/crypto/pkey_api.c.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "knobs.h"
#include "pkey-device.h"
#include "pkey-ioctl.h"
#include "service.h"

#define KEYBLOB_MIN	     8
#define KEYBLOB_MAX	     8192
#define VERIFY_ATTR_AES	     0x0001
#define VERIFY_ATTR_OLD_MKVP 0x0100
#define SIZE_UNKNOWN	     0xffffffff

static int keytype_bits(u32 keytype)
{
	return keytype >= 1 && keytype <= 3 ? (int)(64 + 64 * keytype) : -EINVAL;
}

/* Protected keys in the old interface name their type by size. */
static u32 keytype_of(const struct clear_key *clear)
{
	if (clear->xts)
		return clear->size == 32 ? 10 : 11;
	return clear->size / 8 - 1;
}

/* --- arguments --------------------------------------------------------------------------------- */

static u8 *blob_take(u64 user, u32 size)
{
	if (!user || size < KEYBLOB_MIN || size > KEYBLOB_MAX)
		return ERR_PTR(-EINVAL);
	return memdup_user(u64_to_user_ptr(user), size);
}

static int apqns_take(u64 user, u32 n, struct apqn *ret)
{
	if (!user || n == 0)
		return 0;
	if (n > MODEL_APQNS)
		return -EINVAL;
	if (copy_from_user(ret, u64_to_user_ptr(user), n * sizeof(*ret)))
		return -EFAULT;
	return n;
}

/* 0 entries given: only the number is wanted; too few: ENOSPC with the number */
static int apqns_give(const struct apqn *apqns, size_t n, u64 user, u32 *entries)
{
	u32 room = *entries;

	*entries = n;
	if (room == 0)
		return 0;
	if (room < n)
		return -ENOSPC;
	if (!user)
		return -EINVAL;
	return copy_to_user(u64_to_user_ptr(user), apqns, n * sizeof(*apqns)) ? -EFAULT : 0;
}

static int key_give(const u8 *key, size_t size, u64 user, u32 *keylen)
{
	if (!user || *keylen < size)
		return -EINVAL;
	*keylen = size;
	return copy_to_user(u64_to_user_ptr(user), key, size) ? -EFAULT : 0;
}

static int protkey_fill(const struct clear_key *clear, struct pkey_protkey *ret)
{
	if (clear->size + 32 > sizeof(ret->key))
		return -EINVAL;
	memset(ret, 0, sizeof(*ret));
	ret->type = keytype_of(clear);
	service_protect(clear, ret->key, &ret->len);
	return 0;
}

/* --- old ioctls, which know AESDATA only -------------------------------------------------------- */

static int generate_old(u16 card, u16 domain, u32 keytype, const u8 *clear, struct pkey_seckey *ret)
{
	struct apqn apqn = { card, domain };
	u8 token[TOKEN_SIZE_MAX];
	size_t size;
	int bits = keytype_bits(keytype), r;

	if (bits < 0)
		return bits;
	r = service_generate(&apqn, 1, TOKEN_AESDATA, bits, 0, clear, token, &size);
	if (r == 0)
		memcpy(ret->token, token, sizeof(ret->token));
	return r;
}

static int do_genseck(void *arg)
{
	struct pkey_genseck *a = arg;

	return generate_old(a->card, a->domain, a->keytype, NULL, &a->seckey);
}

static int do_clr2seck(void *arg)
{
	struct pkey_clr2seck *a = arg;

	return generate_old(a->card, a->domain, a->keytype, a->clrkey, &a->seckey);
}

static int unwrap_old(const struct pkey_seckey *seckey, const struct apqn *apqn, struct pkey_protkey *ret)
{
	struct clear_key clear;
	struct token token;
	int r = token_parse(seckey->token, sizeof(seckey->token), &token);

	if (r < 0 || token.kind != TOKEN_AESDATA)
		return -EINVAL;
	r = service_unwrap(&token, apqn, apqn ? 1 : 0, &clear);
	if (r == 0)
		r = protkey_fill(&clear, ret);
	memzero_explicit(&clear, sizeof(clear));
	return r;
}

static int do_sec2protk(void *arg)
{
	struct pkey_sec2protk *a = arg;
	struct apqn apqn = { a->card, a->domain };

	return unwrap_old(&a->seckey, &apqn, &a->protkey);
}

static int do_skey2pkey(void *arg)
{
	struct pkey_skey2pkey *a = arg;

	return unwrap_old(&a->seckey, NULL, &a->protkey);
}

static int protect_clear(u32 keytype, const u8 *key, struct pkey_protkey *ret)
{
	struct clear_key clear = { 0 };
	int bits = keytype_bits(keytype), r;

	if (bits < 0)
		return bits;
	clear.size = bits / 8;
	memcpy(clear.key, key, clear.size);
	r = protkey_fill(&clear, ret);
	memzero_explicit(&clear, sizeof(clear));
	return r;
}

static int do_clr2protk(void *arg)
{
	struct pkey_clr2protk *a = arg;

	return protect_clear(a->keytype, a->clrkey, &a->protkey);
}

static int do_genprotk(void *arg)
{
	struct pkey_genprotk *a = arg;
	u8 key[32];
	int r;

	get_random_bytes(key, sizeof(key));
	r = protect_clear(a->keytype, key, &a->protkey);
	memzero_explicit(key, sizeof(key));
	return r;
}

/* The old form of a protected key, put into a token. */
static int do_verifyprotk(void *arg)
{
	const struct pkey_protkey *p = &((struct pkey_verprotk *)arg)->protkey;
	struct clear_key clear;
	struct token token;
	u8 data[80] = { 0, 0, 0, 0, 1 };
	int r;

	if (keytype_bits(p->type) < 0)
		return -EINVAL;
	be32_put(data + 8, p->type);
	be32_put(data + 12, p->len);
	memcpy(data + 16, p->key, sizeof(p->key));
	r = token_parse(data, sizeof(data), &token);
	if (r == 0)
		r = service_unwrap(&token, NULL, 0, &clear);
	memzero_explicit(&clear, sizeof(clear));
	return r;
}

static int verify_old(const struct pkey_seckey *seckey, struct apqn *apqn, u32 *ret_match, u32 *ret_bits)
{
	struct token token;
	int r = token_parse(seckey->token, sizeof(seckey->token), &token);

	if (r < 0 || token.kind != TOKEN_AESDATA)
		return -EINVAL;
	*apqn = (struct apqn){ AP_ANY, AP_ANY };
	*ret_bits = token.bits;
	return service_verify(&token, apqn, ret_match);
}

static int do_findcard(void *arg)
{
	struct pkey_findcard *a = arg;
	struct apqn apqn;
	u32 match, bits;
	int r = verify_old(&a->seckey, &apqn, &match, &bits);

	if (r == 0) {
		a->card = apqn.card;
		a->domain = apqn.domain;
	}
	return r;
}

static int do_verifykey(void *arg)
{
	struct pkey_verkey *a = arg;
	struct apqn apqn;
	u32 match, bits;
	int r = verify_old(&a->seckey, &apqn, &match, &bits);

	if (r == 0) {
		a->card = apqn.card;
		a->domain = apqn.domain;
		a->keysize = bits;
		a->attributes = VERIFY_ATTR_AES | (match == PKEY_MATCH_ALT ? VERIFY_ATTR_OLD_MKVP : 0);
	}
	return r;
}

/* --- any token --------------------------------------------------------------------------------- */

static int unwrap_blob(u64 user, u32 size, u64 apqns_user, u32 apqns_n, struct clear_key *ret)
{
	struct apqn apqns[MODEL_APQNS];
	struct token token;
	int n = apqns_take(apqns_user, apqns_n, apqns), r;
	u8 *blob;

	if (n < 0)
		return n;
	blob = blob_take(user, size);
	if (IS_ERR(blob))
		return PTR_ERR(blob);
	r = token_parse(blob, size, &token);
	if (r == 0)
		r = service_unwrap(&token, apqns, n, ret);
	kfree_sensitive(blob);
	return r;
}

static int do_kblob2protk(void *arg)
{
	struct pkey_kblob2pkey *a = arg;
	struct clear_key clear;
	int r = unwrap_blob(a->key, a->keylen, 0, 0, &clear);

	if (r == 0)
		r = protkey_fill(&clear, &a->protkey);
	memzero_explicit(&clear, sizeof(clear));
	return r;
}

static int do_kblob2protk2(void *arg)
{
	struct pkey_kblob2pkey2 *a = arg;
	struct clear_key clear;
	int r = unwrap_blob(a->key, a->keylen, a->apqns, a->apqn_entries, &clear);

	if (r == 0)
		r = protkey_fill(&clear, &a->protkey);
	memzero_explicit(&clear, sizeof(clear));
	return r;
}

static int do_kblob2protk3(void *arg)
{
	struct pkey_kblob2pkey3 *a = arg;
	struct clear_key clear;
	u8 key[64 + 32];
	u32 size;
	int r = unwrap_blob(a->key, a->keylen, a->apqns, a->apqn_entries, &clear);

	if (r < 0)
		return r;
	a->pkeytype = keytype_of(&clear);
	service_protect(&clear, key, &size);
	memzero_explicit(&clear, sizeof(clear));
	if (a->pkey && a->pkeylen)
		return key_give(key, size, a->pkey, &a->pkeylen);
	a->pkeylen = size;
	return 0;
}

static int generate(u64 apqns_user, u32 apqns_n, u32 type, u32 bits, u32 flags, const u8 *clear, u64 key_user,
		    u32 *keylen)
{
	struct apqn apqns[MODEL_APQNS];
	u8 token[TOKEN_SIZE_MAX];
	enum token_kind kind;
	size_t size;
	int n = apqns_take(apqns_user, apqns_n, apqns), r;

	if (n < 0)
		return n;
	r = service_kind_of_type(type, &kind);
	if (r < 0)
		return r;
	r = service_generate(apqns, n, kind, bits, flags, clear, token, &size);
	return r < 0 ? r : key_give(token, size, key_user, keylen);
}

static int do_genseck2(void *arg)
{
	struct pkey_genseck2 *a = arg;

	return generate(a->apqns, a->apqn_entries, a->type, a->size, a->keygenflags, NULL, a->key, &a->keylen);
}

static int do_clr2seck2(void *arg)
{
	struct pkey_clr2seck2 *a = arg;

	return generate(a->apqns, a->apqn_entries, a->type, a->size, a->keygenflags, a->clrkey, a->key, &a->keylen);
}

static int do_verifykey2(void *arg)
{
	struct pkey_verkey2 *a = arg;
	struct apqn apqn = { a->card, a->domain };
	struct token token;
	u8 *blob = blob_take(a->key, a->keylen);
	u32 match;
	int r;

	if (IS_ERR(blob))
		return PTR_ERR(blob);
	r = token_parse(blob, a->keylen, &token);
	if (r == 0)
		r = service_verify(&token, &apqn, &match);
	if (r == 0) {
		a->card = apqn.card;
		a->domain = apqn.domain;
		a->type = service_type_of_kind(token.kind);
		a->size = token.bits ?: SIZE_UNKNOWN;
		a->flags = match;
	}
	kfree(blob);
	return r;
}

static int do_apqns4k(void *arg)
{
	struct pkey_apqns4k *a = arg;
	struct apqn apqns[MODEL_APQNS];
	struct token token;
	u8 *blob = blob_take(a->key, a->keylen);
	size_t n;
	int r;

	if (IS_ERR(blob))
		return PTR_ERR(blob);
	r = token_parse(blob, a->keylen, &token);
	if (r == 0)
		r = service_apqns_for_key(&token, a->flags, apqns, ARRAY_SIZE(apqns), &n);
	if (r == 0)
		r = apqns_give(apqns, n, a->apqns, &a->apqn_entries);
	kfree(blob);
	return r;
}

static int do_apqns4kt(void *arg)
{
	struct pkey_apqns4kt *a = arg;
	struct apqn apqns[MODEL_APQNS];
	enum token_kind kind;
	size_t n;
	int r = service_kind_of_type(a->type, &kind);

	if (r == 0)
		r = service_apqns_for_kind(kind, a->flags, a->cur_mkvp, a->alt_mkvp, apqns, ARRAY_SIZE(apqns), &n);
	if (r == 0)
		r = apqns_give(apqns, n, a->apqns, &a->apqn_entries);
	return r;
}

/* --- device ------------------------------------------------------------------------------------ */

static const struct {
	unsigned int cmd;
	int (*run)(void *arg);
} ioctls[] = {
	{ PKEY_GENSECK, do_genseck },
	{ PKEY_CLR2SECK, do_clr2seck },
	{ PKEY_SEC2PROTK, do_sec2protk },
	{ PKEY_CLR2PROTK, do_clr2protk },
	{ PKEY_FINDCARD, do_findcard },
	{ PKEY_SKEY2PKEY, do_skey2pkey },
	{ PKEY_VERIFYKEY, do_verifykey },
	{ PKEY_GENPROTK, do_genprotk },
	{ PKEY_VERIFYPROTK, do_verifyprotk },
	{ PKEY_KBLOB2PROTK, do_kblob2protk },
	{ PKEY_GENSECK2, do_genseck2 },
	{ PKEY_CLR2SECK2, do_clr2seck2 },
	{ PKEY_VERIFYKEY2, do_verifykey2 },
	{ PKEY_KBLOB2PROTK2, do_kblob2protk2 },
	{ PKEY_APQNS4K, do_apqns4k },
	{ PKEY_APQNS4KT, do_apqns4kt },
	{ PKEY_KBLOB2PROTK3, do_kblob2protk3 },
};

static long pkey_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	union {
		struct pkey_sec2protk biggest;
		u64 align[20];
	} arg = { 0 };
	size_t i, size = _IOC_SIZE(cmd);
	long r;

	for (i = 0; i < ARRAY_SIZE(ioctls); i++)
		if (ioctls[i].cmd == cmd)
			break;
	if (i == ARRAY_SIZE(ioctls) || knob_ioctl_off(_IOC_NR(cmd)))
		return -ENOTTY;
	BUILD_BUG_ON(sizeof(struct pkey_sec2protk) > sizeof(arg));
	if (copy_from_user(&arg, (void __user *)user, size))
		return -EFAULT;
	r = ioctls[i].run(&arg);
	/* ENOSPC comes with the number that would have been needed */
	if ((r == 0 || r == -ENOSPC) && (_IOC_DIR(cmd) & _IOC_READ) && copy_to_user((void __user *)user, &arg, size))
		r = -EFAULT;
	memzero_explicit(&arg, sizeof(arg));
	return r;
}

static struct file_operations fops = {
	.open = nonseekable_open,
	.llseek = noop_llseek,
	.unlocked_ioctl = pkey_ioctl,
};

static struct miscdevice device = {
	.name = "pkey",
	.minor = MISC_DYNAMIC_MINOR,
	.mode = 0666,
	.fops = &fops,
};

int pkey_device_start(struct module *owner)
{
	fops.owner = owner;
	return misc_register(&device);
}

void pkey_device_stop(void)
{
	misc_deregister(&device);
}
