/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/device.h"

#include <ctype.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <linux/fs.h>

#include "base/log.h"
#include "luks/claims.h"
#include "luks/holder.h"
#include "luks/mapping.h"
#include "luks/reason.h"
#include "luks/signature.h"

#define BY_UUID "/dev/disk/by-uuid"

static const char *by_uuid = BY_UUID;

void luks_device_set_by_uuid(const char *directory)
{
	by_uuid = directory ? directory : BY_UUID;
}

void luks_device_free(struct luks_device *device)
{
	if (!device)
		return;
	cleanup_close(&device->fd);
	free(device->path);
	free(device);
}

/*
 * A disk with bad sectors where a header begins is no disk with something else. The read that
 * reaches them ends early, and the next one fails.
 */
static int check_readable(int fd)
{
	char smallest[16 << 10]; /* header that LUKS2 knows */
	size_t have = 0;
	ssize_t n;

	do {
		n = pread(fd, smallest, sizeof(smallest) - have, (off_t)have);
		if (n < 0)
			return -errno;
		have += (size_t)n;
	} while (n && have < sizeof(smallest));
	return 0;
}

/* Ambiguous contents are nobody's LUKS2 header. */
int luks_device_judge(struct luks_device *device)
{
	_cleanup_probe_ blkid_probe probe = blkid_new_probe();
	const char *type = NULL, *version = NULL, *uuid = NULL;
	int r;

	if (!probe)
		return -ENOMEM;
	r = check_readable(device->fd);
	if (r < 0)
		return r;
	if (blkid_probe_set_device(probe, device->fd, 0, 0) != 0)
		return LUKS_NOT_LUKS2; /* too small for anything */
	if (blkid_probe_enable_superblocks(probe, 1) != 0 ||
	    blkid_probe_set_superblocks_flags(
		    probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_UUID | BLKID_SUBLKS_VERSION) != 0)
		return -ENOMEM;
	if (blkid_do_safeprobe(probe) != 0 ||
	    blkid_probe_lookup_value(probe, "TYPE", &type, NULL) != 0 ||
	    blkid_probe_lookup_value(probe, "VERSION", &version, NULL) != 0 ||
	    blkid_probe_lookup_value(probe, "UUID", &uuid, NULL) != 0 ||
	    strcmp(type, "crypto_LUKS") != 0 || strcmp(version, "2") != 0 || !uuid_is_valid(uuid)) {
		log_debug("luks: %s holds '%s' version '%s' for libblkid", device->path,
			  type ? type : "nothing", version ? version : "");
		return LUKS_NOT_LUKS2;
	}
	for (size_t i = 0; i < UUID_SIZE; i++)
		device->uuid[i] = (char)tolower((unsigned char)uuid[i]);
	return 0;
}

static int absence(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
	case ENOMEDIUM:
	case ELOOP:
		return LUKS_NO_DEVICE;
	default:
		return -error;
	}
}

/* Path and descriptor of what @place stands for, whatever happens to the path later. */
static int resolve(int place, struct luks_device *device)
{
	char link[32], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (fstat(place, &st) < 0)
		return -errno;
	if (!S_ISBLK(st.st_mode) && !S_ISREG(st.st_mode))
		return LUKS_NO_DEVICE;
	device->devno = S_ISBLK(st.st_mode) ? st.st_rdev : 0;
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", place);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	device->path = strdup(path);
	if (!device->path)
		return -ENOMEM;
	device->fd = open(link, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return device->fd < 0 ? absence(errno) : 0;
}

int luks_device_open_data(const char *path, struct luks_device **ret)
{
	_cleanup_luks_device_ struct luks_device *device = calloc(1, sizeof(*device));
	_cleanup_close_ int place = -1;
	int r;

	if (!device)
		return -ENOMEM;
	device->fd = -1;
	place = open(path, O_PATH | O_CLOEXEC);
	if (place < 0)
		return absence(errno);
	r = resolve(place, device);
	if (r)
		return r;
	*ret = take_ptr(device);
	return 0;
}

int luks_device_open(const char *path, struct luks_device **ret)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	int r;

	r = luks_device_open_data(path, &device);
	if (r)
		return r;
	assert(device); /* or the analyzer does not believe it */
	r = luks_device_judge(device);
	if (r)
		return r;
	*ret = take_ptr(device);
	return 0;
}

int luks_device_claim(const struct luks_device *device, int flags, int *ret_fd)
{
	char path[32];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", device->fd);
	fd = open(path, flags | (device->devno ? O_EXCL : 0) | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return errno == EBUSY ? LUKS_BUSY : -errno;
	*ret_fd = fd;
	return 0;
}

int luks_device_lock(const struct luks_device *device, int *ret_fd)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	_cleanup_close_ int fd = -1;
	char path[32];

	*ret_fd = -1;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", device->fd);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return 0;
	/* Of the open file, not the process; apart from flock(), which the library uses on files. */
	if (fcntl(fd, F_OFD_SETLK, &all) < 0)
		return errno == EAGAIN || errno == EACCES ? LUKS_BUSY : 0;
	*ret_fd = take_fd(&fd);
	return 0;
}

uint64_t luks_device_size(const struct luks_device *device)
{
	uint64_t size = 0;
	struct stat st;

	if (device->devno)
		return ioctl(device->fd, BLKGETSIZE64, &size) < 0 ? 0 : size;
	return fstat(device->fd, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

/*
 * Takes @device as the answer unless it is a path of a multipath map. A second, different one with
 * the same UUID is a refusal. Always consumes @device.
 */
static int settle_on(struct luks_device **answer, struct luks_device *device, const char *uuid,
		     struct luks_reason *reason)
{
	_cleanup_luks_device_ struct luks_device *own = device;

	if (!uuid_equal(own->uuid, uuid) || luks_holder_is_multipath(own->devno))
		return 0;
	if (!*answer) {
		*answer = take_ptr(own);
		return 0;
	}
	if ((*answer)->devno ? (*answer)->devno == own->devno : !strcmp((*answer)->path, own->path))
		return 0;
	return luks_refuse(reason, "two devices carry UUID %s: %s and %s", uuid, (*answer)->path,
			   own->path);
}

struct search {
	struct luks_device **answer;
	const char *uuid;
	struct luks_reason *reason;
};

static int settle_claim(const char *path, void *userdata)
{
	const struct search *search = userdata;
	struct luks_device *device = NULL;

	if (luks_device_open(path, &device) != 0)
		return 0; /* gone, or no LUKS2: no claim */
	return settle_on(search->answer, device, search->uuid, search->reason);
}

int luks_device_find(const char *uuid, struct luks_device **ret, struct luks_reason *reason)
{
	_cleanup_luks_device_ struct luks_device *answer = NULL;
	_cleanup_closedir_ DIR *dir = opendir(by_uuid);
	struct search search = { .answer = &answer, .uuid = uuid, .reason = reason };
	const struct dirent *entry;
	int verdict = LUKS_NO_DEVICE;

	while (dir && (entry = readdir(dir))) {
		struct luks_device *device = NULL;
		char path[PATH_MAX];
		int r;

		if (!uuid_is_valid(entry->d_name) || !uuid_equal(entry->d_name, uuid))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", by_uuid, entry->d_name);
		r = luks_device_open(path, &device);
		if (r < 0)
			return r;
		if (r == LUKS_NOT_LUKS2)
			verdict = r;
		if (!r)
			r = settle_on(&answer, device, uuid, reason);
		if (r == LUKS_REFUSED)
			return r;
		r = luks_claims_each(entry->d_name, settle_claim, &search);
		if (r)
			return r;
	}
	if (!answer)
		return verdict;
	*ret = take_ptr(answer);
	return 0;
}

int luks_device_below(const char *name, struct luks_device **ret)
{
	static const char folder[] = "/dev/mapper/";
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_free_ char *path = NULL;
	struct luks_mapping mapping = { 0 };
	int r;

	if (!strncmp(name, folder, strlen(folder)))
		name += strlen(folder);
	if (!luks_mapping_name_is_valid(name))
		return LUKS_NO_DEVICE;
	r = luks_mapping_get(name, &mapping, NULL);
	if (r)
		return r == LUKS_TABLE_MISMATCH ? LUKS_NOT_LUKS2 : r;
	path = luks_holder_path(mapping.table.devno);
	if (!path)
		return LUKS_NO_DEVICE;
	r = luks_device_open(path, &device);
	if (r)
		return r;
	if (device->devno != mapping.table.devno ||
	    !luks_table_uuid_fits(mapping.uuid, device->uuid, name))
		return LUKS_NOT_LUKS2;
	*ret = take_ptr(device);
	return 0;
}

char *luks_device_holder(const struct luks_device *device)
{
	return luks_holder_name(device->devno);
}

int luks_device_each(int (*visit)(const char *uuid, void *userdata), void *userdata)
{
	_cleanup_closedir_ DIR *dir = opendir(by_uuid);
	const struct dirent *entry;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		_cleanup_luks_device_ struct luks_device *device = NULL;
		char path[PATH_MAX];
		int r;

		if (!uuid_is_valid(entry->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", by_uuid, entry->d_name);
		if (luks_device_open(path, &device) != 0)
			continue; /* most disks are not LUKS2, and some are gone again */
		r = visit(device->uuid, userdata);
		if (r)
			return r;
	}
	return 0;
}
