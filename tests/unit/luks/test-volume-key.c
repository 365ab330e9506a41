/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>

#include "luks/activate.h"
#include "luks/header.h"
#include "luks/scratch.h"
#include "luks/volume-key.h"

struct volume {
	struct scratch *scratch;
	struct luks_device *device;
	struct luks_header *header;
};

static struct volume volume_new(const char *cipher, size_t key_size)
{
	struct volume v = { .scratch = scratch_new(cipher, "xts-plain64", key_size) };
	struct luks_reason reason = { "" };

	assert_int_equal(luks_device_open(v.scratch->path, &v.device), 0);
	assert_int_equal(luks_header_load(v.device, NULL, &v.header, &reason), 0);
	return v;
}

static void volume_done(struct volume *v)
{
	luks_header_free(v->header);
	luks_device_free(v->device);
	scratch_free(v->scratch);
}

static void test_the_volume_key_comes_back_as_it_was_put_in(void **state)
{
	_cleanup_(volume_done) struct volume v = volume_new("paes", 272);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	_cleanup_secret_ struct secret *key = NULL;
	struct print before = fingerprint(v.scratch->path);
	struct luks_reason reason = { "" };
	unsigned char expected[272];

	(void)state;
	memset(expected, 0x5a, sizeof(expected));
	assert_int_equal(luks_volume_key_get(v.header, 0, human, &key, &reason), 0);
	assert_int_equal(secret_len(key), sizeof(expected));
	assert_memory_equal(secret_bytes(key), expected, sizeof(expected));
	assert_same_print(before, fingerprint(v.scratch->path));
}

static void test_no_key_without_the_right_keyslot_and_passphrase(void **state)
{
	_cleanup_(volume_done) struct volume v = volume_new("paes", 272);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	_cleanup_secret_ struct secret *wrong = secret_of("wrong");
	struct luks_reason reason = { "" };
	struct secret *key = NULL;

	(void)state;
	assert_int_equal(luks_volume_key_get(v.header, 0, wrong, &key, &reason),
			 LUKS_WRONG_PASSPHRASE);
	assert_int_equal(luks_volume_key_get(v.header, 1, human, &key, &reason), LUKS_NOT_BOUND);
	secret_shorten(wrong, 0);
	assert_int_equal(luks_volume_key_get(v.header, 0, wrong, &key, &reason), LUKS_REFUSED);
	assert_null(key);
}

static void test_a_clear_volume_key_stays_where_it_is(void **state)
{
	_cleanup_(volume_done) struct volume v = volume_new("aes", 64);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	_cleanup_secret_ struct secret *fits = NULL;
	struct luks_reason reason = { "" };
	struct secret *key = NULL;

	(void)state;
	assert_int_equal(luks_volume_key_get(v.header, 0, human, &key, &reason), -EINVAL);
	assert_null(key);
	assert_int_equal(secret_new(64, &fits), 0);
	memset(secret_data(fits), 0x5a, 64);
	assert_int_equal(luks_volume_key_open(v.header, fits, "cexluks-unit", NULL, &reason), -EINVAL);
}

/* Whether or not there is a device mapper: that is asked only after the key was found right. */
static void test_a_key_of_another_volume_is_not_activated(void **state)
{
	_cleanup_(volume_done) struct volume v = volume_new("paes", 272);
	_cleanup_secret_ struct secret *other = NULL, *shorter = NULL;
	struct luks_reason reason = { "" };

	(void)state;
	assert_int_equal(secret_new(272, &other), 0);
	memset(secret_data(other), 0x5a, 272);
	secret_data(other)[271] ^= 1;
	assert_int_equal(luks_volume_key_open(v.header, other, "cexluks-unit", NULL, &reason),
			 LUKS_WRONG_PASSPHRASE);
	assert_int_equal(secret_new(271, &shorter), 0);
	memset(secret_data(shorter), 0x5a, 271);
	assert_int_equal(luks_volume_key_open(v.header, shorter, "cexluks-unit", NULL, &reason),
			 -EINVAL);
}

static void test_without_device_mapper_the_right_key_says_so(void **state)
{
	_cleanup_(volume_done) struct volume v = volume_new("paes", 272);
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	_cleanup_secret_ struct secret *key = NULL;
	struct luks_reason reason = { "" };

	(void)state;
	if (luks_volume_close("cexluks-no-such-mapping") != LUKS_NO_MAPPER) {
		print_message("skipped: device mapper works here\n");
		skip();
	}
	assert_int_equal(luks_volume_key_get(v.header, 0, human, &key, &reason), 0);
	assert_int_equal(luks_volume_key_open(v.header, key, "cexluks-unit", NULL, &reason),
			 LUKS_NO_MAPPER);
	assert_int_equal(luks_volume_key_open(v.header, key, "a/b", NULL, &reason), -EINVAL);
}

static void test_what_the_kernel_refuses_is_told_from_everything_else(void **state)
{
	static const int kernel[] = { EINVAL, ENODEV, EIO, EBUSY, EAGAIN, ENOENT, ENOKEY };
	const struct luks_device device = { .fd = -1 };
	struct luks_reason reason;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernel); i++) {
		reason.text[0] = '\0';
		assert_int_equal(luks_activate_result(&device, -kernel[i], &reason),
				 LUKS_KERNEL_REFUSED);
		assert_non_null(strstr(reason.text, strerror(kernel[i])));
	}
	assert_int_equal(luks_activate_result(&device, 0, &reason), 0);
	assert_int_equal(luks_activate_result(&device, 3, &reason), 0);
	assert_int_equal(luks_activate_result(&device, -EPERM, &reason), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(luks_activate_result(&device, -EEXIST, &reason), LUKS_ACTIVE);
	assert_int_equal(luks_activate_result(&device, -ENOTSUP, &reason), LUKS_NO_MAPPER);
	assert_int_equal(luks_activate_result(&device, -ENOMEM, &reason), -ENOMEM);
}

static void test_the_reason_is_what_device_mapper_said_first(void **state)
{
	const struct luks_device device = { .fd = -1 };
	struct luks_reason reason;

	(void)state;
	luks_library_setup();
	luks_library_forget_errors();
	crypt_logf(NULL, CRYPT_LOG_VERBOSE, "chatter\n");
	crypt_logf(NULL, CRYPT_LOG_ERROR, "device-mapper: reload ioctl failed: No such device\n");
	crypt_logf(NULL, CRYPT_LOG_ERROR, "Failed to setup dm-crypt key mapping\n");
	assert_int_equal(luks_activate_result(&device, -EINVAL, &reason), LUKS_KERNEL_REFUSED);
	assert_non_null(strstr(reason.text, "ioctl failed: No such device"));
	assert_null(strstr(reason.text, "Failed to setup"));
	luks_library_forget_errors();
	assert_string_equal(luks_library_first_error(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* before a scratch volume takes the library's messages for itself */
		cmocka_unit_test(test_the_reason_is_what_device_mapper_said_first),
		cmocka_unit_test(test_the_volume_key_comes_back_as_it_was_put_in),
		cmocka_unit_test(test_no_key_without_the_right_keyslot_and_passphrase),
		cmocka_unit_test(test_a_clear_volume_key_stays_where_it_is),
		cmocka_unit_test(test_a_key_of_another_volume_is_not_activated),
		cmocka_unit_test(test_without_device_mapper_the_right_key_says_so),
		cmocka_unit_test(test_what_the_kernel_refuses_is_told_from_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
