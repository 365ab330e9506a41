/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * baddisk SOCKET DISK OTHER: a disk that changes between two reads, and one that fails. Serves DISK over NBD to QEMU, one
 * client after the other; what is written stays in memory. Its last 4096 bytes are no data: a command that is written
 * there sets all counters to 0 and says what happens from then on, and what is read there are the counters.
 *
 *   good                  nothing
 *   new                   nothing, and what was written is gone
 *   other N               from the Nth read of the first 32 KiB on, all reads give what OTHER has there
 *   read-errors FROM TO   reads of any of these bytes fail
 *   write-errors N TO     so do the Nth write and all up to number TO, and nothing of them is written
 *
 * Source: doc/proto.md of the NBD project (newstyle handshake, options, simple replies), read 2026-11.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL	       4096
#define HEADER	       (32 << 10)
#define LONGEST_OPTION 4096
#define LONGEST_IO     (32 << 20)

#define OPTION_MAGIC	   0x49484156454f5054ull /* "IHAVEOPT" */
#define OPTION_REPLY_MAGIC 0x3e889045565a9ull
#define OPTION_EXPORT_NAME 1
#define OPTION_UNSUPPORTED (1u << 31 | 1)
#define HANDSHAKE_FIXED	   1
#define HAS_FLAGS_AND_FLUSH (1 | 1 << 2)
#define REQUEST_MAGIC	   0x25609513u
#define REPLY_MAGIC	   0x67446698u

enum request_type { REQUEST_READ, REQUEST_WRITE, REQUEST_DISCONNECT, REQUEST_FLUSH };

struct request {
	uint32_t magic;
	uint16_t flags;
	uint16_t type;
	uint64_t handle;
	uint64_t offset;
	uint32_t len;
} __attribute__((packed));

struct reply {
	uint32_t magic;
	uint32_t error;
	uint64_t handle;
} __attribute__((packed));

/* From the first number to the last, both included. */
struct range {
	uint64_t from, to;
};

static struct {
	uint8_t *bytes;
	const uint8_t *other;
	uint64_t len;
	struct range others, read_errors, write_errors;
	uint64_t reads, writes, given, failed;
} disk;

static const struct range nothing = { 1, 0 };

static bool is_in(struct range range, uint64_t n)
{
	return n >= range.from && n <= range.to;
}

static bool get(int fd, void *buf, size_t len)
{
	return !len || recv(fd, buf, len, MSG_WAITALL) == (ssize_t)len;
}

static bool put(int fd, const void *buf, size_t len)
{
	for (const char *p = buf; len;) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

static void obey(const char *text)
{
	uint64_t a = 0, b = 0;

	disk.others = disk.read_errors = disk.write_errors = nothing;
	disk.reads = disk.writes = disk.given = disk.failed = 0;
	if (sscanf(text, "other %" SCNu64, &a) == 1)
		disk.others = (struct range){ a, UINT64_MAX };
	else if (sscanf(text, "read-errors %" SCNu64 " %" SCNu64, &a, &b) == 2)
		disk.read_errors = (struct range){ a, b - 1 };
	else if (sscanf(text, "write-errors %" SCNu64 " %" SCNu64, &a, &b) == 2)
		disk.write_errors = (struct range){ a, b };
	else if (strncmp(text, "new", 3) == 0)
		(void)madvise(disk.bytes, disk.len, MADV_DONTNEED); /* of a private mapping: the file again */
	else if (strncmp(text, "good", 4) != 0)
		warnx("no such command: %.40s", text);
}

static void tell(char *buf)
{
	memset(buf, 0, CONTROL);
	(void)snprintf(buf, CONTROL, "reads %" PRIu64 " writes %" PRIu64 " given %" PRIu64 " failed %" PRIu64 "\n",
		       disk.reads, disk.writes, disk.given, disk.failed);
}

static bool has_bad_sector(uint64_t offset, uint32_t len)
{
	const struct range *bad = &disk.read_errors;

	return bad->from <= bad->to && offset <= bad->to && offset + len > bad->from;
}

/* Return: an errno of the protocol. */
static uint32_t do_read(uint64_t offset, uint32_t len, uint8_t *buf)
{
	const uint8_t *from = disk.bytes;

	if (offset == disk.len - CONTROL && len == CONTROL) {
		tell((char *)buf);
		return 0;
	}
	if (offset < HEADER)
		disk.reads++;
	if (has_bad_sector(offset, len)) {
		disk.failed++;
		return EIO;
	}
	if (is_in(disk.others, disk.reads)) {
		from = disk.other;
		disk.given++;
	}
	memcpy(buf, from + offset, len);
	return 0;
}

static uint32_t do_write(uint64_t offset, uint32_t len, const uint8_t *buf)
{
	char text[64] = "";

	if (offset == disk.len - CONTROL && len == CONTROL) {
		memcpy(text, buf, sizeof(text) - 1);
		obey(text);
		return 0;
	}
	disk.writes++;
	if (is_in(disk.write_errors, disk.writes)) {
		disk.failed++;
		return EIO;
	}
	memcpy(disk.bytes + offset, buf, len);
	return 0;
}

static bool serve_one(int fd, uint8_t *buf)
{
	struct request request;
	struct reply reply = { .magic = htobe32(REPLY_MAGIC) };
	uint64_t offset;
	uint32_t len, error = 0;

	if (!get(fd, &request, sizeof(request)) || be32toh(request.magic) != REQUEST_MAGIC)
		return false;
	offset = be64toh(request.offset);
	len = be32toh(request.len);
	if (len > LONGEST_IO || offset > disk.len || len > disk.len - offset)
		return false;
	switch (be16toh(request.type)) {
	case REQUEST_READ:
		error = do_read(offset, len, buf);
		break;
	case REQUEST_WRITE:
		if (!get(fd, buf, len))
			return false;
		error = do_write(offset, len, buf);
		break;
	case REQUEST_FLUSH:
		break;
	default:
		return false;
	}
	reply.error = htobe32(error);
	reply.handle = request.handle;
	return put(fd, &reply, sizeof(reply)) &&
	       (be16toh(request.type) != REQUEST_READ || error || put(fd, buf, len));
}

static bool say_no(int fd, uint32_t option)
{
	struct {
		uint64_t magic;
		uint32_t option, type, len;
	} __attribute__((packed)) reply = { htobe64(OPTION_REPLY_MAGIC), option, htobe32(OPTION_UNSUPPORTED), 0 };

	return put(fd, &reply, sizeof(reply));
}

/* Of all options only the oldest is known, which every client falls back to. */
static bool shake_hands(int fd)
{
	struct {
		char magic[16];
		uint16_t flags;
	} __attribute__((packed)) hello = { "NBDMAGICIHAVEOPT", htobe16(HANDSHAKE_FIXED) };
	struct {
		uint64_t magic;
		uint32_t option, len;
	} __attribute__((packed)) option;
	struct {
		uint64_t size;
		uint16_t flags;
		char zeros[124];
	} __attribute__((packed)) export = { htobe64(disk.len), htobe16(HAS_FLAGS_AND_FLUSH), "" };
	uint32_t client;
	char data[LONGEST_OPTION];

	if (!put(fd, &hello, sizeof(hello)) || !get(fd, &client, sizeof(client)))
		return false;
	for (;;) {
		if (!get(fd, &option, sizeof(option)) || be64toh(option.magic) != OPTION_MAGIC ||
		    be32toh(option.len) > sizeof(data) || !get(fd, data, be32toh(option.len)))
			return false;
		if (be32toh(option.option) == OPTION_EXPORT_NAME)
			return put(fd, &export, be32toh(client) & 2 ? 10 : sizeof(export));
		if (!say_no(fd, option.option))
			return false;
	}
}

static uint8_t *map(const char *path, uint64_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(2, "cannot open '%s'", path);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		err(2, "cannot map '%s'", path);
	close(fd);
	*ret_len = (uint64_t)st.st_size;
	return bytes;
}

static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(a.sun_path))
		errx(2, "the path of '%s' is too long", path);
	memcpy(a.sun_path, path, strlen(path));
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 4) < 0)
		err(2, "cannot listen at '%s'", path);
	return fd;
}

int main(int argc, char **argv)
{
	static uint8_t buf[LONGEST_IO];
	uint64_t other_len;
	int at;

	if (argc != 4)
		errx(2, "usage: baddisk SOCKET DISK OTHER");
	disk.bytes = map(argv[2], &disk.len);
	disk.other = map(argv[3], &other_len);
	if (other_len != disk.len || disk.len < HEADER + CONTROL)
		errx(2, "the two are not of the same size, or too small");
	obey("good");
	at = listen_at(argv[1]);
	for (;;) {
		int fd = accept(at, NULL, NULL);

		if (fd >= 0 && shake_hands(fd))
			while (serve_one(fd, buf))
				;
		if (fd >= 0)
			close(fd);
	}
}
