/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include "luks/claims.h"
#include "luks/device.h"
#include "luks/holder.h"
#include "luks/scratch.h"
#include "luks/watch.h"

struct place {
	struct scratch *scratch;
	char folder[64]; /* stands for /dev/disk/by-uuid */
};

static int make(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	p->scratch = scratch_new("aes", "xts-plain64", 64);
	strcpy(p->folder, "/tmp/cexluks-unit-by-uuid-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	luks_device_set_by_uuid(p->folder);
	*state = p;
	return 0;
}

static int drop(void **state)
{
	struct place *p = *state;
	char command[128];

	(void)snprintf(command, sizeof(command), "rm -rf '%s'", p->folder);
	assert_int_equal(system(command), 0);
	scratch_free(p->scratch);
	luks_device_set_by_uuid(NULL);
	luks_holder_set_sysfs(NULL);
	free(p);
	return 0;
}

static void link_to(const struct place *p, const char *name, const char *target)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", p->folder, name);
	(void)unlink(path);
	assert_int_equal(symlink(target, path), 0);
}

static int open_path(const char *path)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;

	return luks_device_open(path, &device);
}

static void test_what_is_no_device_is_told_apart_from_what_is_no_luks2(void **state)
{
	(void)state;
	assert_int_equal(open_path("/tmp/cexluks-no-such-file"), LUKS_NO_DEVICE);
	assert_int_equal(open_path("/dev/null"), LUKS_NO_DEVICE);
	assert_int_equal(open_path("/tmp"), LUKS_NO_DEVICE);
	assert_int_equal(open_path("/etc/passwd/x"), LUKS_NO_DEVICE);
	assert_int_equal(open_path(""), LUKS_NO_DEVICE);
	assert_int_equal(open_path("/etc/passwd"), LUKS_NOT_LUKS2);
}

static void test_luks1_and_an_empty_file_are_not_luks2(void **state)
{
	char path[] = "/tmp/cexluks-unit-XXXXXX";
	struct crypt_device *cd = NULL;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(open_path(path), LUKS_NOT_LUKS2);
	assert_int_equal(ftruncate(fd, IMAGE_SIZE), 0);
	assert_int_equal(open_path(path), LUKS_NOT_LUKS2);
	assert_int_equal(crypt_init(&cd, path), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS1, "aes", "xts-plain64", NULL, NULL, 64, NULL), 0);
	crypt_free(cd);
	assert_int_equal(open_path(path), LUKS_NOT_LUKS2);
	(void)close(fd);
	(void)unlink(path);
}

/* Nothing is mapped at the address 0 of a process. */
static void test_a_disk_that_cannot_be_read_is_not_called_empty(void **state)
{
	struct luks_device device = { .fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC) };

	(void)state;
	assert_int_equal(luks_device_judge(&device), -EIO);
	(void)close(device.fd);
}

static void test_a_disk_that_can_be_read_in_part_is_not_called_empty(void **state)
{
	struct luks_device device = { .fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC) };
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;

	(void)state;
	if (mmap(NULL, 4096, PROT_READ, flags, -1, 0) == MAP_FAILED) {
		print_message("the kernel lets nobody but root map the address 0\n");
		(void)close(device.fd);
		skip();
	}
	assert_int_equal(luks_device_judge(&device), -EIO);
	assert_int_equal(munmap(NULL, 4096), 0);
	(void)close(device.fd);
}

static void test_a_uuid_that_is_none_is_not_believed(void **state)
{
	const struct place *p = *state;
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);

	memcpy(image, p->scratch->image, IMAGE_SIZE);
	for (size_t offset = 0; offset < 2 * METADATA; offset += METADATA) {
		memcpy(image + offset + 168, "../../../../etc/passwd", 23);
		header_checksum(image, offset);
	}
	scratch_write(p->scratch->path, image);
	assert_int_equal(open_path(p->scratch->path), LUKS_NOT_LUKS2);
	scratch_reset(p->scratch);
}

static void test_a_link_is_resolved_once(void **state)
{
	const struct place *p = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason;
	struct stat a, b;

	link_to(p, SCRATCH_UUID, p->scratch->path);
	assert_int_equal(luks_device_find(SCRATCH_UUID, &device, &reason), 0);
	assert_string_equal(device->path, p->scratch->path);
	link_to(p, SCRATCH_UUID, "/etc/passwd");
	assert_int_equal(fstat(device->fd, &a), 0);
	assert_int_equal(stat(p->scratch->path, &b), 0);
	assert_int_equal(a.st_ino, b.st_ino);
}

static void test_case_of_a_uuid_does_not_matter(void **state)
{
	const struct place *p = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason;

	link_to(p, SCRATCH_UUID, p->scratch->path);
	assert_int_equal(luks_device_find("96FA7BA7-5229-4F32-A9D3-849404FEBB0E", &device, &reason), 0);
	assert_string_equal(device->uuid, SCRATCH_UUID);
}

static void test_a_link_that_lies_about_the_uuid_is_no_match(void **state)
{
	static const char other[] = "00000000-5229-4f32-a9d3-849404febb0e";
	const struct place *p = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason;

	link_to(p, other, p->scratch->path);
	assert_int_equal(luks_device_find(other, &device, &reason), LUKS_NO_DEVICE);
	link_to(p, other, "/etc/passwd");
	assert_int_equal(luks_device_find(other, &device, &reason), LUKS_NOT_LUKS2);
	link_to(p, other, "/dev/cexluks-gone");
	assert_int_equal(luks_device_find(other, &device, &reason), LUKS_NO_DEVICE);
}

static void test_two_devices_with_one_uuid_are_refused(void **state)
{
	const struct place *p = *state;
	struct scratch *twin = scratch_new("aes", "xts-plain64", 64);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason = { "" };

	link_to(p, SCRATCH_UUID, p->scratch->path);
	link_to(p, "96FA7BA7-5229-4F32-A9D3-849404FEBB0E", p->scratch->path);
	assert_int_equal(luks_device_find(SCRATCH_UUID, &device, &reason), 0);
	luks_device_free(take_ptr(device));
	link_to(p, "96FA7BA7-5229-4F32-A9D3-849404FEBB0E", twin->path);
	assert_int_equal(luks_device_find(SCRATCH_UUID, &device, &reason), LUKS_REFUSED);
	assert_non_null(strstr(reason.text, twin->path));
	link_to(p, "96FA7BA7-5229-4F32-A9D3-849404FEBB0E", "/nonexistent");
	scratch_free(twin);
}

static int count(const char *uuid, void *userdata)
{
	assert_string_equal(uuid, SCRATCH_UUID);
	return ++*(int *)userdata == 99 ? 7 : 0;
}

static void test_each_visits_luks2_devices_only_and_stops_when_told(void **state)
{
	const struct place *p = *state;
	int n = 0;

	link_to(p, SCRATCH_UUID, p->scratch->path);
	link_to(p, "11111111-5229-4f32-a9d3-849404febb0e", "/etc/passwd");
	link_to(p, "not-a-uuid", p->scratch->path);
	assert_int_equal(luks_device_each(count, &n), 0);
	assert_int_equal(n, 1);
	n = 98;
	assert_int_equal(luks_device_each(count, &n), 7);
	luks_device_set_by_uuid("/nonexistent");
	assert_int_equal(luks_device_each(count, &n), 0);
	luks_device_set_by_uuid(p->folder);
}

static void put(const char *folder, const char *below, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, below);
	*strrchr(path, '/') = '\0';
	assert_int_equal(file_make_dirs(path, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, below);
	assert_int_equal(file_write_atomic(path, text, strlen(text), 0644), 0);
}

static void test_holders_are_named_and_multipath_members_known(void **state)
{
	const struct place *p = *state;
	char sysfs[128];

	(void)snprintf(sysfs, sizeof(sysfs), "%s/sysfs", p->folder);
	put(sysfs, "8:1/holders/dm-3/dm/name", "luks-root\n");
	put(sysfs, "8:1/holders/dm-3/dm/uuid", "CRYPT-LUKS2-96fa-luks-root\n");
	put(sysfs, "8:2/holders/dm-4/dm/name", "mpatha\n");
	put(sysfs, "8:2/holders/dm-4/dm/uuid", "mpath-36005076\n");
	put(sysfs, "8:3/holders/md0/md/level", "raid1\n");
	put(sysfs, "8:4/size", "1\n");
	put(sysfs, "7:0/loop/backing_file", "/tmp/image\n");
	luks_holder_set_sysfs(sysfs);
	{
		_cleanup_free_ char *a = luks_holder_name(makedev(8, 1));
		_cleanup_free_ char *b = luks_holder_name(makedev(8, 3));

		assert_string_equal(a, "luks-root");
		assert_string_equal(b, "md0");
	}
	assert_null(luks_holder_name(makedev(8, 4)));
	assert_null(luks_holder_name(0));
	assert_true(luks_holder_is_multipath(makedev(8, 2)));
	assert_false(luks_holder_is_multipath(makedev(8, 1)));
	assert_false(luks_holder_is_multipath(makedev(8, 3)));
	assert_false(luks_holder_is_multipath(0));
	assert_true(luks_holder_is_loop_of(makedev(7, 0), "/tmp/image"));
	assert_false(luks_holder_is_loop_of(makedev(7, 0), "/tmp/other"));
	assert_false(luks_holder_is_loop_of(makedev(7, 1), "/tmp/image"));
	luks_holder_set_sysfs(NULL);
}

static void assert_path(unsigned minor_number, const char *expected)
{
	_cleanup_free_ char *path = luks_holder_path(makedev(8, minor_number));

	if (expected)
		assert_string_equal(path, expected);
	else
		assert_null(path);
}

static void test_a_device_number_has_a_path(void **state)
{
	const struct place *p = *state;
	char sysfs[128];

	(void)snprintf(sysfs, sizeof(sysfs), "%s/sysfs", p->folder);
	put(sysfs, "8:5/uevent", "MAJOR=8\nMINOR=5\nDEVNAME=sda5\nDEVTYPE=partition\n");
	put(sysfs, "8:6/uevent", "DEVNAME=cciss/c0d0p1\nMAJOR=8\n");
	put(sysfs, "8:7/uevent", "MAJOR=8\nNODEVNAME=sda7\n");
	luks_holder_set_sysfs(sysfs);
	assert_path(5, "/dev/sda5");
	assert_path(6, "/dev/cciss/c0d0p1");
	assert_path(7, NULL);
	assert_path(8, NULL);
	luks_holder_set_sysfs(NULL);
}

static int below(const char *name)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;

	return luks_device_below(name, &device);
}

static void test_below_what_is_no_mapping_there_is_nothing(void **state)
{
	int r = below("cexluks-no-such-mapping");

	(void)state;
	assert_true(r == LUKS_NO_DEVICE || r == LUKS_NO_MAPPER);
	assert_int_equal(below("/dev/mapper/cexluks-no-such-mapping"), r);
	assert_int_equal(below(""), LUKS_NO_DEVICE);
	assert_int_equal(below("/dev/mapper/"), LUKS_NO_DEVICE);
	assert_int_equal(below("/dev/mapper/control"), LUKS_NO_DEVICE);
	assert_int_equal(below("/dev/vda"), LUKS_NO_DEVICE);
	assert_int_equal(below("../root"), LUKS_NO_DEVICE);
}

static int note(const char *path, void *userdata)
{
	char *all = userdata;

	strcat(strcat(all, path), " ");
	return strstr(path, "99:") ? 5 : 0;
}

static void test_claims_are_found_as_old_and_new_udev_writes_them(void **state)
{
	const struct place *p = *state;
	char folder[128], all[256] = "";

	(void)snprintf(folder, sizeof(folder), "%s/links", p->folder);
	put(folder, "disk\\x2fby-uuid\\x2f" SCRATCH_UUID "/b254:2", "");
	put(folder, "disk\\x2fby-uuid\\x2f" SCRATCH_UUID "/c1:3", "");
	put(folder, "disk\\x2fby-uuid\\x2f" SCRATCH_UUID "/b..", "");
	put(folder, "\\x2fdisk\\x2fby-uuid\\x2f" SCRATCH_UUID "/b254:3", "");
	put(folder, "disk\\x2fby-uuid\\x2fother/b254:4", "");
	luks_claims_set_folder(folder);
	assert_int_equal(luks_claims_each(SCRATCH_UUID, note, all), 0);
	assert_string_equal(all, "/dev/block/254:2 /dev/block/254:3 ");
	put(folder, "disk\\x2fby-uuid\\x2fother/b99:1", "");
	assert_int_equal(luks_claims_each("other", note, all), 5);
	luks_claims_set_folder(NULL);
}

static void test_a_watch_wakes_when_something_appears_below_dev(void **state)
{
	_cleanup_(luks_watch_freep) struct luks_watch *watch = NULL;
	char path[] = "/dev/cexluks-unit-XXXXXX";
	struct pollfd fd = { .events = POLLIN };
	int file;

	(void)state;
	assert_int_equal(luks_watch_new(&watch), 0);
	luks_watch_drain(watch);
	file = mkstemp(path);
	if (file < 0) {
		print_message("SKIP: /dev cannot be written here\n");
		skip();
	}
	fd.fd = luks_watch_fd(watch);
	assert_int_equal(poll(&fd, 1, 5000), 1);
	(void)close(file);
	(void)unlink(path);
	luks_watch_drain(watch);
	assert_int_equal(luks_watch_udev_settled(watch),
			 access("/run/udev/queue", F_OK) < 0 || access("/run/udev/control", F_OK) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_no_device_is_told_apart_from_what_is_no_luks2),
		cmocka_unit_test(test_luks1_and_an_empty_file_are_not_luks2),
		cmocka_unit_test(test_a_disk_that_cannot_be_read_is_not_called_empty),
		cmocka_unit_test(test_a_disk_that_can_be_read_in_part_is_not_called_empty),
		cmocka_unit_test(test_a_uuid_that_is_none_is_not_believed),
		cmocka_unit_test(test_a_link_is_resolved_once),
		cmocka_unit_test(test_case_of_a_uuid_does_not_matter),
		cmocka_unit_test(test_a_link_that_lies_about_the_uuid_is_no_match),
		cmocka_unit_test(test_two_devices_with_one_uuid_are_refused),
		cmocka_unit_test(test_each_visits_luks2_devices_only_and_stops_when_told),
		cmocka_unit_test(test_holders_are_named_and_multipath_members_known),
		cmocka_unit_test(test_a_device_number_has_a_path),
		cmocka_unit_test(test_below_what_is_no_mapping_there_is_nothing),
		cmocka_unit_test(test_claims_are_found_as_old_and_new_udev_writes_them),
		cmocka_unit_test(test_a_watch_wakes_when_something_appears_below_dev),
	};

	return cmocka_run_group_tests_name("luks/device", tests, make, drop);
}
