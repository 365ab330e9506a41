/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pkey device by recorded replies: each test says which calls come in which order, what the kernel
 * answers, and what it fills in.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/attributes.h"
#include "cex/pkey-abi.h"
#include "cex/pkey.h"
#include "vectors.h"

struct reply {
	unsigned long request;
	int r;
	void (*fill)(void *arg); /* looks at what was asked, fills in what the kernel would */
};

struct script {
	const struct reply *replies;
	size_t n, done;
};

static int fake_open(void *userdata)
{
	(void)userdata;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static int fake_ioctl(void *userdata, int fd, unsigned long request, void *arg)
{
	struct script *script = userdata;
	const struct reply *reply;

	assert_true(fd >= 0);
	assert_true(script->done < script->n);
	reply = &script->replies[script->done++];
	assert_int_equal(request, reply->request);
	if (reply->fill)
		reply->fill(arg);
	return reply->r;
}

/* The device that answers as @rows say. */
#define DEVICE(name, ...)                                                                          \
	const struct reply name##_rows[] = { __VA_ARGS__ };                                        \
	struct script name##_script = { name##_rows, ARRAY_SIZE(name##_rows), 0 };                 \
	const struct cex_pkey_calls name##_calls = { fake_open, fake_ioctl, &name##_script };      \
	_cleanup_cex_pkey_ struct cex_pkey *name = NULL;                                           \
	assert_int_equal(cex_pkey_open("", &name##_calls, &name), 0)

#define ASSERT_ALL_ASKED(name) assert_int_equal(name##_script.done, name##_script.n)

static const struct cex_apqns two_queues = { { { 0, 0x47 }, { 1, 0x47 } }, 2 };

static struct secret *xts_aescipher(struct cex_keyblob *blob)
{
	struct secret *key = NULL;

	assert_int_equal(secret_new(272, &key), 0);
	vector_aescipher(secret_data(key), 1, 640);
	vector_aescipher(secret_data(key) + 136, 1, 640);
	assert_int_equal(cex_keyblob_parse(key, CEX_CIPHER_XTS, blob, NULL), 0);
	return key;
}

static struct secret *cbc_aesdata(struct cex_keyblob *blob)
{
	struct secret *key = NULL;

	assert_int_equal(secret_new(64, &key), 0);
	vector_aesdata(secret_data(key));
	assert_int_equal(cex_keyblob_parse(key, CEX_CIPHER_CBC, blob, NULL), 0);
	return key;
}

static void verified_now(void *arg)
{
	struct pkey_verifykey2 *call = arg;

	assert_int_equal(call->keylen, 136);
	assert_int_equal(call->key[4], 5);
	assert_int_equal(call->cardnr, CEX_APQN_ANY);
	call->cardnr = 0;
	call->domain = 0x47;
	call->type = PKEY_TYPE_CCA_CIPHER;
	call->size = PKEY_SIZE_UNKNOWN;
	call->flags = PKEY_MATCH_CUR;
}

static void verified_old(void *arg)
{
	struct pkey_verifykey2 *call = arg;

	verified_now(arg);
	call->flags = PKEY_MATCH_OLD;
}

static void verified_as_data(void *arg)
{
	struct pkey_verifykey2 *call = arg;

	verified_now(arg);
	call->type = PKEY_TYPE_CCA_DATA;
}

static void verified_without_match(void *arg)
{
	struct pkey_verifykey2 *call = arg;

	verified_now(arg);
	call->flags = 0;
}

static void test_both_halves_are_verified(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, 0, verified_now }, { PKEY_VERIFYKEY2, 0, verified_now });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), 0);
	assert_int_equal(found.apqn.domain, 0x47);
	assert_false(found.old);
	assert_int_equal(found.bits, 0);
	ASSERT_ALL_ASKED(pkey);
}

static void test_an_old_master_key_is_told(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, 0, verified_old }, { PKEY_VERIFYKEY2, 0, verified_old });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), 0);
	assert_true(found.old);
}

static void test_a_master_key_changed_between_the_halves_is_busy(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, 0, verified_now }, { PKEY_VERIFYKEY2, 0, verified_old });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), CEX_BUSY);
}

static void test_a_kernel_that_sees_another_key_than_we_do_verifies_nothing(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, 0, verified_as_data },
	       { PKEY_VERIFYKEY2, 0, verified_without_match });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), CEX_REFUSED);
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), CEX_REFUSED);
}

static void test_each_errno_has_its_condition(void **state)
{
	static const struct {
		int r, condition;
	} rows[] = {
		{ -ENODEV, CEX_NO_QUEUE },	 { -EINVAL, CEX_REFUSED }, { -EIO, CEX_CARD_ERROR },
		{ -EBUSY, CEX_BUSY },		 { -EAGAIN, CEX_BUSY },	   { -ENOMEM, -ENOMEM },
		{ -EKEYREJECTED, CEX_CARD_ERROR }, { -EFAULT, -EFAULT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		DEVICE(pkey, { PKEY_VERIFYKEY2, -EINTR, NULL }, { PKEY_VERIFYKEY2, rows[i].r, NULL });
		struct cex_verified found;
		struct cex_keyblob blob;
		_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

		assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), rows[i].condition);
		ASSERT_ALL_ASKED(pkey);
	}
}

static void verified_old_way(void *arg)
{
	struct pkey_verifykey *call = arg;

	assert_int_equal(call->seckey[4], 4);
	call->cardnr = 1;
	call->domain = 0x48;
	call->keysize = 256;
	call->attributes = 1 | PKEY_VERIFY_ATTR_OLD;
}

static void test_old_kernels_verify_aesdata_the_old_way(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, -ENOTTY, NULL }, { PKEY_VERIFYKEY, 0, verified_old_way });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = cbc_aesdata(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), 0);
	assert_int_equal(found.apqn.card, 1);
	assert_true(found.old);
	assert_int_equal(found.bits, 256);
	ASSERT_ALL_ASKED(pkey);
}

static void test_old_kernels_do_not_know_aescipher(void **state)
{
	DEVICE(pkey, { PKEY_VERIFYKEY2, -ENOTTY, NULL });
	struct cex_verified found;
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);

	(void)state;
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), CEX_NOT_SUPPORTED);
}

static void test_what_is_no_secure_key_is_not_asked_about(void **state)
{
	DEVICE(pkey, { 0, 0, NULL });
	struct cex_keyblob blob = { .kind = CEX_KEY_CLEAR, .token_size = 48 };
	_cleanup_secret_ struct secret *key = NULL;
	struct cex_verified found;
	struct cex_apqns apqns;

	(void)state;
	assert_int_equal(secret_new(48, &key), 0);
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), -EINVAL);
	assert_int_equal(cex_pkey_queues_for_key(pkey, key, &blob, false, &apqns), -EINVAL);
	assert_int_equal(cex_pkey_queues_for_kind(pkey, CEX_KEY_PVSECRET, &apqns), -EINVAL);
	blob = (struct cex_keyblob){ .kind = CEX_KEY_CCA_AESDATA, .token_size = 64 };
	assert_int_equal(cex_pkey_verify(pkey, key, &blob, NULL, &found), -EINVAL);
	assert_int_equal(pkey_script.done, 0);
}

static void list_both(void *arg)
{
	struct pkey_apqns4key *call = arg;

	assert_int_equal(call->flags, PKEY_MATCH_CUR);
	assert_int_equal(call->apqn_entries, LIMIT_AP_APQNS);
	call->apqns[0] = (struct cex_apqn){ 1, 0x47 };
	call->apqns[1] = (struct cex_apqn){ 2, 0x47 };
	call->apqn_entries = 2;
}

static void list_too_many(void *arg)
{
	struct pkey_apqns4keytype *call = arg;

	assert_int_equal(call->flags, 0);
	assert_int_equal(call->type, PKEY_TYPE_EP11_AES);
	call->apqn_entries = 100000;
}

static void list_none(void *arg)
{
	struct pkey_apqns4key *call = arg;

	call->apqn_entries = 0;
}

static void test_queues_are_listed_within_limits(void **state)
{
	DEVICE(pkey, { PKEY_APQNS4K, 0, list_both }, { PKEY_APQNS4KT, -ENOSPC, list_too_many },
	       { PKEY_APQNS4K, 0, list_none }, { PKEY_APQNS4K, -ENODEV, list_none },
	       { PKEY_APQNS4K, -ENOTTY, NULL });
	struct cex_keyblob blob;
	_cleanup_secret_ struct secret *key = xts_aescipher(&blob);
	struct cex_apqns apqns;

	(void)state;
	assert_int_equal(cex_pkey_queues_for_key(pkey, key, &blob, false, &apqns), 0);
	assert_int_equal(apqns.n, 2);
	assert_int_equal(apqns.list[1].card, 2);
	assert_int_equal(cex_pkey_queues_for_kind(pkey, CEX_KEY_EP11_AES_HEADER, &apqns), 0);
	assert_int_equal(apqns.n, LIMIT_AP_APQNS);
	for (int i = 0; i < 2; i++)
		assert_int_equal(cex_pkey_queues_for_key(pkey, key, &blob, false, &apqns),
				 CEX_NO_QUEUE);
	assert_int_equal(cex_pkey_queues_for_key(pkey, key, &blob, false, &apqns), CEX_NOT_SUPPORTED);
	ASSERT_ALL_ASKED(pkey);
}

static void make_cipher(void *arg)
{
	struct pkey_genseck2 *call = arg;

	assert_int_equal(call->wish.type, PKEY_TYPE_CCA_CIPHER);
	assert_int_equal(call->wish.size, 256);
	assert_int_equal(call->keylen, 136);
	vector_aescipher(call->key, 1, 640);
}

static void make_cipher_on_both(void *arg)
{
	struct pkey_genseck2 *call = arg;

	assert_int_equal(call->wish.apqn_entries, 2);
	make_cipher(arg);
}

static void make_cipher_on_second(void *arg)
{
	struct pkey_genseck2 *call = arg;

	assert_int_equal(call->wish.apqn_entries, 1);
	assert_int_equal(call->wish.apqns[0].card, 1);
	make_cipher(arg);
}

static const struct cex_new_key xts_cipher = { CEX_KEY_CCA_AESCIPHER, 256, CEX_CIPHER_XTS, 0 };

static void test_the_second_half_is_made_under_the_same_master_key(void **state)
{
	DEVICE(pkey, { PKEY_GENSECK2, 0, make_cipher_on_both }, { PKEY_APQNS4K, 0, list_both },
	       { PKEY_GENSECK2, 0, make_cipher_on_second });
	_cleanup_secret_ struct secret *key = NULL;

	(void)state;
	assert_int_equal(cex_pkey_generate(pkey, &xts_cipher, &two_queues, &key), 0);
	assert_int_equal(secret_len(key), 272);
	ASSERT_ALL_ASKED(pkey);
}

static void make_garbage(void *arg)
{
	struct pkey_genseck2 *call = arg;

	memset(call->key, 0x77, 136);
}

static void make_too_long(void *arg)
{
	struct pkey_genseck2 *call = arg;

	make_cipher(arg);
	call->keylen = 137;
}

static void make_under_other_master_key(void *arg)
{
	struct pkey_genseck2 *call = arg;

	make_cipher(arg);
	call->key[10] ^= 1;
}

static void test_a_key_that_could_not_be_read_back_is_not_returned(void **state)
{
	DEVICE(pkey, { PKEY_GENSECK2, 0, make_garbage }, { PKEY_GENSECK2, 0, make_too_long },
	       { PKEY_GENSECK2, 0, make_cipher }, { PKEY_APQNS4K, -ENOTTY, NULL },
	       { PKEY_GENSECK2, 0, make_under_other_master_key });
	_cleanup_secret_ struct secret *key = NULL;

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(cex_pkey_generate(pkey, &xts_cipher, &two_queues, &key),
				 CEX_CARD_ERROR);
	assert_null(key);
	ASSERT_ALL_ASKED(pkey);
}

static void make_data_old_way(void *arg)
{
	struct pkey_genseck *call = arg;

	assert_int_equal(call->cardnr, 1);
	assert_int_equal(call->keytype, PKEY_KEYTYPE_AES_256);
	vector_aesdata(call->seckey);
}

static void test_old_kernels_make_aesdata_queue_by_queue(void **state)
{
	static const struct cex_new_key what = { CEX_KEY_CCA_AESDATA, 256, CEX_CIPHER_CBC, 0 };
	DEVICE(pkey, { PKEY_GENSECK2, -ENOTTY, NULL }, { PKEY_GENSECK, -ENODEV, NULL },
	       { PKEY_GENSECK, 0, make_data_old_way }, { PKEY_GENSECK2, -ENOTTY, NULL });
	_cleanup_secret_ struct secret *key = NULL, *none = NULL;

	(void)state;
	assert_int_equal(cex_pkey_generate(pkey, &what, &two_queues, &key), 0);
	assert_int_equal(secret_len(key), 64);
	assert_int_equal(cex_pkey_generate(pkey, &xts_cipher, &two_queues, &none), CEX_NOT_SUPPORTED);
	ASSERT_ALL_ASKED(pkey);
}

static void wrap_first(void *arg)
{
	struct pkey_clr2seck2 *call = arg;

	assert_int_equal(call->clrkey[0], 0x00);
	assert_int_equal(call->clrkey[31], 0x1f);
	vector_ep11_header(call->key);
	call->keylen = 336;
}

static void wrap_second(void *arg)
{
	struct pkey_clr2seck2 *call = arg;

	assert_int_equal(call->clrkey[0], 0x20);
	vector_ep11_header(call->key);
	call->keylen = 272; /* shorter than its buffer: the rest stays zero */
}

static void test_a_known_key_is_wrapped_half_by_half(void **state)
{
	static const struct cex_new_key what = { CEX_KEY_EP11_AES_HEADER, 256, CEX_CIPHER_XTS, 0 };
	DEVICE(pkey, { PKEY_CLR2SECK2, 0, wrap_first }, { PKEY_APQNS4K, 0, list_both },
	       { PKEY_CLR2SECK2, 0, wrap_second });
	_cleanup_secret_ struct secret *clear = NULL, *key = NULL;
	struct cex_keyblob blob;

	(void)state;
	assert_int_equal(secret_new(64, &clear), 0);
	for (unsigned i = 0; i < 64; i++)
		secret_data(clear)[i] = (unsigned char)i;
	assert_int_equal(cex_pkey_wrap_clear(pkey, &what, &two_queues, clear, &key), 0);
	assert_int_equal(cex_keyblob_parse(key, CEX_CIPHER_XTS, &blob, NULL), 0);
	assert_int_equal(blob.kind, CEX_KEY_EP11_AES_HEADER);
	ASSERT_ALL_ASKED(pkey);
	secret_shorten(clear, 63);
	assert_int_equal(cex_pkey_wrap_clear(pkey, &what, &two_queues, clear, &key), -EINVAL);
}

static void test_impossible_wishes_are_our_own_mistakes(void **state)
{
	static const struct cex_new_key wishes[] = {
		{ CEX_KEY_CCA_AESCIPHER, 192, CEX_CIPHER_XTS, 0 },
		{ CEX_KEY_CCA_AESCIPHER, 512, CEX_CIPHER_CBC, 0 },
		{ CEX_KEY_CLEAR, 256, CEX_CIPHER_CBC, 0 },
	};
	static const struct cex_apqns none = { .n = 0 };
	DEVICE(pkey, { 0, 0, NULL });
	_cleanup_secret_ struct secret *key = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++)
		assert_int_equal(cex_pkey_generate(pkey, &wishes[i], &two_queues, &key), -EINVAL);
	assert_int_equal(cex_pkey_generate(pkey, &xts_cipher, &none, &key), -EINVAL);
	assert_int_equal(pkey_script.done, 0);
}

static void test_stories_can_be_given_another_device(void **state)
{
	const struct reply rows[] = { { PKEY_APQNS4KT, -ENODEV, NULL } };
	struct script script = { rows, 1, 0 };
	const struct cex_pkey_calls calls = { fake_open, fake_ioctl, &script };
	_cleanup_cex_pkey_ struct cex_pkey *pkey = NULL;
	struct cex_apqns apqns;

	(void)state;
	cex_pkey_set_calls(&calls);
	assert_int_equal(cex_pkey_open("/nowhere", NULL, &pkey), 0);
	cex_pkey_set_calls(NULL);
	assert_int_equal(cex_pkey_queues_for_kind(pkey, CEX_KEY_CCA_AESDATA, &apqns), CEX_NO_QUEUE);
	assert_int_equal(script.done, 1);
}

static void test_no_device_means_a_missing_module(void **state)
{
	struct cex_pkey *pkey = NULL;

	(void)state;
	assert_int_equal(cex_pkey_open("tests/fixtures/sysfs/no-ap-bus", NULL, &pkey),
			 CEX_MODULE_MISSING);
	assert_null(pkey);
}

static void test_a_file_in_place_of_the_device_knows_no_call(void **state)
{
	_cleanup_cex_pkey_ struct cex_pkey *pkey = NULL;
	struct cex_apqns apqns;

	(void)state;
	assert_int_equal(cex_pkey_open("tests/fixtures/sysfs/emulated", NULL, &pkey), 0);
	assert_int_equal(cex_pkey_queues_for_kind(pkey, CEX_KEY_CCA_AESDATA, &apqns),
			 CEX_NOT_SUPPORTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_halves_are_verified),
		cmocka_unit_test(test_an_old_master_key_is_told),
		cmocka_unit_test(test_a_master_key_changed_between_the_halves_is_busy),
		cmocka_unit_test(test_a_kernel_that_sees_another_key_than_we_do_verifies_nothing),
		cmocka_unit_test(test_each_errno_has_its_condition),
		cmocka_unit_test(test_old_kernels_verify_aesdata_the_old_way),
		cmocka_unit_test(test_old_kernels_do_not_know_aescipher),
		cmocka_unit_test(test_what_is_no_secure_key_is_not_asked_about),
		cmocka_unit_test(test_queues_are_listed_within_limits),
		cmocka_unit_test(test_the_second_half_is_made_under_the_same_master_key),
		cmocka_unit_test(test_a_key_that_could_not_be_read_back_is_not_returned),
		cmocka_unit_test(test_old_kernels_make_aesdata_queue_by_queue),
		cmocka_unit_test(test_a_known_key_is_wrapped_half_by_half),
		cmocka_unit_test(test_impossible_wishes_are_our_own_mistakes),
		cmocka_unit_test(test_stories_can_be_given_another_device),
		cmocka_unit_test(test_no_device_means_a_missing_module),
		cmocka_unit_test(test_a_file_in_place_of_the_device_knows_no_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
