/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>

#include <blkid/blkid.h>

#include "luks/format.h"
#include "luks/header.h"
#include "luks/holder.h"
#include "luks/scratch.h"
#include "luks/volume-key.h"

#define SIZE	    (32u << 20)
#define DATA_OFFSET (16u << 20)
#define KEY_SIZE    272

/* Sanitizers make each run slower and add nothing to the many. */
#ifdef __SANITIZE_ADDRESS__
#define KILLS 10
#else
#define KILLS 30
#endif

/* A file that stands for the device, and what is to be put on it. */
struct bench {
	char path[64];
	struct secret *key, *human;
	struct luks_format format;
	struct luks_format_target target;
	struct luks_formatted done;
	struct luks_reason reason;
};

/* A child needs secrets of its own: the parent's are wiped in it. */
static void make_secrets(struct bench *b)
{
	assert_int_equal(secret_new(KEY_SIZE, &b->key), 0);
	for (size_t i = 0; i < KEY_SIZE; i++)
		secret_data(b->key)[i] = (unsigned char)(i * 7);
	b->human = secret_of(HUMAN);
	b->format.volume_key = b->key;
	b->format.passphrase = b->human;
}

static int make(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	int fd;

	assert_non_null(b);
	json_setup();
	crypt_set_log_callback(NULL, quiet, NULL);
	/* In memory if that goes: the many syncs to a disk would take a minute. */
	strcpy(b->path, access("/dev/shm", W_OK) == 0 ? "/dev/shm/cexluks-unit-XXXXXX"
						      : "/tmp/cexluks-unit-XXXXXX");
	fd = mkstemp(b->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	(void)close(fd);
	b->format = (struct luks_format){
		.cipher = "paes-xts-plain64",
		.sector_size = 4096,
		.kdf = LUKS_KDF_CHEAP,
	};
	make_secrets(b);
	*state = b;
	return 0;
}

static int drop(void **state)
{
	struct bench *b = *state;

	(void)unlink(b->path);
	secret_free(b->key);
	secret_free(b->human);
	free(b);
	return 0;
}

static int look(struct bench *b, bool overwrite)
{
	b->reason.text[0] = '\0';
	return luks_format_look(b->path, b->format.sector_size, overwrite, &b->target,
				&b->reason);
}

static int format(struct bench *b)
{
	b->reason.text[0] = '\0';
	return luks_format(b->path, &b->format, &b->done, &b->reason);
}

static void put(const struct bench *b, off_t offset, const void *bytes, size_t len)
{
	_cleanup_close_ int fd = open(b->path, O_WRONLY | O_CLOEXEC);

	assert_int_equal(pwrite(fd, bytes, len, offset), len);
}

static void resize(const struct bench *b, off_t size)
{
	assert_int_equal(truncate(b->path, size), 0);
}

static cJSON *metadata(const struct bench *b)
{
	struct crypt_device *cd = NULL;
	const char *text;
	cJSON *root;

	assert_int_equal(crypt_init(&cd, b->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_dump_json(cd, &text, 0), 0);
	root = cJSON_Parse(text);
	assert_non_null(root);
	crypt_free(cd);
	return root;
}

static const char *string_at(cJSON *root, const char *a, const char *b, const char *c, const char *name)
{
	const char *text = json_string(at(root, a, b, c), name, 1, 100);

	assert_non_null(text);
	return text;
}

static int64_t number_at(cJSON *root, const char *a, const char *b, const char *c, const char *name)
{
	int64_t v;

	assert_true(json_integer(at(root, a, b, c), name, 0, INT64_MAX / 2, &v));
	return v;
}

/* Whether the file holds a header by our rules whose keyslot 0 opens and holds the key. */
static bool is_whole(struct bench *b)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *key = NULL;

	return luks_device_open(b->path, &device) == 0 &&
	       luks_header_load(device, NULL, &header, &b->reason) == 0 &&
	       luks_volume_key_get(header, 0, b->human, &key, &b->reason) == 0 &&
	       secret_equal(key, b->key);
}

static bool uuid_is(const struct bench *b, const char *uuid)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;

	return luks_device_open(b->path, &device) == 0 && uuid_equal(device->uuid, uuid);
}

static void test_a_formatted_volume_holds_the_key_it_was_given(void **state)
{
	struct bench *b = *state;
	_cleanup_json_ cJSON *root = NULL;

	b->format.uuid = SCRATCH_UUID;
	b->format.label = "payroll";
	assert_int_equal(look(b, false), 0);
	assert_int_equal(format(b), 0);
	assert_true(is_whole(b));
	root = metadata(b);
	assert_string_equal(string_at(root, "segments", "0", NULL, "encryption"), "paes-xts-plain64");
	assert_string_equal(string_at(root, "segments", "0", NULL, "offset"), "16777216");
	assert_int_equal(number_at(root, "segments", "0", NULL, "sector_size"), 4096);
	assert_int_equal(number_at(root, "keyslots", "0", NULL, "key_size"), KEY_SIZE);
	/* No card for key areas: these are protected by the passphrase. */
	assert_string_equal(string_at(root, "keyslots", "0", "area", "encryption"), "aes-xts-plain64");
	assert_int_equal(number_at(root, "keyslots", "0", "area", "key_size"), 64);
	assert_string_equal(string_at(root, "keyslots", "0", "kdf", "type"), "pbkdf2");
	assert_int_equal(number_at(root, "keyslots", "0", "kdf", "iterations"), 1000);
}

static void test_name_and_uuid_are_those_asked_for(void **state)
{
	struct bench *b = *state;
	struct crypt_device *cd = NULL;

	b->format.uuid = SCRATCH_UUID;
	b->format.label = "payroll";
	assert_int_equal(format(b), 0);
	assert_int_equal(crypt_init(&cd, b->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_string_equal(crypt_get_uuid(cd), SCRATCH_UUID);
	assert_string_equal(crypt_get_label(cd), "payroll");
	crypt_free(cd);
}

static void test_the_sector_size_is_the_one_asked_for(void **state)
{
	struct bench *b = *state;
	_cleanup_json_ cJSON *root = NULL;

	resize(b, SIZE + 512);
	assert_int_equal(format(b), LUKS_NO_SPACE);
	assert_non_null(strstr(b->reason.text, "33554944"));
	b->format.sector_size = 512;
	assert_int_equal(format(b), 0);
	root = metadata(b);
	assert_int_equal(number_at(root, "segments", "0", NULL, "sector_size"), 512);
	b->format.sector_size = 1000;
	assert_int_equal(look(b, true), -EINVAL);
	b->format.sector_size = 8192;
	assert_int_equal(format(b), -EINVAL);
}

static void test_a_device_without_room_for_data_is_too_small(void **state)
{
	struct bench *b = *state;

	resize(b, DATA_OFFSET);
	assert_int_equal(look(b, false), LUKS_NO_SPACE);
	assert_int_equal(format(b), LUKS_NO_SPACE);
	resize(b, 0);
	assert_int_equal(look(b, false), LUKS_NO_SPACE);
	resize(b, DATA_OFFSET + 4096);
	assert_int_equal(format(b), 0);
	assert_true(is_whole(b));
}

static void test_what_is_asked_for_must_make_sense(void **state)
{
	struct bench *b = *state;
	const struct luks_format good = b->format;
	_cleanup_secret_ struct secret *empty = secret_of("x");

	secret_shorten(empty, 0);
	b->format.cipher = "cipher_null-ecb";
	assert_int_equal(format(b), -EINVAL);
	b->format = good;
	b->format.cipher = "aes-xts-plain64"; /* takes 64 bytes */
	assert_int_equal(format(b), -EINVAL);
	b->format = good;
	b->format.passphrase = empty;
	assert_int_equal(format(b), -EINVAL);
	b->format = good;
	b->format.uuid = "../etc";
	assert_int_equal(format(b), -EINVAL);
	b->format = good;
	b->format.label = "a label of forty-eight bytes, which is one more.";
	assert_int_equal(format(b), -EINVAL);
	assert_int_equal(look(b, false), 0);
}

static void test_each_kind_of_passphrase_gets_its_derivation(void **state)
{
	struct bench *b = *state;
	_cleanup_json_ cJSON *human = NULL, *fips = NULL;

	b->format.overwrite = true;
	b->format.kdf = LUKS_KDF_ARGON2ID;
	assert_int_equal(format(b), 0);
	human = metadata(b);
	assert_string_equal(string_at(human, "keyslots", "0", "kdf", "type"), "argon2id");
	assert_true(number_at(human, "keyslots", "0", "kdf", "memory") >= 32 << 10);
	b->format.kdf = LUKS_KDF_PBKDF2;
	assert_int_equal(format(b), 0);
	fips = metadata(b);
	assert_string_equal(string_at(fips, "keyslots", "0", "kdf", "type"), "pbkdf2");
	assert_true(number_at(fips, "keyslots", "0", "kdf", "iterations") > 10000);
}

/* ---- what may be there already ---- */

static uint32_t crc32(const unsigned char *p, size_t len)
{
	uint32_t crc = ~0u;

	while (len--) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static void le32(unsigned char *p, uint32_t v)
{
	v = htole32(v);
	memcpy(p, &v, sizeof(v));
}

static void le64(unsigned char *p, uint64_t v)
{
	v = htole64(v);
	memcpy(p, &v, sizeof(v));
}

/* Enough of an ext4 superblock for libblkid; s_magic, features, label and UUID. */
static void make_ext4(const struct bench *b)
{
	unsigned char sb[1024] = { 0 };

	sb[0x38] = 0x53, sb[0x39] = 0xef;
	le32(sb + 0x5c, 4);    /* has_journal */
	le32(sb + 0x60, 0x40); /* extents */
	memset(sb + 0x68, 0x11, 16);
	memcpy(sb + 0x78, "my data", 7);
	put(b, 1024, sb, sizeof(sb));
}

static void make_swap(const struct bench *b)
{
	unsigned char page[4096] = { 0 };

	le32(page + 1024, 1);	 /* version */
	le32(page + 1028, 1000); /* last page */
	memcpy(page + 4086, "SWAPSPACE2", 10);
	put(b, 0, page, sizeof(page));
}

static void gpt_header(unsigned char *sector, uint64_t at, uint64_t other, uint64_t entries)
{
	static const unsigned char none[128 * 128];

	memcpy(sector, "EFI PART", 8);
	le32(sector + 8, 0x10000);
	le32(sector + 12, 92);
	le64(sector + 24, at);
	le64(sector + 32, other);
	le64(sector + 40, 34);
	le64(sector + 48, SIZE / 512 - 34);
	memset(sector + 56, 0x22, 16);
	le64(sector + 72, entries);
	le32(sector + 80, 128);
	le32(sector + 84, 128);
	le32(sector + 88, crc32(none, sizeof(none)));
	le32(sector + 16, crc32(sector, 92));
}

/* An empty table with its copy at the end of the device. */
static void make_gpt(const struct bench *b)
{
	const uint64_t last = SIZE / 512 - 1;
	unsigned char mbr[512] = { 0 }, primary[512] = { 0 }, backup[512] = { 0 };

	mbr[450] = 0xee;
	le32(mbr + 454, 1);
	le32(mbr + 458, (uint32_t)last);
	mbr[510] = 0x55, mbr[511] = 0xaa;
	put(b, 0, mbr, sizeof(mbr));
	gpt_header(primary, 1, last, 2);
	put(b, 512, primary, sizeof(primary));
	gpt_header(backup, last, 1, last - 32);
	put(b, SIZE - 512, backup, sizeof(backup));
}

static void make_luks1(const struct bench *b)
{
	struct crypt_device *cd = NULL;

	assert_int_equal(crypt_init(&cd, b->path), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS1, "aes", "xts-plain64", SCRATCH_UUID, NULL, 64,
				      NULL),
			 0);
	crypt_free(cd);
}

static void make_luks2(const struct bench *b)
{
	scratch_format(b->path, "aes", "xts-plain64", 64);
}

/* Only the copy of the header is left, behind where the new one's copies will be. */
static void make_luks2_torn(const struct bench *b)
{
	struct crypt_device *cd = NULL;
	char key[64] = { 1 };

	assert_int_equal(crypt_init(&cd, b->path), 0);
	assert_int_equal(crypt_set_metadata_size(cd, 0x100000, 2 << 20), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_format(cd, CRYPT_LUKS2, "aes", "xts-plain64", SCRATCH_UUID, key,
				      sizeof(key), NULL),
			 0);
	crypt_free(cd);
	put(b, 0, (const char[64]){ 0 }, 64);
}

/* mdraid 0.90: its one superblock lies in what will be data. */
static void make_raid_at_the_end(const struct bench *b)
{
	unsigned char sb[4096] = { 0 };

	le32(sb, 0xa92b4efc);
	le32(sb + 4, 0);
	le32(sb + 8, 90);
	memset(sb + 20, 0x33, 4);
	put(b, SIZE - (64 << 10), sb, sizeof(sb));
}

static const struct occupant {
	void (*make)(const struct bench *b);
	const char *words;
} occupants[] = {
	{ make_ext4, "file system (ext4, labelled 'my data')" },
	{ make_swap, "(swap" },
	{ make_gpt, "partition table (gpt)" },
	{ make_luks1, "LUKS1 header (" SCRATCH_UUID ")" },
	{ make_luks2, "LUKS2 header (" SCRATCH_UUID ")" },
	{ make_luks2_torn, "LUKS2 header (" SCRATCH_UUID ")" },
	{ make_raid_at_the_end, "linux_raid_member" },
};

static void test_what_is_there_is_named_and_stays(void **state)
{
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_SIZE(occupants); i++) {
		struct print before;

		resize(b, 0);
		resize(b, SIZE);
		occupants[i].make(b);
		before = fingerprint(b->path);
		assert_int_equal(look(b, false), LUKS_OCCUPIED);
		if (!strstr(b->reason.text, occupants[i].words))
			fail_msg("'%s' is not in '%s'", occupants[i].words, b->reason.text);
		assert_int_equal(format(b), LUKS_OCCUPIED);
		assert_non_null(strstr(b->reason.text, occupants[i].words));
		assert_int_equal(look(b, true), 0);
		assert_same_print(before, fingerprint(b->path));
	}
}

static void test_what_is_there_goes_when_told_so_and_leaves_nothing(void **state)
{
	struct bench *b = *state;

	b->format.overwrite = true;
	for (size_t i = 0; i < ARRAY_SIZE(occupants); i++) {
		resize(b, 0);
		resize(b, SIZE);
		occupants[i].make(b);
		assert_int_equal(format(b), 0);
		assert_true(is_whole(b));
		/* Without the new header nothing is left to be recognised. */
		for (off_t offset = 0; offset < DATA_OFFSET; offset += 4096)
			put(b, offset, (const char[4096]){ 0 }, 4096);
		assert_int_equal(look(b, false), 0);
	}
}

static void test_a_header_just_written_is_in_the_way_of_the_next(void **state)
{
	struct bench *b = *state;

	assert_int_equal(format(b), 0);
	assert_int_equal(format(b), LUKS_OCCUPIED);
	assert_true(is_whole(b));
}

static void test_old_data_stays_and_old_key_areas_go(void **state)
{
	struct bench *b = *state;
	_cleanup_free_ unsigned char *all = malloc(SIZE), *mark = malloc(SIZE);
	_cleanup_close_ int fd = -1;
	size_t kept = 0;

	memset(mark, 0x77, SIZE);
	put(b, 0, mark, SIZE);
	assert_int_equal(format(b), 0);
	fd = open(b->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, all, SIZE, 0), SIZE);
	assert_memory_equal(all + DATA_OFFSET, mark, SIZE - DATA_OFFSET);
	for (size_t i = 0; i < DATA_OFFSET; i += 16)
		kept += !memcmp(all + i, mark, 16);
	assert_int_equal(kept, 0);
}

/* ---- what stands in the way ---- */

static void test_nothing_and_no_device_are_told(void **state)
{
	struct bench *b = *state;

	(void)unlink(b->path);
	assert_int_equal(look(b, false), LUKS_NO_DEVICE);
	assert_int_equal(format(b), LUKS_NO_DEVICE);
	strcpy(b->path, "/dev/null");
	assert_int_equal(look(b, true), LUKS_NO_DEVICE);
	strcpy(b->path, "/tmp/cexluks-unit-none");
}

static void test_a_loop_device_over_the_file_is_in_the_way(void **state)
{
	struct bench *b = *state;
	char sysfs[] = "/tmp/cexluks-unit-sysfs-XXXXXX", folder[64], path[128], command[64];

	assert_non_null(mkdtemp(sysfs));
	(void)snprintf(folder, sizeof(folder), "%s/7:3/loop", sysfs);
	assert_int_equal(file_make_dirs(folder, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/backing_file", folder);
	assert_int_equal(file_write_atomic(path, b->path, strlen(b->path), 0644), 0);
	(void)snprintf(path, sizeof(path), "%s/7:3/uevent", sysfs);
	assert_int_equal(file_write_atomic(path, "DEVNAME=loop3\n", 14, 0644), 0);
	luks_holder_set_sysfs(sysfs);
	assert_int_equal(look(b, true), LUKS_BUSY);
	assert_non_null(strstr(b->reason.text, "/dev/loop3"));
	b->format.overwrite = true;
	assert_int_equal(format(b), LUKS_BUSY);
	luks_holder_set_sysfs(NULL);
	assert_int_equal(look(b, true), 0);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", sysfs);
	assert_int_equal(system(command), 0);
}

/* As a DASD, whose label is none for libblkid. A file has the device number 0:0. */
static void test_a_whole_disk_with_partitions_is_in_the_way(void **state)
{
	struct bench *b = *state;
	char sysfs[] = "/tmp/cexluks-unit-sysfs-XXXXXX", folder[64], path[128], command[64];

	assert_non_null(mkdtemp(sysfs));
	(void)snprintf(folder, sizeof(folder), "%s/0:0/dasda1", sysfs);
	assert_int_equal(file_make_dirs(folder, 0755), 0);
	luks_holder_set_sysfs(sysfs);
	assert_int_equal(look(b, false), 0); /* any other folder */
	(void)snprintf(path, sizeof(path), "%s/partition", folder);
	assert_int_equal(file_write_atomic(path, "1\n", 2, 0644), 0);
	assert_int_equal(look(b, false), LUKS_OCCUPIED);
	assert_non_null(strstr(b->reason.text, "dasda1"));
	assert_int_equal(format(b), LUKS_OCCUPIED);
	assert_int_equal(look(b, true), 0);
	luks_holder_set_sysfs(NULL);
	assert_int_equal(look(b, false), 0);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", sysfs);
	assert_int_equal(system(command), 0);
}

static void test_where_a_device_is_mounted_can_be_told(void **state)
{
	_cleanup_free_ char *mount = NULL;
	struct stat st;

	(void)state;
	assert_int_equal(stat("/proc", &st), 0);
	mount = luks_holder_mount(st.st_dev);
	assert_string_equal(mount, "/proc");
	assert_null(luks_holder_mount(makedev(4095, 1048575)));
}

/* Runs @fn in a child with its own mounts; false when that is not allowed here. */
static bool in_own_mounts(struct bench *b, const char *options, int (*fn)(struct bench *b))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		char folder[] = "/tmp/cexluks-unit-mount-XXXXXX";
		int r = 99;

		if (mkdtemp(folder) && unshare(CLONE_NEWNS) == 0 &&
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		    mount("none", folder, "tmpfs", 0, options) == 0) {
			(void)snprintf(b->path, sizeof(b->path), "%s/image", folder);
			make_secrets(b);
			r = fn(b);
			(void)umount2(folder, MNT_DETACH);
		}
		(void)rmdir(folder);
		_exit(r);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 99) {
		print_message("skipped: no mounts of our own here\n");
		return false;
	}
	assert_int_equal(WEXITSTATUS(status), 0);
	return true;
}

static int make_image(const struct bench *b)
{
	int fd = open(b->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int r = fd < 0 || ftruncate(fd, SIZE) < 0;

	(void)close(fd);
	return r;
}

static int fill_up(struct bench *b)
{
	b->format.overwrite = true;
	if (make_image(b))
		return 1;
	make_swap(b);
	if (format(b) != LUKS_NO_SPACE || !strstr(b->reason.text, "no room"))
		return 2;
	return look(b, false) == LUKS_OCCUPIED ? 0 : 3; /* nothing was lost */
}

static void test_a_full_file_system_is_noticed_before_anything_is_lost(void **state)
{
	if (!in_own_mounts(*state, "size=8m", fill_up))
		skip();
}

static int protect(struct bench *b)
{
	char folder[64];

	if (make_image(b))
		return 1;
	(void)snprintf(folder, sizeof(folder), "%s", b->path);
	*strrchr(folder, '/') = '\0';
	if (mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return 2;
	return look(b, false) == -EROFS && format(b) == -EROFS ? 0 : 3;
}

static void test_a_read_only_file_system_is_told(void **state)
{
	if (!in_own_mounts(*state, "size=64m", protect))
		skip();
}

/* ---- not what was looked at ---- */

static void test_what_the_path_leads_to_by_now_is_not_overwritten(void **state)
{
	struct bench *b = *state;
	struct print before;
	char old[80];

	b->format.overwrite = true;
	b->format.target = &b->target;
	make_swap(b);
	assert_int_equal(look(b, true), 0);
	assert_non_null(strstr(b->target.found.text, "(swap"));
	(void)snprintf(old, sizeof(old), "%s.old", b->path);
	assert_int_equal(rename(b->path, old), 0);
	assert_int_equal(make_image(b), 0);
	make_swap(b); /* looks the same */
	before = fingerprint(b->path);
	assert_int_equal(format(b), LUKS_CHANGED);
	assert_string_equal(b->reason.text, "is another device now");
	assert_false(b->done.begun);
	assert_same_print(before, fingerprint(b->path));
	assert_int_equal(rename(old, b->path), 0);
	assert_int_equal(format(b), 0);
	assert_true(is_whole(b));
	assert_true(uuid_is(b, b->done.uuid));
}

static void test_what_it_holds_by_now_is_not_overwritten(void **state)
{
	struct bench *b = *state;
	struct print before;

	b->format.overwrite = true;
	b->format.target = &b->target;
	assert_int_equal(look(b, true), 0);
	assert_string_equal(b->target.found.text, "");
	make_ext4(b);
	before = fingerprint(b->path);
	assert_int_equal(format(b), LUKS_CHANGED);
	assert_non_null(strstr(b->reason.text, "ext4"));
	assert_false(b->done.begun);
	assert_same_print(before, fingerprint(b->path));
	assert_int_equal(look(b, true), 0);
	assert_int_equal(format(b), 0);
}

/* ---- failed ---- */

/* Calls until one fails; 0: none does. */
static struct {
	unsigned memory_files, probes;
	unsigned syncs; /* the last ends the program, as a lost power line would */
} left;

static bool disk_is_broken, disk_forgets;

/* In place of the libraries'. */
int memfd_create(const char *name, unsigned flags)
{
	if (left.memory_files && --left.memory_files == 0) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, flags);
}

int blkid_do_probe(blkid_probe probe)
{
	union { /* no cast from data to code */
		void *symbol;
		int (*call)(blkid_probe probe);
	} real = { .symbol = dlsym(RTLD_NEXT, "blkid_do_probe") };

	return left.probes && --left.probes == 0 ? -1 : real.call(probe);
}

int fsync(int fd)
{
	if (left.syncs && --left.syncs == 0)
		_exit(77);
	if (!disk_is_broken)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

/* A disk that took what it was given and did not keep it shows only when the cache is gone. */
int posix_fadvise(int fd, off_t offset, off_t len, int advice)
{
	static const char nothing[DATA_OFFSET / 16];

	if (disk_forgets && advice == POSIX_FADV_DONTNEED && offset == 0 && len == DATA_OFFSET)
		assert_int_equal(pwrite(fd, nothing, sizeof(nothing), 0), sizeof(nothing));
	return 0;
}

static void test_a_header_that_did_not_reach_the_disk_is_noticed(void **state)
{
	struct bench *b = *state;

	disk_forgets = true;
	assert_int_equal(format(b), LUKS_REFUSED);
	disk_forgets = false;
	assert_non_null(strstr(b->reason.text, "no LUKS2 header"));
	assert_true(b->done.begun);
	assert_int_equal(format(b), 0);
}

static void test_a_failure_before_the_first_write_is_told_as_such(void **state)
{
	struct bench *b = *state;
	struct print before;

	make_swap(b);
	before = fingerprint(b->path);
	b->done.begun = true;
	assert_int_equal(format(b), LUKS_OCCUPIED);
	assert_false(b->done.begun);
	b->format.overwrite = true;
	left.memory_files = 1;
	assert_int_equal(format(b), -ENOMEM);
	assert_false(b->done.begun);
	left.probes = 1;
	assert_int_equal(format(b), -EIO);
	assert_false(b->done.begun);
	assert_same_print(before, fingerprint(b->path));
}

static void test_a_failure_after_the_first_write_is_told_as_such(void **state)
{
	struct bench *b = *state;

	disk_is_broken = true;
	assert_int_equal(format(b), -EIO);
	disk_is_broken = false;
	assert_true(b->done.begun);
	b->format.overwrite = true;
	make_swap(b);
	left.probes = 3; /* the first two found what was to be erased */
	assert_int_equal(format(b), -EIO);
	assert_true(b->done.begun);
	assert_int_equal(look(b, false), 0);
	assert_int_equal(format(b), 0);
	assert_true(b->done.begun);
}

/* ---- interrupted ---- */

static double now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Anything that cryptsetup would take for one, by its checksum. */
static bool has_header(const struct bench *b)
{
	struct crypt_device *cd = NULL;
	bool has;

	assert_int_equal(crypt_init(&cd, b->path), 0);
	has = crypt_load(cd, CRYPT_LUKS2, NULL) == 0;
	crypt_free(cd);
	return has;
}

static void kill_after(struct bench *b, double ms)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		make_secrets(b);
		_exit(format(b) == 0 ? 0 : 1);
	}
	(void)usleep((useconds_t)(ms * 1e3));
	(void)kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
}

static void test_a_format_killed_anywhere_leaves_no_header_or_a_whole_one(void **state)
{
	struct bench *b = *state;
	unsigned whole = 0, none = 0;
	double begin, all;

	b->format.overwrite = true;
	begin = now_ms();
	assert_int_equal(format(b), 0);
	all = now_ms() - begin;
	b->format.uuid = SCRATCH_UUID;
	for (unsigned i = 0; i < KILLS; i++) {
		make_ext4(b);
		kill_after(b, all * (double)i / KILLS);
		if (has_header(b)) {
			assert_true(is_whole(b));
			whole++;
		} else {
			none++;
		}
	}
	print_message("%d formats of %.0f ms killed: %u left a whole header, %u none\n", KILLS, all,
		      whole, none);
	assert_int_equal(format(b), 0);
	assert_true(is_whole(b));
}

/* The exit status of a format that ends at its @n-th fsync(). */
static int format_until(struct bench *b, unsigned n)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		make_secrets(b);
		left.syncs = n;
		_exit(format(b) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_a_format_that_ends_between_two_writes_leaves_no_half_header(void **state)
{
	struct bench *b = *state;
	unsigned n = 0, none = 0;
	int status;

	b->format.overwrite = true;
	do {
		resize(b, 0);
		resize(b, SIZE);
		make_luks2(b);
		status = format_until(b, ++n);
		assert_true(status == 0 || status == 77);
		none += !has_header(b);
		assert_true(!has_header(b) || is_whole(b) || uuid_is(b, SCRATCH_UUID));
	} while (status == 77);
	assert_true(is_whole(b));
	assert_true(n > 5 && none >= 3); /* the steps of writing, at least */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
		TEST(test_a_formatted_volume_holds_the_key_it_was_given),
		TEST(test_name_and_uuid_are_those_asked_for),
		TEST(test_the_sector_size_is_the_one_asked_for),
		TEST(test_a_device_without_room_for_data_is_too_small),
		TEST(test_what_is_asked_for_must_make_sense),
		TEST(test_each_kind_of_passphrase_gets_its_derivation),
		TEST(test_what_is_there_is_named_and_stays),
		TEST(test_what_is_there_goes_when_told_so_and_leaves_nothing),
		TEST(test_a_header_just_written_is_in_the_way_of_the_next),
		TEST(test_old_data_stays_and_old_key_areas_go),
		TEST(test_nothing_and_no_device_are_told),
		TEST(test_a_loop_device_over_the_file_is_in_the_way),
		TEST(test_a_whole_disk_with_partitions_is_in_the_way),
		TEST(test_where_a_device_is_mounted_can_be_told),
		TEST(test_a_full_file_system_is_noticed_before_anything_is_lost),
		TEST(test_a_read_only_file_system_is_told),
		TEST(test_what_the_path_leads_to_by_now_is_not_overwritten),
		TEST(test_what_it_holds_by_now_is_not_overwritten),
		TEST(test_a_header_that_did_not_reach_the_disk_is_noticed),
		TEST(test_a_failure_before_the_first_write_is_told_as_such),
		TEST(test_a_failure_after_the_first_write_is_told_as_such),
		TEST(test_a_format_that_ends_between_two_writes_leaves_no_half_header),
		TEST(test_a_format_killed_anywhere_leaves_no_header_or_a_whole_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
