/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What tests of paes volumes share: keys of each kind, trees of sysfs to look at, a pkey device and a
 * cipher that do as they are told.
 */
#ifndef CEXLUKS_TESTS_OP_PAES_H
#define CEXLUKS_TESTS_OP_PAES_H

#include "op/tree.h"

#include <errno.h>

#include "cex/pattern.h"
#include "cex/pkey-abi.h"
#include "cex/skcipher.h"
#include "cex/vectors.h"
#include "op/volume-key.h"

#define FIXTURES "tests/fixtures/sysfs/"
#define PATTERN	 "4242424242424242424242424242424242424242424242424242424242424242"

/* --- keys ------------------------------------------------------------------------------------ */

struct blob {
	unsigned char bytes[672];
	size_t len;
};

static inline struct blob blob_pair(void)
{
	struct blob b = { .len = 272 };

	vector_aescipher(b.bytes, 1, 640);
	vector_aescipher(b.bytes + 136, 1, 640);
	return b;
}

/* The very bytes of a secure key, but as many as paes-xts takes for a clear one. */
static inline struct blob blob_lookalike(void)
{
	struct blob b = { .len = 64 };

	vector_aesdata(b.bytes);
	return b;
}

/* One cannot know where its second half comes from. */
static inline struct blob blob_mixed_masters(void)
{
	struct blob b = blob_pair();

	b.bytes[136 + 10] ^= 0xff;
	return b;
}

static inline struct blob blob_mixed_kinds(void)
{
	struct blob b = blob_pair();

	memset(b.bytes + 136, 0, 136);
	vector_aesdata(b.bytes + 136);
	return b;
}

static inline struct blob blob_truncated(void)
{
	struct blob b = blob_pair();

	b.len -= 8;
	return b;
}

static inline struct blob blob_wrong_checksum(void)
{
	struct blob b = { .len = 128 };

	vector_aesdata(b.bytes);
	vector_aesdata(b.bytes + 64);
	b.bytes[63] ^= 1;
	return b;
}

static inline struct blob blob_protected(void)
{
	struct blob b = { .len = 160 };

	for (size_t i = 0; i < 160; i += 80) {
		b.bytes[i + 4] = 0x01;
		b.bytes[i + 11] = 3; /* AES-256 */
		b.bytes[i + 15] = 64;
		memset(b.bytes + i + 16, 0x77, 64);
	}
	return b;
}

/* A token that says "clear key" itself: XTS-256, 64 bytes. */
static inline struct blob blob_clear_token(void)
{
	struct blob b = { .len = 80 };

	b.bytes[4] = 0x02;
	b.bytes[11] = 11;
	b.bytes[15] = 64;
	memset(b.bytes + 16, 0x77, 64);
	return b;
}

static inline struct blob blob_ep11(bool bound)
{
	struct blob b = { .len = 640 };

	for (size_t i = 0; i < 640; i += 320) {
		vector_ep11(b.bytes + i);
		b.bytes[i + 20] = bound; /* what the header leaves free of the session field */
	}
	return b;
}

static inline struct secret *blob_secret(const struct blob *b)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(b->len, &s), 0);
	memcpy(secret_data(s), b->bytes, b->len);
	return s;
}

/* --- cards ----------------------------------------------------------------------------------- */

/* The machine below @tree's root has what the fixture has, and nothing else. */
static inline void cards_are(struct tree *t, const char *fixture)
{
	char command[PATH_MAX];

	(void)snprintf(command, sizeof(command), "cd %s && rm -rf sys dev proc/crypto && cp -r \"$OLDPWD\"/"
		       FIXTURES "%s/. .", t->root, fixture);
	assert_int_equal(system(command), 0);
}

/* --- kernel ---------------------------------------------------------------------------------- */

static struct {
	int verify;	/* what VERIFYKEY2 returns */
	bool old;	/* which register matched */
	int encrypt;	/* what the cipher returns */
	unsigned asked; /* how often VERIFYKEY2 was called */
} kernel;

static inline int kernel_open(void *userdata)
{
	(void)userdata;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static inline int kernel_ioctl(void *userdata, int fd, unsigned long request, void *arg)
{
	struct pkey_verifykey2 *call = arg;

	(void)userdata;
	(void)fd;
	assert_int_equal(request, PKEY_VERIFYKEY2);
	kernel.asked++;
	call->cardnr = 0;
	call->domain = 0x47;
	call->type = call->key[4] == 5 ? PKEY_TYPE_CCA_CIPHER : PKEY_TYPE_CCA_DATA;
	call->size = PKEY_SIZE_UNKNOWN;
	call->flags = kernel.old ? PKEY_MATCH_OLD : PKEY_MATCH_CUR;
	return kernel.verify;
}

static inline int kernel_encrypt(const char *name, const struct secret *key, const unsigned char *in,
				 unsigned char *out, size_t len)
{
	(void)name;
	(void)key;
	(void)in;
	memset(out, 0x42, len);
	return kernel.encrypt;
}

/* A kernel where everything works. */
static inline void kernel_begin(void)
{
	static const struct cex_pkey_calls calls = { kernel_open, kernel_ioctl, NULL };

	memset(&kernel, 0, sizeof(kernel));
	cex_pkey_set_calls(&calls);
	cex_skcipher_set(kernel_encrypt);
}

static inline void kernel_end(void)
{
	cex_pkey_set_calls(NULL);
	cex_skcipher_set(NULL);
}

#endif
