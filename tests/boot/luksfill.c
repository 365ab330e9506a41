/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * luksfill - encrypt a file system image into the data area of a LUKS2 file, without device mapper
 *
 * Does in user space what dm-crypt would do with aes-xts-plain64 when a file system is written to the opened
 * volume: AES-XTS per sector, the tweak being the sector number in units of 512 bytes, little-endian, also
 * when sectors are 4096 bytes. The header is somebody else's work (cryptsetup luksFormat).
 *
 * Ranges that the file system calls free are read from standard input ("FIRST-LAST" block numbers, one per
 * line) and are left alone, which keeps the result sparse. An allocated block of zeros is *not* skipped: left
 * as a hole it would decrypt to noise.
 *
 * Source: dm-crypt's "iv_offset" and "iv_large_sectors" (Documentation/admin-guide/device-mapper/dm-crypt.rst,
 * Linux 6.1): without iv_large_sectors the IV counts 512-byte sectors.
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

#include <mbedtls/aes.h>
#include <mbedtls/platform_util.h>

#define CHUNK ((size_t)1 << 20)

struct job {
	const uint8_t *plain;
	int out_fd;
	off_t data_offset;
	size_t sector_size;
	mbedtls_aes_xts_context xts;
	uint8_t *buffer;
};

static size_t parse_size(const char *word, const char *what)
{
	char *end;
	unsigned long long n = strtoull(word, &end, 10);

	if (end == word || *end)
		errx(2, "%s: '%s' is not a number", what, word);
	return n;
}

static void key_load(struct job *job, const char *path)
{
	uint8_t key[64];
	size_t n;
	FILE *f = fopen(path, "re");

	if (!f)
		err(1, "cannot open '%s'", path);
	n = fread(key, 1, sizeof(key), f);
	if ((n != 32 && n != 64) || fgetc(f) != EOF)
		errx(1, "'%s': an AES-XTS volume key has 32 or 64 bytes", path);
	fclose(f);
	mbedtls_aes_xts_init(&job->xts);
	if (mbedtls_aes_xts_setkey_enc(&job->xts, key, n * 8))
		errx(1, "mbedtls_aes_xts_setkey_enc failed");
	mbedtls_platform_zeroize(key, sizeof(key));
}

static void encrypt_sectors(struct job *job, size_t pos, size_t len)
{
	for (size_t done = 0; done < len; done += job->sector_size) {
		uint64_t tweak[2] = { htole64((pos + done) / 512), 0 };

		if (mbedtls_aes_crypt_xts(&job->xts, MBEDTLS_AES_ENCRYPT, job->sector_size,
					  (const uint8_t *)tweak, job->plain + pos + done,
					  job->buffer + done))
			errx(1, "mbedtls_aes_crypt_xts failed");
	}
}

static void write_all(int fd, const uint8_t *data, size_t len, off_t offset)
{
	while (len > 0) {
		ssize_t n = pwrite(fd, data, len, offset);

		if (n < 0)
			err(1, "cannot write");
		data += n;
		offset += n;
		len -= n;
	}
}

static void fill_range(struct job *job, size_t from, size_t to)
{
	for (size_t pos = from; pos < to; pos += CHUNK) {
		size_t len = to - pos < CHUNK ? to - pos : CHUNK;

		encrypt_sectors(job, pos, len);
		write_all(job->out_fd, job->buffer, len, job->data_offset + (off_t)pos);
	}
}

/* The gaps between the free ranges, which come in ascending order, are what holds data. */
static void fill_allocated(struct job *job, size_t size, size_t block_size)
{
	size_t first, last, pos = 0;

	while (scanf("%zu-%zu", &first, &last) == 2) {
		if (first > last || first * block_size < pos || (last + 1) * block_size > size)
			errx(1, "free range %zu-%zu is out of order or outside the image", first, last);
		fill_range(job, pos, first * block_size);
		pos = (last + 1) * block_size;
	}
	if (!feof(stdin))
		errx(1, "standard input: expected FIRST-LAST lines");
	fill_range(job, pos, size);
}

int main(int argc, char **argv)
{
	struct job job = { 0 };
	struct stat st;
	size_t block_size;
	int in_fd;

	if (argc != 7)
		errx(2, "usage: luksfill KEYFILE SECTOR-SIZE DATA-OFFSET BLOCK-SIZE PLAIN OUT <FREE-RANGES");
	key_load(&job, argv[1]);
	job.sector_size = parse_size(argv[2], "sector size");
	if (job.sector_size != 512 && job.sector_size != 4096)
		errx(2, "sector size must be 512 or 4096");
	job.data_offset = (off_t)parse_size(argv[3], "data offset");
	block_size = parse_size(argv[4], "block size");

	in_fd = open(argv[5], O_RDONLY | O_CLOEXEC);
	if (in_fd < 0 || fstat(in_fd, &st) < 0)
		err(1, "cannot open '%s'", argv[5]);
	if (st.st_size == 0 || st.st_size % 4096 || block_size < job.sector_size)
		errx(1, "'%s': size must be a multiple of 4096, blocks no smaller than sectors", argv[5]);
	job.plain = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, in_fd, 0);
	if (job.plain == MAP_FAILED)
		err(1, "cannot map '%s'", argv[5]);
	job.buffer = malloc(CHUNK);
	if (!job.buffer)
		err(1, "malloc");

	job.out_fd = open(argv[6], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (job.out_fd < 0)
		err(1, "cannot open '%s'", argv[6]);
	if (ftruncate(job.out_fd, job.data_offset + st.st_size) < 0)
		err(1, "cannot size '%s'", argv[6]);
	fill_allocated(&job, (size_t)st.st_size, block_size);
	mbedtls_aes_xts_free(&job.xts);
	free(job.buffer);
	if (close(job.out_fd) < 0)
		err(1, "cannot write '%s'", argv[6]);
	return 0;
}
