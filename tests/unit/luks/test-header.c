/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "base/limits.h"
#include "luks/bind.h"
#include "luks/copy.h"
#include "luks/header.h"
#include "luks/scratch.h"
#include "luks/volume.h"

static int make(void **state)
{
	*state = scratch_new("aes", "xts-plain64", 64);
	return 0;
}

static int drop(void **state)
{
	scratch_free(*state);
	return 0;
}

static struct luks_device *device_of(const struct scratch *s)
{
	struct luks_device *device = NULL;

	assert_int_equal(luks_device_open(s->path, &device), 0);
	return device;
}

static void overwrite(const struct scratch *s, size_t offset, const void *bytes, size_t len)
{
	_cleanup_close_ int fd = open(s->path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, len, (off_t)offset), len);
}

/* Loads, tests the human passphrase, and proves that nothing was written. */
static int load_and_open(const struct scratch *s, const struct luks_device *device)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct print before = fingerprint(s->path);
	struct luks_reason reason = { "" };
	int r;

	r = luks_header_load(device, NULL, &header, &reason);
	if (!r)
		r = luks_header_test(header, 0, human, &reason);
	assert_same_print(before, fingerprint(s->path));
	return r;
}

static void test_a_header_tells_what_it_is(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_keyslot *keyslots;
	const struct luks_token *const *tokens;
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	assert_string_equal(device->path, s->path);
	assert_string_equal(device->uuid, SCRATCH_UUID);
	assert_int_equal(device->devno, 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_string_equal(luks_header_uuid(header), SCRATCH_UUID);
	assert_string_equal(luks_header_cipher(header), "aes-xts-plain64");
	assert_int_equal(luks_header_key_size(header), 64);
	assert_false(luks_header_is_paes(header));
	assert_int_equal(luks_header_tokens(header, &tokens), 0);
	assert_int_equal(luks_header_keyslots(header, &keyslots), 1);
	assert_int_equal(keyslots[0].id, 0);
}

static void test_a_wrong_passphrase_and_an_empty_one_open_nothing(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *wrong = secret_of("wrong");
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_int_equal(luks_header_test(header, 0, wrong, &reason), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(luks_header_test(header, 3, wrong, &reason), LUKS_NOT_BOUND);
	secret_shorten(wrong, 0);
	assert_int_equal(luks_header_test(header, 0, wrong, &reason), LUKS_REFUSED);
}

static void test_a_secure_key_volume_opens_without_a_card(void **state)
{
	struct scratch *s = scratch_new("paes", "xts-plain64", 272);
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason = { "" };

	(void)state;
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_true(luks_header_is_paes(header));
	assert_int_equal(luks_header_key_size(header), 272);
	assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
	scratch_free(s);
}

static void test_a_broken_primary_header_is_read_around_and_not_repaired(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;

	scratch_reset(s);
	device = device_of(s);
	overwrite(s, 4096 + 20, "X", 1);
	assert_int_equal(load_and_open(s, device), 0);
	overwrite(s, 0, "XXXXXXXXXXXXXXXX", 16);
	assert_int_equal(load_and_open(s, device), 0);
}

static void test_a_broken_secondary_header_is_ignored_and_not_repaired(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;

	scratch_reset(s);
	device = device_of(s);
	overwrite(s, METADATA + 4096 + 20, "X", 1);
	assert_int_equal(load_and_open(s, device), 0);
	overwrite(s, METADATA, "XXXXXXXXXXXXXXXX", 16);
	assert_int_equal(load_and_open(s, device), 0);
}

static void test_with_both_headers_broken_there_is_none(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;

	scratch_reset(s);
	device = device_of(s);
	overwrite(s, 4096 + 20, "X", 1);
	overwrite(s, METADATA + 4096 + 20, "X", 1);
	assert_int_equal(load_and_open(s, device), LUKS_NOT_LUKS2);
}

static void test_the_newer_of_two_good_headers_counts(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_(luks_copy_freep) struct luks_copy *copy = NULL;
	struct luks_reason reason;
	uint64_t seqid;

	memcpy(image, s->image, IMAGE_SIZE);
	memcpy(&seqid, image + METADATA + 16, 8);
	seqid = htobe64(be64toh(seqid) + 7);
	memcpy(image + METADATA + 16, &seqid, 8);
	header_checksum(image, METADATA);
	scratch_write(s->path, image);
	device = device_of(s);
	assert_int_equal(luks_copy_new(device->fd, &copy, &reason), 0);
	assert_int_equal(copy->seqid, be64toh(seqid));
	assert_int_equal(luks_copy_peek_seqid(device->fd), copy->seqid);
	assert_int_equal(load_and_open(s, device), 0);
}

static void test_a_truncated_device_is_refused_without_a_crash(void **state)
{
	const struct scratch *s = *state;

	for (off_t size = 0; size < (off_t)(2 * METADATA + 300000); size += 1531) {
		_cleanup_luks_device_ struct luks_device *device = NULL;
		int r;

		scratch_reset(s);
		device = device_of(s);
		assert_int_equal(truncate(s->path, size), 0);
		{
			_cleanup_luks_header_ struct luks_header *header = NULL;
			_cleanup_secret_ struct secret *human = secret_of(HUMAN);
			struct luks_reason reason;

			r = luks_header_load(device, NULL, &header, &reason);
			if (!r) /* metadata whole, key material cut */
				r = luks_header_test(header, 0, human, &reason);
		}
		assert_int_equal(truncate(s->path, IMAGE_SIZE), 0);
		if (size < (off_t)METADATA)
			assert_int_equal(r, LUKS_NOT_LUKS2);
		else if (size < (off_t)(2 * METADATA + 258048))
			assert_true(r != 0);
	}
	scratch_reset(s);
}

static void test_sizes_in_the_binary_header_are_not_believed(void **state)
{
	static const uint64_t sizes[] = { 0, 1, 4096, 0x3fff, 0x4001, 0x800000, UINT64_MAX };
	const struct scratch *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_luks_device_ struct luks_device *device = NULL;
		uint64_t size = htobe64(sizes[i]);

		scratch_reset(s);
		device = device_of(s);
		overwrite(s, 8, &size, 8);
		overwrite(s, METADATA + 8, &size, 8);
		assert_int_equal(load_and_open(s, device), LUKS_NOT_LUKS2);
	}
}

static void test_what_was_checked_is_what_is_used(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ unsigned char *noise = calloc(1, 2 * METADATA);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	overwrite(s, 0, noise, 2 * METADATA);
	assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
	/* The key area was fetched with the first use; a change behind our back is not seen. */
	overwrite(s, 2 * METADATA, noise, 2 * METADATA);
	assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
}

static void test_key_material_swapped_before_the_first_use_opens_nothing(void **state)
{
	const struct scratch *s = *state;
	_cleanup_free_ unsigned char *noise = calloc(1, 2 * METADATA);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	overwrite(s, 2 * METADATA, noise, 2 * METADATA);
	assert_int_equal(luks_header_test(header, 0, human, &reason), LUKS_WRONG_PASSPHRASE);
}

static void test_the_copy_cannot_be_changed_by_anybody(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_(luks_copy_freep) struct luks_copy *copy = NULL;
	_cleanup_close_ int again = -1;
	struct luks_area area = { .offset = 2 * METADATA, .size = 4096 };
	struct luks_area outside = { .offset = METADATA, .size = 4096 };
	struct luks_reason reason;
	char path[32];
	int fd = -1;

	scratch_reset(s);
	device = device_of(s);
	assert_int_equal(luks_copy_new(device->fd, &copy, &reason), 0);
	assert_int_equal(pwrite(copy->fd, "x", 1, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(copy->fd, 0), -1);
	assert_ptr_equal(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, copy->fd, 0), MAP_FAILED);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", copy->fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(pwrite(again, "x", 1, 0), -1);
	assert_int_equal(luks_copy_with_area(copy, device->fd, &outside, &fd, &reason), LUKS_REFUSED);
	outside.offset = UINT64_MAX - 100;
	assert_int_equal(luks_copy_with_area(copy, device->fd, &outside, &fd, &reason), LUKS_REFUSED);
	outside = (struct luks_area){ .offset = 2 * METADATA, .size = UINT64_MAX / 2 };
	assert_int_equal(luks_copy_with_area(copy, device->fd, &outside, &fd, &reason), LUKS_REFUSED);
	assert_int_equal(luks_copy_with_area(copy, device->fd, &area, &fd, &reason), 0);
	assert_int_equal(pwrite(fd, "x", 1, 0), -1);
	(void)close(fd);
}

static void test_another_header_under_the_same_path_is_refused(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);

	scratch_reset(s);
	device = device_of(s);
	memcpy(image, s->image, IMAGE_SIZE);
	for (size_t offset = 0; offset < 2 * METADATA; offset += METADATA) {
		image[offset + 168] = '0'; /* of the UUID */
		header_checksum(image, offset);
	}
	scratch_write(s->path, image);
	assert_int_equal(load_and_open(s, device), LUKS_REFUSED);
	for (size_t offset = 0; offset < 2 * METADATA; offset += METADATA) {
		memcpy(image + offset + 168, "../../../../etc/passwd", 23);
		header_checksum(image, offset);
	}
	scratch_write(s->path, image);
	device->uuid[0] = '\0'; /* as if nobody had looked before */
	assert_true(load_and_open(s, device) > 0);
}

static void test_a_detached_header_opens_and_says_so_to_the_rules(void **state)
{
	const struct scratch *s = *state;
	struct scratch *other = scratch_new("aes", "xts-plain64", 64);
	_cleanup_luks_device_ struct luks_device *device = NULL, *detached = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	detached = device_of(other);
	assert_int_equal(luks_header_load(device, detached, &header, &reason), 0);
	assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
	scratch_free(other);
}

static void test_without_device_mapper_opening_says_so_and_changes_nothing(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_reason reason;
	struct print before;

	if (luks_volume_close("cexluks-no-such-mapping") != LUKS_NO_MAPPER) {
		print_message("SKIP: this kernel has a device mapper; the boot tests use it\n");
		skip();
	}
	scratch_reset(s);
	before = fingerprint(s->path);
	device = device_of(s);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	assert_int_equal(luks_volume_open(header, 0, human, "cexluks-unit", NULL, &reason),
			 LUKS_NO_MAPPER);
	assert_int_equal(luks_volume_open(header, 0, human, "a/b", NULL, &reason), -EINVAL);
	assert_int_equal(luks_volume_verify(header, "cexluks-unit", &reason), LUKS_NO_MAPPER);
	assert_same_print(before, fingerprint(s->path));
}

static double ms_since(const struct timespec *start)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) * 1e3 + (double)(now.tv_nsec - start->tv_nsec) / 1e6;
}

static void test_loading_and_testing_are_quick(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	double load = 0, test = 0, find;
	struct timespec t;

	scratch_reset(s);
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	device = device_of(s);
	find = ms_since(&t);
	for (int i = 0; i < 20; i++) {
		_cleanup_luks_header_ struct luks_header *header = NULL;
		struct luks_reason reason;

		(void)clock_gettime(CLOCK_MONOTONIC, &t);
		assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
		load += ms_since(&t) / 20;
		(void)clock_gettime(CLOCK_MONOTONIC, &t);
		assert_int_equal(luks_header_test(header, 0, human, &reason), 0);
		test += ms_since(&t) / 20;
	}
	print_message("device %.1f ms, header %.1f ms, keyslot with cheap PBKDF2 %.1f ms\n", find, load,
		      test);
}

static void add_keyslot(const struct scratch *s, int slot, const char *passphrase)
{
	struct crypt_device *cd = NULL;

	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_keyslot_add_by_passphrase(cd, slot, HUMAN, HUMAN_LEN, passphrase,
							 strlen(passphrase)), slot);
	crypt_free(cd);
}

/* Each costs a KDF that whoever has the disk has chosen; a person has the time, a boot does not. */
static void test_a_key_file_is_tried_on_a_few_keyslots_only(void **state)
{
	struct scratch *s = scratch_new("aes", "xts-plain64", 64);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };

	(void)state;
	for (int slot = 1; slot <= LIMIT_KEYFILE_KEYSLOTS; slot++)
		add_keyslot(s, slot, (const char[]){ 's', (char)('0' + slot), '\0' });
	device = device_of(s);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	for (int slot = 1; slot <= LIMIT_KEYFILE_KEYSLOTS; slot++) {
		_cleanup_secret_ struct secret *file = secret_of((const char[]){ 's', (char)('0' + slot), 0 });
		int found = -1;

		assert_int_equal(luks_header_find_keyslot(header, file, false, &found, &reason), 0);
		assert_int_equal(found, slot);
		assert_int_equal(luks_header_find_keyslot(header, file, true, &found, &reason),
				 slot < LIMIT_KEYFILE_KEYSLOTS ? 0 : LUKS_WRONG_PASSPHRASE);
	}
	scratch_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_header_tells_what_it_is),
		cmocka_unit_test(test_a_wrong_passphrase_and_an_empty_one_open_nothing),
		cmocka_unit_test(test_a_secure_key_volume_opens_without_a_card),
		cmocka_unit_test(test_a_broken_primary_header_is_read_around_and_not_repaired),
		cmocka_unit_test(test_a_broken_secondary_header_is_ignored_and_not_repaired),
		cmocka_unit_test(test_with_both_headers_broken_there_is_none),
		cmocka_unit_test(test_the_newer_of_two_good_headers_counts),
		cmocka_unit_test(test_a_truncated_device_is_refused_without_a_crash),
		cmocka_unit_test(test_sizes_in_the_binary_header_are_not_believed),
		cmocka_unit_test(test_what_was_checked_is_what_is_used),
		cmocka_unit_test(test_key_material_swapped_before_the_first_use_opens_nothing),
		cmocka_unit_test(test_the_copy_cannot_be_changed_by_anybody),
		cmocka_unit_test(test_another_header_under_the_same_path_is_refused),
		cmocka_unit_test(test_a_detached_header_opens_and_says_so_to_the_rules),
		cmocka_unit_test(test_without_device_mapper_opening_says_so_and_changes_nothing),
		cmocka_unit_test(test_a_key_file_is_tried_on_a_few_keyslots_only),
		cmocka_unit_test(test_loading_and_testing_are_quick),
	};

	return cmocka_run_group_tests_name("luks/header", tests, make, drop);
}
