/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: the one reading of a LUKS2 header. Binary header and JSON of the better of the
 * two copies on the disk go into a sealed memory file as both copies, so that the library finds
 * nothing to repair; keyslot areas are holes, except the one that a keyslot is opened with.
 *
 * Source: LUKS2 on-disk format 1.1.4, section 2 (binary header, offsets and order of the copies);
 * lib/luks2/luks2_disk_metadata.c at v2.6.1 (valid beats invalid, then the higher sequence number,
 * then the primary); memfd_create(2), fcntl(2) for the seals.
 */
#ifndef CEXLUKS_LUKS_COPY_H
#define CEXLUKS_LUKS_COPY_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "luks/condition.h"

struct luks_copy {
	int fd; /* sealed; both metadata areas, then holes up to the largest keyslot area */
	uint64_t header_size; /* of one copy, binary part and JSON */
	uint64_t seqid;
};

/* Where a keyslot's key material lies on the device. */
struct luks_area {
	uint64_t offset;
	uint64_t size;
};

/**
 * luks_copy_new() - read both headers from @fd, keep the better one
 * @ret: owned by the caller
 *
 * Return: 0, LUKS_NOT_LUKS2 (no header with a right checksum), -errno.
 */
int luks_copy_new(int fd, struct luks_copy **ret, struct luks_reason *reason) _must_check_;
void luks_copy_free(struct luks_copy *copy);
DEFINE_CLEANUP(struct luks_copy *, luks_copy_free);
#define _cleanup_luks_copy_ _cleanup_(luks_copy_freep)

/**
 * luks_copy_with_area() - another sealed file: the same metadata, and one keyslot's area
 * @fd:     of the device that the copy was made from
 * @ret_fd: owned by the caller
 *
 * The metadata comes from the copy and never from the device again.
 *
 * Return: 0, LUKS_REFUSED when the area lies outside, -EIO when the device is too short, -errno.
 */
int luks_copy_with_area(const struct luks_copy *copy, int fd, const struct luks_area *area,
			int *ret_fd, struct luks_reason *reason) _must_check_;

/* Sequence number of the header that is on @fd now, 0 when there is none. */
uint64_t luks_copy_peek_seqid(int fd);

#endif
