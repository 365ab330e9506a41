/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writes - what a disk would hold if the power had gone
 *
 *	writes list LOG			one line per write: NUMBER OFFSET BYTES EPOCH
 *	writes apply LOG DISK PART…	do these writes to DISK, in the order given
 *
 * LOG is what QEMU's driver "blklogwrites" wrote, which is the format of dm-log-writes. Writes have the same epoch if no
 * flush was between them: of these, a disk with a cache may keep any. PART is "N", "M-N" or, for a write of which only the
 * first sectors arrived, "N:SECTORS"; "M-N" with M > N is nothing.
 *
 * Source: struct log_write_super and log_write_entry of block/blklogwrites.c, QEMU 7.2; include/uapi has none of it.
 */
#include <endian.h>
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC	     0x6a736677736872ULL
#define SECTOR	     512ULL
#define FLAG_FLUSH   (1ULL << 0)
#define FLAG_DISCARD (1ULL << 2)
#define MAX_WRITES   65536

struct super {
	uint64_t magic, version, n_entries;
	uint32_t sector_size;
} __attribute__((packed));

struct entry {
	uint64_t sector, n_sectors, flags, data_length;
};

struct a_write {
	off_t offset;
	size_t length;
	const uint8_t *data;
	unsigned int epoch;
};

static struct a_write writes[MAX_WRITES];
static size_t n_writes;

/* One entry, and what follows it: where the next one is. */
static size_t take(const uint8_t *log, size_t size, size_t at, unsigned int *epoch)
{
	struct entry e;
	uint64_t bytes, flags;

	if (size - at < SECTOR)
		errx(1, "the log ends in entry %zu", n_writes);
	memcpy(&e, log + at, sizeof(e));
	at += SECTOR;
	flags = le64toh(e.flags);
	if (flags & FLAG_FLUSH)
		(*epoch)++;
	if (flags & FLAG_DISCARD)
		errx(1, "the log has a discard, and nobody asked for one");
	bytes = le64toh(e.n_sectors) * SECTOR;
	if (bytes == 0)
		return at;
	if (bytes > size - at || n_writes == MAX_WRITES)
		errx(1, "write %zu is longer than the log", n_writes + 1);
	writes[n_writes++] = (struct a_write){ .offset = (off_t)(le64toh(e.sector) * SECTOR),
					       .length = bytes,
					       .data = log + at,
					       .epoch = *epoch };
	return at + bytes;
}

static void log_read(const char *path)
{
	struct super super;
	struct stat st;
	const uint8_t *log;
	size_t at = SECTOR;
	unsigned int epoch = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", path);
	if (st.st_size == 0) /* nobody wrote */
		return;
	if ((size_t)st.st_size < sizeof(super))
		errx(1, "%s: no log of writes", path);
	log = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (log == MAP_FAILED)
		err(1, "%s", path);
	(void)close(fd);
	memcpy(&super, log, sizeof(super));
	if (le64toh(super.magic) != MAGIC || le32toh(super.sector_size) != SECTOR)
		errx(1, "%s: no log of writes", path);
	for (uint64_t n = le64toh(super.n_entries); n > 0; n--)
		at = take(log, (size_t)st.st_size, at, &epoch);
}

static size_t number(const char *text, char **end)
{
	size_t n = strtoull(text, end, 10);

	if (*end == text)
		errx(2, "'%s' is not a number", text);
	return n;
}

static void apply_one(int fd, size_t n, size_t limit)
{
	const struct a_write *w;
	size_t length;

	if (n < 1 || n > n_writes)
		errx(2, "there is no write %zu", n);
	w = &writes[n - 1];
	length = limit < w->length ? limit : w->length;
	for (size_t done = 0; done < length;) {
		ssize_t k = pwrite(fd, w->data + done, length - done, w->offset + (off_t)done);

		if (k <= 0)
			err(1, "write %zu", n);
		done += (size_t)k;
	}
}

static void apply(int fd, const char *part)
{
	char *end;
	size_t first = number(part, &end), last = first, limit = SIZE_MAX;

	if (*end == '-')
		last = number(end + 1, &end);
	else if (*end == ':')
		limit = number(end + 1, &end) * SECTOR;
	if (*end)
		errx(2, "'%s': N, M-N or N:SECTORS", part);
	for (size_t n = first; n <= last; n++)
		apply_one(fd, n, limit);
}

int main(int argc, char **argv)
{
	int fd;

	if (argc == 3 && !strcmp(argv[1], "list")) {
		log_read(argv[2]);
		for (size_t n = 0; n < n_writes; n++)
			printf("%zu %lld %zu %u\n", n + 1, (long long)writes[n].offset, writes[n].length,
			       writes[n].epoch);
		return 0;
	}
	if (argc < 4 || strcmp(argv[1], "apply") != 0)
		errx(2, "usage: writes list LOG | writes apply LOG DISK PART…");
	log_read(argv[2]);
	fd = open(argv[3], O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", argv[3]);
	for (int i = 4; i < argc; i++)
		apply(fd, argv[i]);
	return close(fd) < 0;
}
