/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/initramfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpio.h"
#include "base/limits.h"
#include "base/program.h"

/* Source: the kernel's lib/decompress.c; dracut's lsinitrd. lz4's is the format of "lz4 -l", which the kernel takes. */
static const struct packer {
	const char *name;
	unsigned char magic[6];
	size_t magic_len;
} packers[] = {
	{ "gzip", { 0x1f, 0x8b }, 2 },	{ "bzip2", { 'B', 'Z', 'h' }, 3 },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6 }, { "zstd", { 0x28, 0xb5, 0x2f, 0xfd }, 4 },
	{ "lz4", { 0x02, 0x21, 0x4c, 0x18 }, 4 },     { "lzop", { 0x89, 'L', 'Z', 'O' }, 4 },
};

struct unpacker {
	int fd;
	int root, outside; /* directories */
	bool (*wants)(const char *name);
	struct cpio_sum sum;
	struct initramfs_reason *reason;
};

int initramfs_enter(int root)
{
	if (fchdir(root) < 0 || chroot(".") < 0)
		return -errno;
	return 0;
}

/* The reason for -EBADMSG; other results speak for themselves. Returns @r. */
static _printf_(3, 4) int say(struct unpacker *u, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (r == -EBADMSG)
		(void)vsnprintf(u->reason->text, sizeof(u->reason->text), format, args);
	va_end(args);
	return r;
}

/* Archives to the end of the stream, or only one. */
static int unpack_archives(struct unpacker *u, struct cpio_stream *stream, bool all)
{
	int r = initramfs_enter(u->root), back;

	if (r < 0)
		return r;
	do {
		r = cpio_unpack(stream, u->wants, &u->sum);
		if (r == 0 && all)
			r = cpio_skip_zeros(stream);
	} while (r == 1);
	back = initramfs_enter(u->outside);
	return back < 0 ? back : r;
}

/* --- packed --------------------------------------------------------------------------------- */

static const struct packer *find_packer(const unsigned char *magic, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++)
		if (len >= packers[i].magic_len && !memcmp(magic, packers[i].magic, packers[i].magic_len))
			return &packers[i];
	return NULL;
}

static int start_packer(const struct packer *packer, int in, int out, pid_t *ret)
{
	static const char *const dirs[] = { "/usr/bin", "/bin" };
	int r = PROGRAM_MISSING;

	for (size_t i = 0; i < ARRAY_SIZE(dirs) && r == PROGRAM_MISSING; i++) {
		char path[64];
		const char *const argv[] = { path, "-dc", NULL };

		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], packer->name);
		r = program_start(argv, in, out, ret);
	}
	return r;
}

static int unpack_packed(struct unpacker *u, const struct packer *packer)
{
	_cleanup_free_ struct cpio_stream *stream = calloc(1, sizeof(*stream));
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], r, status;
	pid_t pid = -1;

	if (!stream)
		return -ENOMEM;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	r = start_packer(packer, u->fd, out, &pid);
	if (r == PROGRAM_MISSING)
		return say(u, -EBADMSG, "it is packed with %s, which is not installed", packer->name);
	if (r < 0)
		return r;
	cleanup_close(&out);
	out = -1;
	stream->fd = in;
	r = unpack_archives(u, stream, true);
	status = program_end(pid);
	if (r == 0 && status != 0)
		r = -EBADMSG;
	return say(u, r, "what %s unpacks from it is damaged, or something follows it", packer->name);
}

/* --- segments ------------------------------------------------------------------------------- */

static int begin_at(struct unpacker *u, struct cpio_stream *stream, uint64_t at)
{
	stream->at = stream->have = 0;
	stream->consumed = 0;
	return lseek(u->fd, (off_t)at, SEEK_SET) < 0 ? -errno : 0;
}

/* Where the next segment begins: past the zeros. 0 at the end of the image. */
static int find_segment(struct unpacker *u, struct cpio_stream *stream, uint64_t *at)
{
	int r = begin_at(u, stream, *at);

	if (r == 0)
		r = cpio_skip_zeros(stream);
	*at += stream->consumed;
	return r;
}

/* 1 when another one may follow. What is packed takes all that is left. */
static int unpack_segment(struct unpacker *u, struct cpio_stream *stream, uint64_t *at)
{
	unsigned char magic[6];
	ssize_t n = pread(u->fd, magic, sizeof(magic), (off_t)*at);
	const struct packer *packer;
	int r;

	if (n < 0)
		return -errno;
	packer = find_packer(magic, (size_t)n);
	r = begin_at(u, stream, *at);
	if (r < 0)
		return r;
	if (packer)
		return unpack_packed(u, packer);
	r = unpack_archives(u, stream, false);
	*at += stream->consumed;
	return r < 0 ? say(u, r, "it is no initramfs, or damaged") : 1;
}

int initramfs_unpack(int fd, int root, bool (*wants)(const char *name), struct initramfs_reason *reason)
{
	_cleanup_close_ int outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ struct cpio_stream *stream = calloc(1, sizeof(*stream));
	struct unpacker u = { .fd = fd, .root = root, .outside = outside, .wants = wants, .reason = reason };
	uint64_t at = 0;
	int r = 1;

	if (!stream)
		return -ENOMEM;
	if (outside < 0)
		return -errno;
	stream->fd = fd;
	for (unsigned i = 0; r == 1 && i < LIMIT_IMAGE_SEGMENTS; i++) {
		r = find_segment(&u, stream, &at);
		if (r == 1)
			r = unpack_segment(&u, stream, &at);
		else if (r == 0 && i == 0)
			r = say(&u, -EBADMSG, "it is empty");
	}
	cpio_done(&u.sum);
	return r == 1 ? -EFBIG : r;
}
