/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <mbedtls/constant_time.h>

#include "base/log.h"

struct secret {
	size_t mapped;
	size_t capacity;
	size_t len;
	unsigned char data[];
};

static size_t page_round(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

int secret_new(size_t capacity, struct secret **ret)
{
	struct secret *s;
	size_t mapped;

	if (!capacity || capacity > (size_t)1 << 30)
		return -EINVAL;
	mapped = page_round(sizeof(*s) + capacity);
	s = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s == MAP_FAILED)
		return -ENOMEM;
	if (mlock(s, mapped) < 0)
		log_debug("cannot lock %zu bytes of memory: %m", mapped);
	/* Both are hints that old kernels may not know; the process is not dumpable anyway. */
	(void)madvise(s, mapped, MADV_DONTDUMP);
	(void)madvise(s, mapped, MADV_WIPEONFORK);
	s->mapped = mapped;
	s->capacity = capacity;
	s->len = capacity;
	*ret = s;
	return 0;
}

void secret_free(struct secret *s)
{
	size_t mapped;

	if (!s)
		return;
	mapped = s->mapped;
	secret_wipe(s, mapped);
	(void)munmap(s, mapped); /* unlocks as well */
}

unsigned char *secret_data(struct secret *s)
{
	return s->data;
}

const unsigned char *secret_bytes(const struct secret *s)
{
	return s->data;
}

size_t secret_len(const struct secret *s)
{
	return s->len;
}

void secret_shorten(struct secret *s, size_t len)
{
	assert(len <= s->len);
	secret_wipe(s->data + len, s->capacity - len);
	s->len = len;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
	if (a->len != b->len)
		return false;
	return mbedtls_ct_memcmp(a->data, b->data, a->len) == 0;
}

static int random_fill(unsigned char *p, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = getrandom(p + done, len - done, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

int secret_random_passphrase(size_t len, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	int r;

	r = secret_new(len, &s);
	if (r < 0)
		return r;
	r = random_fill(s->data, len);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++)
		while (!s->data[i]) {
			r = random_fill(&s->data[i], 1);
			if (r < 0)
				return r;
		}
	*ret = take_ptr(s);
	return 0;
}

int secret_read_fd(int fd, size_t max, struct secret **ret)
{
	_cleanup_secret_ struct secret *s = NULL;
	size_t done = 0;
	int r;

	/* One byte more than allowed, to tell "exactly full" from "more to come". */
	r = secret_new(max + 1, &s);
	if (r < 0)
		return r;
	while (done <= max) {
		ssize_t n = read(fd, s->data + done, max + 1 - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	if (done > max)
		return -EFBIG;
	if (!done)
		return -ENODATA;
	secret_shorten(s, done);
	*ret = take_ptr(s);
	return 0;
}

void secret_wipe(void *p, size_t len)
{
	if (len)
		explicit_bzero(p, len);
}
