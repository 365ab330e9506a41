// SPDX-License-Identifier: GPL-2.0
/*
 * paes: the kernel's own AES under a key that came in as a token.
 *
 * Source: Linux arch/s390/crypto/paes_s390.c (key sizes, raw clear keys, errors of either generation);
 * crypto/simd.c (how to stand in front of another cipher).
 */
#define pr_fmt(fmt) "softcex: " fmt

#include <crypto/internal/skcipher.h>
#include <linux/delay.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/workqueue.h>

#include "knobs.h"
#include "paes.h"
#include "service.h"

#define TRIES 3

struct paes_ctx {
	struct crypto_skcipher *inner;
	struct list_head node;
	u8 blob[2 * TOKEN_SIZE_MAX];
	unsigned int size;
	unsigned int generation; /* of the wrapping key that the blob was converted under */
	int error;		 /* latched: the last conversion failed */
};

/* Guards list and generation, and what the contexts say about blobs; never needed to encrypt. */
static DEFINE_MUTEX(paes_mutex);
static LIST_HEAD(contexts);
static unsigned int generation;

static void retry_work(struct work_struct *work);
static DECLARE_WORK(retry, retry_work);

/* --- keys -------------------------------------------------------------------------------------- */

static bool is_xts(struct crypto_skcipher *tfm)
{
	return strncmp(crypto_skcipher_alg(tfm)->base.cra_name, "xts", 3) == 0;
}

/* Raw clear keys are taken too, and silently, as the real cipher does. */
static bool is_raw(unsigned int size, bool xts)
{
	return xts ? size == 32 || size == 64 : size == 16 || size == 24 || size == 32;
}

static int convert_token(const u8 *blob, unsigned int size, struct clear_key *ret)
{
	struct token token;
	int r = token_parse(blob, size, &token);

	return r < 0 ? r : service_unwrap(&token, NULL, 0, ret);
}

/* Two tokens of one size, of which each gives half the key; or one with a whole XTS key. */
static int convert_xts(const u8 *blob, unsigned int size, struct clear_key *ret)
{
	struct clear_key second;
	int r = convert_token(blob, size, ret);

	if (r == 0)
		return ret->xts ? 0 : -EINVAL;
	if (size % 2)
		return -EINVAL;
	r = convert_token(blob, size / 2, ret);
	if (r < 0)
		return r;
	r = convert_token(blob + size / 2, size / 2, &second);
	if (r == 0 && (ret->xts || second.xts || ret->size != second.size || ret->size == 24))
		r = -EINVAL;
	if (r == 0) {
		memcpy(ret->key + ret->size, second.key, second.size);
		ret->size += second.size;
	}
	memzero_explicit(&second, sizeof(second));
	return r;
}

static int convert(const u8 *blob, unsigned int size, bool xts, struct clear_key *ret)
{
	int r;

	if (is_raw(size, xts)) {
		if (knob_split && !parts_running(PART_PKEY_PCKMO))
			return -ENODEV;
		memcpy(ret->key, blob, size);
		ret->size = size;
		return 0;
	}
	if (xts)
		return convert_xts(blob, size, ret);
	r = convert_token(blob, size, ret);
	return r == 0 && ret->xts ? -EINVAL : r;
}

static int convert_patiently(const u8 *blob, unsigned int size, bool xts, struct clear_key *ret)
{
	int r, i;

	for (i = 1;; i++) {
		r = convert(blob, size, xts, ret);
		if (r == 0 || i == TRIES)
			return r;
		if (r == -EBUSY)
			msleep(1000);
	}
}

/* What the kernel does for itself and never for an ioctl. */
static void load_handlers(void)
{
	if (!knob_split)
		return;
	if (!parts_running(PART_PKEY_CCA))
		request_module("pkey_cca");
	if (!parts_running(PART_PKEY_EP11))
		request_module("pkey_ep11");
	if (!parts_running(PART_PKEY_PCKMO))
		request_module("pkey_pckmo");
}

static int paes_setkey(struct crypto_skcipher *tfm, const u8 *key, unsigned int size)
{
	struct paes_ctx *ctx = crypto_skcipher_ctx(tfm);
	struct clear_key clear;
	int r;

	if (size > sizeof(ctx->blob))
		return -EINVAL;
	load_handlers();
	/* may wait for a card: without the lock */
	r = convert_patiently(key, size, is_xts(tfm), &clear);
	mutex_lock(&paes_mutex);
	ctx->size = 0;
	if (r == 0) {
		crypto_skcipher_clear_flags(ctx->inner, CRYPTO_TFM_REQ_MASK);
		crypto_skcipher_set_flags(ctx->inner, crypto_skcipher_get_flags(tfm) & CRYPTO_TFM_REQ_MASK);
		r = crypto_skcipher_setkey(ctx->inner, clear.key, clear.size);
	}
	if (r == 0) {
		memcpy(ctx->blob, key, size);
		ctx->size = size;
		ctx->generation = generation;
		WRITE_ONCE(ctx->error, 0);
	}
	mutex_unlock(&paes_mutex);
	memzero_explicit(&clear, sizeof(clear));
	if (r < 0)
		pr_debug("setting a key of %u bytes failed: %d\n", size, r);
	return r < 0 && knob_einval ? -EINVAL : r;
}

/* The effective key does not change with the wrapping key: all that matters is whether some card still knows it. */
static void reconvert(struct paes_ctx *ctx)
{
	struct clear_key clear;
	bool xts = ctx->inner && is_xts(ctx->inner);
	int r;

	if (ctx->size == 0 || (ctx->generation == generation && !ctx->error))
		return;
	r = convert(ctx->blob, ctx->size, xts, &clear);
	memzero_explicit(&clear, sizeof(clear));
	if (r == 0) {
		ctx->generation = generation;
		WRITE_ONCE(ctx->error, 0);
		return;
	}
	pr_notice("a protected key can't be renewed (error %d): its users get I/O errors\n", r);
	WRITE_ONCE(ctx->error, -EIO);
}

void paes_retry(void)
{
	struct paes_ctx *ctx;

	mutex_lock(&paes_mutex);
	list_for_each_entry(ctx, &contexts, node)
		reconvert(ctx);
	mutex_unlock(&paes_mutex);
}

static void retry_work(struct work_struct *work)
{
	paes_retry();
}

void paes_invalidate(void)
{
	mutex_lock(&paes_mutex);
	generation++;
	service_new_wrapping_key();
	mutex_unlock(&paes_mutex);
	paes_retry();
}

/* --- requests ---------------------------------------------------------------------------------- */

/* The request goes on as it is, with the caller's own completion. */
static int paes_crypt(struct skcipher_request *req, bool encrypt)
{
	struct crypto_skcipher *tfm = crypto_skcipher_reqtfm(req);
	struct paes_ctx *ctx = crypto_skcipher_ctx(tfm);
	struct skcipher_request *inner = skcipher_request_ctx(req);
	int r = knob_fail(KNOB_CIPHER);

	if (r < 0)
		return r;
	r = READ_ONCE(ctx->error);
	if (r < 0) {
		/* the next request may find a card */
		schedule_work(&retry);
		return r;
	}
	*inner = *req;
	skcipher_request_set_tfm(inner, ctx->inner);
	return encrypt ? crypto_skcipher_encrypt(inner) : crypto_skcipher_decrypt(inner);
}

static int paes_encrypt(struct skcipher_request *req)
{
	return paes_crypt(req, true);
}

static int paes_decrypt(struct skcipher_request *req)
{
	return paes_crypt(req, false);
}

/* --- algorithms -------------------------------------------------------------------------------- */

static int paes_init(struct crypto_skcipher *tfm)
{
	struct paes_ctx *ctx = crypto_skcipher_ctx(tfm);
	const char *mode = crypto_skcipher_alg(tfm)->base.cra_name;
	char name[] = "mode(aes)";

	/* dm-crypt asks for a cipher that does not allocate memory, and means all that is behind it */
	snprintf(name, sizeof(name), "%.3s(aes)", mode);
	memset(ctx, 0, sizeof(*ctx));
	ctx->inner = crypto_alloc_skcipher(name, 0, CRYPTO_ALG_ALLOCATES_MEMORY);
	if (IS_ERR(ctx->inner)) {
		int r = PTR_ERR(ctx->inner);

		pr_err("%s needs %s: error %d\n", mode, name, r);
		ctx->inner = NULL;
		return r;
	}
	crypto_skcipher_set_reqsize(tfm, sizeof(struct skcipher_request) + crypto_skcipher_reqsize(ctx->inner));
	mutex_lock(&paes_mutex);
	list_add(&ctx->node, &contexts);
	mutex_unlock(&paes_mutex);
	return 0;
}

static void paes_exit(struct crypto_skcipher *tfm)
{
	struct paes_ctx *ctx = crypto_skcipher_ctx(tfm);

	mutex_lock(&paes_mutex);
	list_del(&ctx->node);
	mutex_unlock(&paes_mutex);
	crypto_free_skcipher(ctx->inner);
	memzero_explicit(ctx, sizeof(*ctx));
}

/* Below the real ones' priority. ASYNC, because the inner cipher may be. */
#define PAES(mode, block, iv, min, max)                                                            \
	{                                                                                          \
		.base.cra_name = mode "(paes)",                                                    \
		.base.cra_driver_name = mode "-paes-softcex",                                      \
		.base.cra_priority = 300,                                                          \
		.base.cra_flags = CRYPTO_ALG_ASYNC,                                                \
		.base.cra_blocksize = block,                                                       \
		.base.cra_ctxsize = sizeof(struct paes_ctx),                                       \
		.init = paes_init,                                                                 \
		.exit = paes_exit,                                                                 \
		.min_keysize = min,                                                                \
		.max_keysize = max,                                                                \
		.ivsize = iv,                                                                      \
		.setkey = paes_setkey,                                                             \
		.encrypt = paes_encrypt,                                                           \
		.decrypt = paes_decrypt,                                                           \
	}

static struct skcipher_alg algorithms[] = {
	PAES("ecb", 16, 0, 16, TOKEN_SIZE_MAX),
	PAES("cbc", 16, 16, 16, TOKEN_SIZE_MAX),
	PAES("ctr", 1, 16, 16, TOKEN_SIZE_MAX),
	PAES("xts", 16, 16, 32, 2 * TOKEN_SIZE_MAX),
};

int paes_start(struct module *owner)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(algorithms); i++)
		algorithms[i].base.cra_module = owner;
	return crypto_register_skciphers(algorithms, ARRAY_SIZE(algorithms));
}

void paes_stop(void)
{
	crypto_unregister_skciphers(algorithms, ARRAY_SIZE(algorithms));
	cancel_work_sync(&retry);
}
