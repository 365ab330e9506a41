/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/format.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <linux/fs.h>

#include "base/file.h"
#include "base/log.h"
#include "luks/context.h"
#include "luks/device.h"
#include "luks/holder.h"
#include "luks/reason.h"
#include "luks/signature.h"

/* The library's default, and a multiple of every alignment that disks ask for. */
#define DATA_OFFSET (16u << 20)

#define CHUNK (64u << 10)

/* ---- looking ---- */

static int busy(const struct luks_device *device, struct luks_reason *reason)
{
	_cleanup_free_ char *holder = luks_holder_name(device->devno);
	_cleanup_free_ char *mount = luks_holder_mount(device->devno);

	if (holder)
		luks_reason_set(reason, "'%s' lies on it", holder);
	else if (mount)
		luks_reason_set(reason, "it is mounted on %s", mount);
	else
		luks_reason_set(reason, "it, or a partition of it, is in use");
	return LUKS_BUSY;
}

static int check_unused(const struct luks_device *device, struct luks_reason *reason)
{
	_cleanup_free_ char *loop = NULL;

	if (device->devno) {
		_cleanup_free_ char *holder = luks_holder_name(device->devno);

		return holder ? busy(device, reason) : 0;
	}
	loop = luks_holder_loop(device->path);
	if (!loop)
		return 0;
	luks_reason_set(reason, "%s is a loop device over it", loop);
	return LUKS_BUSY;
}

static int check_size(const struct luks_device *device, unsigned sector_size,
		      struct luks_reason *reason)
{
	uint64_t size = luks_device_size(device);

	if (size % sector_size) {
		luks_reason_set(reason, "its %llu bytes are no multiple of the sector size %u",
				(unsigned long long)size, sector_size);
		return LUKS_NO_SPACE;
	}
	if (size < DATA_OFFSET + sector_size) {
		luks_reason_set(reason, "its %llu bytes are too few: the header alone takes %u",
				(unsigned long long)size, DATA_OFFSET);
		return LUKS_NO_SPACE;
	}
	return 0;
}

static int check_writable(const struct luks_device *device)
{
	int read_only = 0;

	if (device->devno && ioctl(device->fd, BLKROGET, &read_only) < 0)
		return -errno;
	if (read_only)
		return -EROFS;
	return faccessat(AT_FDCWD, device->path, W_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* Looks at the device and claims it for as long as *@ret_fd is open. */
static int claim(const struct luks_device *device, int flags, unsigned sector_size, int *ret_fd,
		 struct luks_reason *reason)
{
	int r;

	r = check_writable(device);
	if (r)
		return r;
	r = check_unused(device, reason);
	if (r)
		return r;
	r = check_size(device, sector_size, reason);
	if (r)
		return r;
	r = luks_device_claim(device, flags, ret_fd);
	return r == LUKS_BUSY ? busy(device, reason) : r;
}

/* What stays the same however the path is called, and changes when it leads elsewhere. */
static int identify(const struct luks_device *device, struct luks_format_target *ret)
{
	struct stat st;

	if (fstat(device->fd, &st) < 0)
		return -errno;
	ret->device = device->devno ? device->devno : st.st_dev;
	ret->inode = device->devno ? 0 : st.st_ino;
	return 0;
}

static int check_same(const struct luks_device *device, const struct luks_format_target *expected,
		      struct luks_reason *reason)
{
	struct luks_format_target now = { 0 };
	int r;

	if (!expected)
		return 0;
	r = identify(device, &now);
	if (r || (now.device == expected->device && now.inode == expected->inode))
		return r;
	luks_reason_set(reason, "is another device now");
	return LUKS_CHANGED;
}

/* libblkid knows nothing of the label of a DASD; the kernel shows the partitions that are on it. */
static int check_empty(const struct luks_device *device, int fd, struct luks_reason *reason)
{
	_cleanup_free_ char *partition = luks_holder_partition(device->devno);

	if (!partition)
		return luks_signature_find(fd, reason);
	luks_reason_set(reason, "is a whole disk with partitions (%s)", partition);
	return LUKS_OCCUPIED;
}

/* What may be overwritten is what was found before, and nothing else. */
static int check_contents(const struct luks_device *device, int fd, const struct luks_format *format,
			  struct luks_reason *reason)
{
	struct luks_reason now = { "" };
	int r = check_empty(device, fd, &now);

	if (r < 0)
		return r;
	if (r == LUKS_OCCUPIED && !format->overwrite) {
		*reason = now;
		return r;
	}
	if (!format->target || !strcmp(format->target->found.text, now.text))
		return 0;
	luks_reason_set(reason, "%s, which it did not before", r ? now.text : "holds nothing");
	return LUKS_CHANGED;
}

static bool sector_size_is_valid(unsigned size)
{
	return size >= 512 && size <= 4096 && !(size & (size - 1));
}

int luks_format_look(const char *path, unsigned sector_size, bool overwrite,
		     struct luks_format_target *ret, struct luks_reason *reason)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_format_target target = { 0 };
	_cleanup_close_ int fd = -1;
	int r;

	if (!sector_size_is_valid(sector_size))
		return -EINVAL;
	r = luks_device_open_data(path, &device);
	if (r)
		return r;
	r = claim(device, O_RDONLY, sector_size, &fd, reason);
	if (r)
		return r;
	r = check_empty(device, fd, &target.found);
	if (r == LUKS_OCCUPIED && !overwrite)
		*reason = target.found;
	if (r < 0 || (r && !overwrite))
		return r;
	r = identify(device, &target);
	if (!r)
		*ret = target;
	return r;
}

/* ---- making the header, in memory ---- */

static const struct crypt_pbkdf_type *kdf_of(enum luks_kdf kdf)
{
	switch (kdf) {
	case LUKS_KDF_ARGON2ID:
		return crypt_get_pbkdf_type_params(CRYPT_KDF_ARGON2ID);
	case LUKS_KDF_PBKDF2:
		return crypt_get_pbkdf_type_params(CRYPT_KDF_PBKDF2);
	case LUKS_KDF_CHEAP:
		return &luks_library_cheap_kdf;
	}
	return NULL;
}

static bool format_is_valid(const struct luks_format *format)
{
	return sector_size_is_valid(format->sector_size) && kdf_of(format->kdf) &&
	       luks_rules_key_fits(format->cipher, secret_len(format->volume_key)) &&
	       secret_len(format->passphrase) &&
	       (!format->second || (secret_len(format->second) && kdf_of(format->second_kdf))) &&
	       (!format->uuid || uuid_is_valid(format->uuid)) &&
	       (!format->label || strlen(format->label) <= LUKS_LABEL_MAX);
}

static int add_keyslot(struct crypt_device *cd, int keyslot, const struct secret *key,
		       const struct secret *passphrase)
{
	return luks_library_result("crypt_keyslot_add_by_volume_key",
				   crypt_keyslot_add_by_volume_key(
					   cd, keyslot, (const char *)secret_bytes(key), secret_len(key),
					   (const char *)secret_bytes(passphrase),
					   secret_len(passphrase)));
}

static int fill(struct crypt_device *cd, const struct luks_format *format)
{
	struct crypt_params_luks2 params = {
		.sector_size = format->sector_size,
		.pbkdf = kdf_of(format->kdf),
		.label = format->label,
	};
	const char *key = (const char *)secret_bytes(format->volume_key);
	size_t key_size = secret_len(format->volume_key);
	_cleanup_free_ char *cipher = strdup(format->cipher);
	char *mode;
	int r;

	if (!cipher)
		return -ENOMEM;
	mode = strchr(cipher, '-'); /* every cipher on the list has one */
	*mode++ = '\0';
	r = luks_library_result("crypt_set_data_offset", crypt_set_data_offset(cd, DATA_OFFSET / 512));
	if (r)
		return r;
	r = luks_library_result("crypt_format",
				crypt_format(cd, CRYPT_LUKS2, cipher, mode, format->uuid, key,
					     key_size, &params));
	if (r)
		return r;
	r = add_keyslot(cd, 0, format->volume_key, format->passphrase);
	if (r || !format->second)
		return r;
	r = luks_library_result("crypt_set_pbkdf_type",
				crypt_set_pbkdf_type(cd, kdf_of(format->second_kdf)));
	return r ? r : add_keyslot(cd, 1, format->volume_key, format->second);
}

/*
 * A memory file as long as the device, with header and keyslot in it and nothing behind them. The
 * library writes a header without a keyslot first; on the device that would be a valid one which
 * nothing opens.
 */
static int make(const struct luks_format *format, uint64_t size, int *ret_fd, uint64_t *ret_copy_size,
		struct luks_reason *reason)
{
	_cleanup_close_ int fd = memfd_create("cexluks-format", MFD_CLOEXEC);
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	int r;

	if (fd < 0 || ftruncate(fd, (off_t)size) < 0)
		return -errno;
	r = luks_library_init(fd, -1, &cd);
	if (r)
		return r;
	r = fill(cd, format);
	if (r)
		return r;
	r = luks_header_check_context(cd, reason);
	if (r)
		return r;
	r = luks_library_result("crypt_get_metadata_size",
				crypt_get_metadata_size(cd, ret_copy_size, NULL));
	if (r)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

/* ---- writing it ---- */

static int space_result(int r, struct luks_reason *reason)
{
	if (r != -ENOSPC && r != -EDQUOT && r != -EFBIG)
		return r;
	luks_reason_set(reason, "the file system below has no room for the header");
	return LUKS_NO_SPACE;
}

/* Before anything is lost: a sparse file may lie on a full file system. */
static int reserve(const struct luks_device *device, int fd, struct luks_reason *reason)
{
	if (device->devno || fallocate(fd, 0, 0, DATA_OFFSET) == 0 || errno == EOPNOTSUPP)
		return 0;
	return space_result(-errno, reason);
}

/* Bytes @begin to @end of @from, or zeros when there is no @from; on the disk when this returns. */
static int put(int fd, int from, uint64_t begin, uint64_t end)
{
	_cleanup_free_ char *buf = calloc(1, CHUNK);

	if (!buf)
		return -ENOMEM;
	if (lseek(fd, (off_t)begin, SEEK_SET) < 0)
		return -errno;
	for (uint64_t at = begin; at < end; at += CHUNK) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		int r;

		if (from >= 0 && pread(from, buf, n, (off_t)at) != (ssize_t)n)
			return -EIO;
		r = file_write_all(fd, buf, n);
		if (r < 0)
			return r;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

#define BINARY_HEADER 4096u /* with magic and checksum, before the JSON of each copy */

/* Nothing valid is left; then key areas and JSON; with the first binary header the whole is valid. */
static int write_header(int fd, int header, uint64_t copy_size)
{
	const struct {
		uint64_t begin, end;
	} steps[] = {
		{ 2 * copy_size, DATA_OFFSET },
		{ BINARY_HEADER, copy_size },
		{ 0, BINARY_HEADER },
		{ copy_size, 2 * copy_size },
	};
	int r;

	r = put(fd, -1, 0, 2 * copy_size);
	for (size_t i = 0; !r && i < ARRAY_SIZE(steps); i++)
		r = put(fd, header, steps[i].begin, steps[i].end);
	return r;
}

static int clear(int fd, bool *begun, struct luks_reason *reason)
{
	bool tables = false;
	int r;

	r = luks_signature_wipe(fd, begun, &tables, reason);
	if (r)
		return r;
	if (tables && ioctl(fd, BLKRRPART) < 0)
		log_debug("luks: the kernel still knows the old partitions: %s", strerror(errno));
	return 0;
}

/*
 * What was read or written is read from the disk next time. A memory file system has no disk, and where
 * it is not allowed the proof is one of the cache.
 */
static void drop_cache(const struct luks_device *device, int fd)
{
	int r = device->devno ? (ioctl(fd, BLKFLSBUF) < 0 ? errno : 0) :
				posix_fadvise(fd, 0, DATA_OFFSET, POSIX_FADV_DONTNEED);

	if (r)
		log_debug("luks: the cache of %s stays: %s", device->path, strerror(r));
}

/* From the disk again, as the next boot will find it; all of it was synced. */
static int prove(struct luks_device *device, int fd, const struct luks_format *format,
		 struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	int r;

	drop_cache(device, fd);
	r = luks_device_judge(device);
	if (r == LUKS_NOT_LUKS2)
		return luks_refuse(reason, "libblkid sees no LUKS2 header after it was written");
	if (r)
		return r;
	r = luks_header_load(device, NULL, &header, reason);
	if (!r)
		r = luks_header_test(header, 0, format->passphrase, reason);
	return r || !format->second ? r : luks_header_test(header, 1, format->second, reason);
}

static int replace(struct luks_device *device, int fd, const struct luks_format *format,
		   struct luks_formatted *ret, struct luks_reason *reason)
{
	_cleanup_close_ int header = -1;
	uint64_t copy_size = 0;
	int r;

	r = make(format, luks_device_size(device), &header, &copy_size, reason);
	if (r)
		return r;
	r = check_contents(device, fd, format, reason);
	if (r)
		return r;
	r = reserve(device, fd, reason);
	if (r)
		return r;
	if (format->overwrite) {
		r = clear(fd, &ret->begun, reason);
		if (r)
			return r;
	}
	ret->begun = true;
	r = space_result(write_header(fd, header, copy_size), reason);
	if (!r)
		r = prove(device, fd, format, reason);
	if (!r)
		memcpy(ret->uuid, device->uuid, sizeof(ret->uuid));
	return r;
}

int luks_format(const char *path, const struct luks_format *format, struct luks_formatted *ret,
		struct luks_reason *reason)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	*ret = (struct luks_formatted){ 0 };
	if (!format_is_valid(format))
		return -EINVAL;
	r = luks_device_open_data(path, &device);
	if (r)
		return r;
	r = claim(device, O_RDWR, format->sector_size, &fd, reason);
	if (r)
		return r;
	r = check_same(device, format->target, reason);
	if (r)
		return r;
	/* Asks udev to look only when we are done; that it looks just now does no harm. */
	(void)flock(fd, LOCK_EX | LOCK_NB);
	return replace(device, fd, format, ret, reason);
}
