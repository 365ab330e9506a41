/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/copy.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/sha256.h"
#include "luks/reason.h"

/* As it lies on the disk; numbers are big endian. */
struct binary_header {
	char magic[6];
	uint16_t version;
	uint64_t header_size;
	uint64_t seqid;
	char label[48];
	char checksum_name[32];
	unsigned char salt[64];
	char uuid[40];
	char subsystem[48];
	uint64_t header_offset;
	char padding[184];
	unsigned char checksum[64];
	char padding4096[7 * 512];
} __attribute__((packed));

_Static_assert(sizeof(struct binary_header) == 4096, "LUKS2 binary header");

#define PRIMARY_MAGIC	"LUKS\xba\xbe"
#define SECONDARY_MAGIC "SKUL\xba\xbe"
#define MAGIC_LEN	6

/* The sizes that LUKS2 allows, which are the places where a secondary header may begin. */
static const uint64_t sizes[] = { 0x4000,  0x8000,  0x10000,  0x20000, 0x40000,
				  0x80000, 0x100000, 0x200000, LIMIT_HEADER_JSON };

static int read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	char *p = buf;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static int write_at(int fd, const void *buf, size_t len, uint64_t offset)
{
	const char *p = buf;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static bool size_is_known(uint64_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (sizes[i] == size)
			return true;
	return false;
}

/* Over binary part and JSON with the checksum field as zeros; @header is left that way. */
static int checksum(struct binary_header *header, unsigned char ret[static SHA256_SIZE])
{
	memset(header->checksum, 0, sizeof(header->checksum));
	return sha256(header, be64toh(header->header_size), ret);
}

static bool looks_like_header(const struct binary_header *b, const char *magic, uint64_t offset)
{
	return !memcmp(b->magic, magic, MAGIC_LEN) && be16toh(b->version) == 2 &&
	       be64toh(b->header_offset) == offset && size_is_known(be64toh(b->header_size)) &&
	       (!offset || be64toh(b->header_size) == offset) &&
	       !strncmp(b->checksum_name, "sha256", sizeof(b->checksum_name));
}

/* Return: 0 with a whole header in *@ret (owned by the caller), LUKS_NOT_LUKS2, -errno. */
static int read_header(int fd, const char *magic, uint64_t offset, struct binary_header **ret)
{
	_cleanup_free_ struct binary_header *header = NULL;
	unsigned char stored[SHA256_SIZE], computed[SHA256_SIZE];
	struct binary_header first;
	int r;

	r = read_at(fd, &first, sizeof(first), offset);
	if (r < 0)
		return r;
	if (!looks_like_header(&first, magic, offset))
		return LUKS_NOT_LUKS2;
	header = malloc(be64toh(first.header_size));
	if (!header)
		return -ENOMEM;
	*header = first; /* not read again: its size was just checked */
	r = read_at(fd, header + 1, be64toh(first.header_size) - sizeof(first),
		    offset + sizeof(first));
	if (r < 0)
		return r;
	memcpy(stored, first.checksum, sizeof(stored));
	r = checksum(header, computed);
	if (r < 0)
		return r;
	if (memcmp(stored, computed, sizeof(stored)) != 0)
		return LUKS_NOT_LUKS2;
	memcpy(header->checksum, stored, sizeof(stored));
	*ret = take_ptr(header);
	return 0;
}

/* An unreadable or broken copy is no error as long as the other one is good. */
static struct binary_header *read_secondary(int fd, const struct binary_header *primary)
{
	struct binary_header *header = NULL;

	if (primary) {
		(void)read_header(fd, SECONDARY_MAGIC, be64toh(primary->header_size), &header);
		return header;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sizes) && !header; i++)
		(void)read_header(fd, SECONDARY_MAGIC, sizes[i], &header);
	return header;
}

static int read_better(int fd, struct binary_header **ret)
{
	_cleanup_free_ struct binary_header *primary = NULL;
	_cleanup_free_ struct binary_header *secondary = NULL;
	int r;

	r = read_header(fd, PRIMARY_MAGIC, 0, &primary);
	secondary = read_secondary(fd, primary);
	if (!primary && !secondary)
		return r < 0 && r != -EIO ? r : LUKS_NOT_LUKS2;
	if (!primary || (secondary && be64toh(secondary->seqid) > be64toh(primary->seqid))) {
		log_debug("luks: using the secondary header");
		*ret = take_ptr(secondary);
	} else {
		*ret = take_ptr(primary);
	}
	return 0;
}

static int write_header(int fd, struct binary_header *header, const char *magic, uint64_t offset)
{
	unsigned char sum[SHA256_SIZE];
	int r;

	memcpy(header->magic, magic, MAGIC_LEN);
	header->header_offset = htobe64(offset);
	r = checksum(header, sum);
	if (r < 0)
		return r;
	memcpy(header->checksum, sum, sizeof(sum));
	return write_at(fd, header, be64toh(header->header_size), offset);
}

static int new_file(uint64_t header_size)
{
	_cleanup_close_ int fd = memfd_create("luks2-header", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	/* The library wants room for all keyslot areas; holes cost nothing. */
	if (ftruncate(fd, (off_t)(2 * header_size + LIMIT_KEYSLOT_AREA)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int seal(int fd)
{
	int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

	return fcntl(fd, F_ADD_SEALS, seals) < 0 ? -errno : 0;
}

int luks_copy_new(int fd, struct luks_copy **ret, struct luks_reason *reason)
{
	_cleanup_luks_copy_ struct luks_copy *copy = NULL;
	_cleanup_free_ struct binary_header *header = NULL;
	int r;

	r = read_better(fd, &header);
	if (r == LUKS_NOT_LUKS2)
		luks_reason_set(reason, "no LUKS2 header with a right checksum");
	if (r)
		return r;
	copy = calloc(1, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	copy->header_size = be64toh(header->header_size);
	copy->seqid = be64toh(header->seqid);
	copy->fd = new_file(copy->header_size);
	if (copy->fd < 0)
		return copy->fd;
	r = write_header(copy->fd, header, PRIMARY_MAGIC, 0);
	if (r < 0)
		return r;
	r = write_header(copy->fd, header, SECONDARY_MAGIC, copy->header_size);
	if (r < 0)
		return r;
	r = seal(copy->fd);
	if (r < 0)
		return r;
	*ret = take_ptr(copy);
	return 0;
}

void luks_copy_free(struct luks_copy *copy)
{
	if (!copy)
		return;
	cleanup_close(&copy->fd);
	free(copy);
}

static int transfer(int from, int to, uint64_t offset, uint64_t len)
{
	_cleanup_free_ char *buf = malloc(64 << 10);

	if (!buf)
		return -ENOMEM;
	while (len) {
		size_t n = len < 64 << 10 ? (size_t)len : 64 << 10;
		int r;

		r = read_at(from, buf, n, offset);
		if (r < 0)
			return r;
		r = write_at(to, buf, n, offset);
		if (r < 0)
			return r;
		offset += n;
		len -= n;
	}
	return 0;
}

int luks_copy_with_area(const struct luks_copy *copy, int fd, const struct luks_area *area,
			int *ret_fd, struct luks_reason *reason)
{
	_cleanup_close_ int file = -1;
	uint64_t begin = 2 * copy->header_size;
	int r;

	if (area->offset < begin || area->size > LIMIT_KEYSLOT_AREA ||
	    area->offset - begin > LIMIT_KEYSLOT_AREA - area->size)
		return luks_refuse(reason, "a keyslot area lies outside the header");
	file = new_file(copy->header_size);
	if (file < 0)
		return file;
	r = transfer(copy->fd, file, 0, begin);
	if (r < 0)
		return r;
	r = transfer(fd, file, area->offset, area->size);
	if (r < 0)
		return r;
	r = seal(file);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&file);
	return 0;
}

uint64_t luks_copy_peek_seqid(int fd)
{
	_cleanup_free_ struct binary_header *header = NULL;

	return read_better(fd, &header) ? 0 : be64toh(header->seqid);
}
