/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source: the kernel's Documentation/driver-api/early-userspace/buffer-format.rst, and init/initramfs.c, Linux 6.12. */
#include "base/cpio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"

#define HEADER_SIZE 110
#define MAGIC_SIZE  6
#define FIELDS	    13
#define TRAILER	    "TRAILER!!!"

/* In the order of the header. */
enum field {
	FIELD_INO,
	FIELD_MODE,
	FIELD_UID,
	FIELD_GID,
	FIELD_NLINK,
	FIELD_MTIME,
	FIELD_FILESIZE,
	FIELD_MAJ,
	FIELD_MIN,
	FIELD_RMAJ,
	FIELD_RMIN,
	FIELD_NAMESIZE,
	FIELD_CHKSUM,
};

struct cpio_link {
	uint32_t ino, major, minor;
	char *name;
};

struct entry {
	uint32_t field[FIELDS];
	char name[PATH_MAX]; /* without slashes in front */
};

/* --- bytes ---------------------------------------------------------------------------------- */

/* 1 when there is at least one byte, 0 at the end, -errno. */
static int fill(struct cpio_stream *s)
{
	ssize_t n;

	if (s->at < s->have)
		return 1;
	do
		n = read(s->fd, s->buffer, sizeof(s->buffer));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	s->at = 0;
	s->have = (size_t)n;
	return n > 0;
}

/* The next bytes that lie together, at most @max; an early end is a mistake. */
static int take(struct cpio_stream *s, size_t max, const unsigned char **ret, size_t *ret_len)
{
	int r = fill(s);

	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	*ret = s->buffer + s->at;
	*ret_len = s->have - s->at < max ? s->have - s->at : max;
	s->at += *ret_len;
	s->consumed += *ret_len;
	return 0;
}

/* @fd: where they go, or -1 */
static int pass(struct cpio_stream *s, uint64_t len, int fd)
{
	while (len) {
		const unsigned char *p;
		size_t n;
		int r = take(s, len < SIZE_MAX ? (size_t)len : SIZE_MAX, &p, &n);

		if (r == 0 && fd >= 0)
			r = file_write_all(fd, p, n);
		if (r < 0)
			return r;
		len -= n;
	}
	return 0;
}

static int read_exact(struct cpio_stream *s, void *to, size_t len)
{
	char *out = to;

	while (len) {
		const unsigned char *p;
		size_t n;
		int r = take(s, len, &p, &n);

		if (r < 0)
			return r;
		memcpy(out, p, n);
		out += n;
		len -= n;
	}
	return 0;
}

static int align(struct cpio_stream *s, uint64_t begin)
{
	return pass(s, (4 - (s->consumed - begin) % 4) % 4, -1);
}

int cpio_skip_zeros(struct cpio_stream *s)
{
	int r;

	while ((r = fill(s)) == 1 && s->buffer[s->at] == 0) {
		s->at++;
		s->consumed++;
	}
	return r;
}

/* --- headers -------------------------------------------------------------------------------- */

static int parse_hex(const char *text, uint32_t *ret)
{
	uint32_t value = 0;

	for (size_t i = 0; i < 8; i++) {
		unsigned char c = (unsigned char)text[i];
		uint32_t digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20u) - 'a' + 10u;
		else
			return -EBADMSG;
		value = value << 4 | digit;
	}
	*ret = value;
	return 0;
}

/* Neither upward nor, after the slashes in front are gone, from the root; "." itself is fine. */
static bool is_inside(const char *name)
{
	for (const char *p = name; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2))
			return false;
		p += len;
		p += strspn(p, "/");
	}
	return true;
}

static int read_name(struct cpio_stream *s, struct entry *e)
{
	uint32_t size = e->field[FIELD_NAMESIZE];
	int r;

	if (size < 2 || size > sizeof(e->name))
		return -EBADMSG;
	r = read_exact(s, e->name, size);
	if (r < 0)
		return r;
	if (strnlen(e->name, size) != size - 1)
		return -EBADMSG;
	memmove(e->name, e->name + strspn(e->name, "/"), size - strspn(e->name, "/"));
	return is_inside(e->name) ? 0 : -EBADMSG;
}

static int read_entry(struct cpio_stream *s, struct entry *e)
{
	uint64_t begin = s->consumed;
	char header[HEADER_SIZE];
	int r = read_exact(s, header, sizeof(header));

	if (r < 0)
		return r;
	if (memcmp(header, "070701", MAGIC_SIZE) != 0 && memcmp(header, "070702", MAGIC_SIZE) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < FIELDS && r == 0; i++)
		r = parse_hex(header + MAGIC_SIZE + 8 * i, &e->field[i]);
	if (r == 0)
		r = read_name(s, e);
	return r < 0 ? r : align(s, begin);
}

/* --- files ---------------------------------------------------------------------------------- */

/* Who owns it and who may read it is part of what is checked. Not for others to run as somebody else. */
static int settle(int fd, const struct entry *e)
{
	if (fchown(fd, e->field[FIELD_UID], e->field[FIELD_GID]) < 0 || fchmod(fd, e->field[FIELD_MODE] & 0777) < 0)
		return -errno;
	return 0;
}

static int make_parents(const struct entry *e)
{
	char dir[PATH_MAX];
	char *slash;

	(void)memcpy(dir, e->name, sizeof(dir));
	slash = strrchr(dir, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	return dir[0] ? file_make_dirs(dir, 0755) : 0;
}

static int make_directory(const struct entry *e)
{
	_cleanup_close_ int fd = -1;

	if (!e->name[0] || !strcmp(e->name, "."))
		return 0;
	if (mkdir(e->name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(e->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : settle(fd, e);
}

static int make_symlink(struct cpio_stream *s, const struct entry *e)
{
	uint32_t size = e->field[FIELD_FILESIZE];
	char target[PATH_MAX];
	int r;

	if (!size || size >= sizeof(target))
		return -EBADMSG;
	r = read_exact(s, target, size);
	if (r < 0)
		return r;
	target[size] = '\0';
	(void)unlink(e->name); /* if it stays, the next line says why */
	return symlink(target, e->name) < 0 ? -errno : 0;
}

static bool is_link_of(const struct cpio_link *link, const struct entry *e)
{
	return link->ino == e->field[FIELD_INO] && link->major == e->field[FIELD_MAJ] &&
	       link->minor == e->field[FIELD_MIN];
}

/* 1 when it is another name of a file that is there, which it then is; 0 when it is the first. */
static int link_to_first(struct cpio_sum *sum, const struct entry *e)
{
	struct cpio_link *larger;

	if (e->field[FIELD_NLINK] < 2)
		return 0;
	for (size_t i = 0; i < sum->n_links; i++)
		if (is_link_of(&sum->links[i], e))
			return link(sum->links[i].name, e->name) < 0 ? -errno : 1;
	larger = reallocarray(sum->links, sum->n_links + 1, sizeof(*larger));
	if (!larger)
		return -ENOMEM;
	sum->links = larger;
	larger[sum->n_links] = (struct cpio_link){
		.ino = e->field[FIELD_INO],
		.major = e->field[FIELD_MAJ],
		.minor = e->field[FIELD_MIN],
		.name = strdup(e->name),
	};
	if (!larger[sum->n_links].name)
		return -ENOMEM;
	sum->n_links++;
	return 0;
}

static int make_file(struct cpio_stream *s, const struct entry *e, bool wanted, struct cpio_sum *sum)
{
	uint32_t size = e->field[FIELD_FILESIZE];
	_cleanup_close_ int fd = -1;
	int r;

	(void)unlink(e->name);
	r = link_to_first(sum, e);
	if (r < 0)
		return r;
	if (r == 1 && !size)
		return 0;
	fd = open(e->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | (r == 1 ? O_TRUNC : O_CREAT | O_EXCL), 0600);
	if (fd < 0)
		return -errno;
	if (wanted)
		sum->kept += size;
	if (sum->kept > LIMIT_IMAGE_KEPT)
		return -EFBIG;
	r = pass(s, size, wanted ? fd : -1);
	return r < 0 ? r : settle(fd, e);
}

static int make(struct cpio_stream *s, const struct entry *e, bool (*wants)(const char *name), struct cpio_sum *sum)
{
	int r = make_parents(e);

	if (r < 0)
		return r;
	switch (e->field[FIELD_MODE] & S_IFMT) {
	case S_IFDIR:
		return make_directory(e);
	case S_IFLNK:
		return make_symlink(s, e);
	case S_IFREG:
		return make_file(s, e, wants(e->name), sum);
	default:
		return 0;
	}
}

/* A name that is none of these: something else of the archive stands in its way, or a link leads nowhere. */
static bool is_contradiction(int r)
{
	return r == -ENOENT || r == -ENOTDIR || r == -EISDIR || r == -EEXIST || r == -ELOOP || r == -EXDEV ||
	       r == -ENAMETOOLONG;
}

/* What is left of the contents is passed over, so that the next header is where it should be. */
static int take_contents(struct cpio_stream *s, const struct entry *e, bool (*wants)(const char *name),
			 struct cpio_sum *sum)
{
	uint64_t begin = s->consumed, used;
	int r = make(s, e, wants, sum);

	if (r < 0)
		return is_contradiction(r) ? -EBADMSG : r;
	used = s->consumed - begin;
	r = pass(s, e->field[FIELD_FILESIZE] - used, -1);
	return r < 0 ? r : align(s, begin);
}

static void forget_links(struct cpio_sum *sum)
{
	for (size_t i = 0; i < sum->n_links; i++)
		free(sum->links[i].name);
	free(sum->links);
	sum->links = NULL;
	sum->n_links = 0;
}

int cpio_unpack(struct cpio_stream *s, bool (*wants)(const char *name), struct cpio_sum *sum)
{
	forget_links(sum); /* inode numbers are those of one archive */
	for (;;) {
		struct entry e = { .name = "" };
		int r = read_entry(s, &e);

		if (r < 0)
			return r;
		if (!strcmp(e.name, TRAILER))
			return 0;
		sum->bytes += e.field[FIELD_FILESIZE];
		if (++sum->n_entries > LIMIT_IMAGE_ENTRIES || sum->bytes > LIMIT_IMAGE_BYTES)
			return -EFBIG;
		r = take_contents(s, &e, wants, sum);
		if (r < 0)
			return r;
	}
}

void cpio_done(struct cpio_sum *sum)
{
	forget_links(sum);
}
