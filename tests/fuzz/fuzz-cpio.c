/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An archive of an initramfs, unpacked into a root directory of its own as the helper does it. Whatever it says: nothing
 * appears outside, and inside there are only files, folders and links, of which none runs as somebody else.
 */
#include "fuzz-folder.h"

#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "base/cpio.h"
#include "base/initramfs.h"

static int top = -1, outside = -1;

static bool wants(const char *name)
{
	PROMISE(name[0] != '/');
	return !strstr(name, ".ko");
}

static int look(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)type;
	PROMISE(S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode));
	PROMISE(!at->level || S_ISLNK(st->st_mode) || !(st->st_mode & 07000));
	return 0;
}

static int remove_below(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level && remove(path) < 0 ? errno : 0;
}

/* The target is the only thing in its folder, and holds what it held. */
static void look_outside(void)
{
	struct stat st;

	PROMISE(fstatat(outside, ".", &st, 0) == 0);
	PROMISE(st.st_nlink == 3); /* the one folder in it */
	PROMISE(fstatat(outside, "precious", &st, AT_SYMLINK_NOFOLLOW) == 0);
	PROMISE(S_ISREG(st.st_mode) && st.st_size == 4 && st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
}

static void set_up(void)
{
	char path[PATH_MAX];

	/* Who may not change the root directory may in a namespace of users. */
	PROMISE(geteuid() == 0 || unshare(CLONE_NEWUSER) == 0);
	folder_put("precious", (const uint8_t *)"kept", 4);
	(void)snprintf(path, sizeof(path), "%s/root", folder());
	PROMISE(mkdir(path, 0700) == 0);
	outside = open(folder(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	PROMISE(outside >= 0 && top >= 0);
}

static int unpack(int fd, size_t len)
{
	struct cpio_stream *stream = calloc(1, sizeof(*stream));
	struct cpio_sum sum = { 0 };
	int r;

	PROMISE(stream);
	stream->fd = fd;
	do {
		r = cpio_unpack(stream, wants, &sum);
		if (r == 0)
			r = cpio_skip_zeros(stream);
	} while (r == 1);
	PROMISE(stream->consumed <= len && sum.n_entries <= len / 110);
	cpio_done(&sum);
	free(stream);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("archive", MFD_CLOEXEC);
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		set_up();
	PROMISE(fd >= 0 && here >= 0 && root >= 0);
	PROMISE(write(fd, data, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0);
	PROMISE(initramfs_enter(top) == 0);
	PROMISE(unpack(fd, len) <= 0);
	PROMISE(nftw("/", look, 8, FTW_PHYS) == 0);
	PROMISE(nftw("/", remove_below, 8, FTW_DEPTH | FTW_PHYS) == 0);
	PROMISE(initramfs_enter(root) == 0 && fchdir(here) == 0);
	look_outside();
	(void)close(root);
	(void)close(here);
	(void)close(fd);
	return 0;
}
