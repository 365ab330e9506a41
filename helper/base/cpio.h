/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives as an initramfs has them: cpio in the formats "newc" and "crc". Written here because those who read archives
 * for people follow links, keep device nodes, and have no limits; this one unpacks what nobody vouches for.
 */
#ifndef CEXLUKS_BASE_CPIO_H
#define CEXLUKS_BASE_CPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* A descriptor that is read from front to back. */
struct cpio_stream {
	int fd;
	uint64_t consumed; /* bytes that were taken, of those that were read */
	size_t at, have;
	unsigned char buffer[65536];
};

/* Over all archives of one image; begins as zeros. */
struct cpio_sum {
	size_t n_entries;
	uint64_t bytes; /* of all contents */
	uint64_t kept;
	struct cpio_link *links; /* first names of files that have several; freed by cpio_done() */
	size_t n_links;
};

/**
 * cpio_unpack() - one archive, to its end
 * @wants: whether the contents of this file are of interest; of others an empty file is made
 *
 * Names begin at the current root directory, wherever they point to. The caller has changed it to an empty
 * file system of its own: links in the archive may lead anywhere in there. Device nodes, sockets and pipes are left
 * out; later entries replace earlier ones, as in the kernel.
 *
 * Return: 0; -EBADMSG when it is none, is cut short, or a name leaves the root; -EFBIG beyond a limit; -errno of what
 * makes files.
 */
int cpio_unpack(struct cpio_stream *stream, bool (*wants)(const char *name), struct cpio_sum *sum) _must_check_;
void cpio_done(struct cpio_sum *sum);

/* Takes zeros, which fill the space between archives. 1 when something else follows, 0 at the end, -errno. */
int cpio_skip_zeros(struct cpio_stream *stream) _must_check_;

#endif
