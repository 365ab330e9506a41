/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_free_ char *buf = NULL;
	size_t done = 0, size = 4096;

	for (;;) {
		char *larger;
		ssize_t n;

		if (size > max + 2)
			size = max + 2;
		larger = realloc(buf, size);
		if (!larger)
			return -ENOMEM;
		buf = larger;
		n = read(fd, buf + done, size - 1 - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
		if (done > max)
			return -EFBIG;
		if (done + 1 >= size)
			size *= 2;
	}
	buf[done] = '\0';
	if (ret_len)
		*ret_len = done;
	*ret = take_ptr(buf);
	return 0;
}

int file_read(const char *path, size_t max, char **ret, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return file_read_fd(fd, max, ret, ret_len);
}

int file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The folder that @path is in, to be synced. */
static int open_folder(const char *path, size_t name_at)
{
	char folder[PATH_MAX];
	int fd;

	if (snprintf(folder, sizeof(folder), "%.*s.", (int)name_at, path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Until then a name may be lost with the power, though the file is not. Some file systems cannot, and say EINVAL. */
static int sync_folder(int fd)
{
	return fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
}

/* Whole and on the disk, under a name of its own. */
static int write_synced(int fd, const void *data, size_t len, mode_t mode)
{
	int r = file_write_all(fd, data, len);

	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

static int replace(const char *from, const char *to)
{
	return rename(from, to) < 0 ? -errno : 0;
}

static int add(const char *from, const char *to)
{
	struct stat st;

	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	/* a file system that cannot look and rename in one go */
	if (lstat(to, &st) == 0)
		return -EEXIST;
	return errno == ENOENT ? replace(from, to) : -errno;
}

/* Beside @path; then @place gives it its name, and that is on the disk as well. */
static int write_beside(const char *path, const void *data, size_t len, mode_t mode,
			int (*place)(const char *from, const char *to))
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	_cleanup_close_ int folder = open_folder(path, (size_t)(name - path)), fd = -1;
	char tmp[PATH_MAX];
	int r;

	if (folder < 0)
		return folder;
	if (snprintf(tmp, sizeof(tmp), "%.*s.%s.XXXXXX", (int)(name - path), path, name) >= (int)sizeof(tmp))
		return -ENAMETOOLONG;
	fd = mkostemp(tmp, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_synced(fd, data, len, mode);
	if (r == 0)
		r = place(tmp, path);
	if (r < 0) {
		(void)unlink(tmp); /* the first error is the one worth telling */
		return r;
	}
	r = sync_folder(folder);
	if (r < 0 && place == add)
		(void)unlink(path); /* perhaps not on the disk: then not at all */
	return r;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode)
{
	return write_beside(path, data, len, mode, replace);
}

int file_write_new(const char *path, const void *data, size_t len, mode_t mode)
{
	return write_beside(path, data, len, mode, add);
}

int file_make_dirs(const char *path, mode_t mode)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);

	if (len >= sizeof(dir))
		return -ENAMETOOLONG;
	memcpy(dir, path, len + 1);
	for (char *p = dir + 1;; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(dir, mode) < 0 && errno != EEXIST)
			return -errno;
		*p = c;
		if (!c)
			return 0;
	}
}
