/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: a change of the header on the real device. It begins with a fresh checked copy,
 * and notices when somebody else changed the header meanwhile.
 */
#ifndef CEXLUKS_LUKS_CHANGE_H
#define CEXLUKS_LUKS_CHANGE_H

#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "luks/context.h"

struct luks_change {
	const struct luks_device *device;
	uint64_t seqid; /* of the header as it should be now */
	struct crypt_device *cd;
};

/**
 * luks_change_begin() - fresh copy, rules, then the device itself
 * @change:     release with luks_change_done()
 * @device:     borrowed; must outlive the change
 * @ret_header: the checked copy, owned by the caller
 *
 * A refused header is never opened by the library, which might repair it.
 *
 * Return: as luks_header_load(), LUKS_CHANGED.
 */
int luks_change_begin(struct luks_change *change, const struct luks_device *device,
		      struct luks_header **ret_header, struct luks_reason *reason) _must_check_;

static inline void luks_change_done(struct luks_change *change)
{
	if (change->cd)
		crypt_free(change->cd);
}

/**
 * luks_change_result() - what the library's return from one header write means
 * @what: the call, for the debug log
 * @r:    its return; 0 and positive become 0
 *
 * The library says EINVAL for a header that somebody else changed meanwhile, and for much else.
 *
 * Return: LUKS_CHANGED, -EIO for a disk that failed, else as luks_library_result().
 */
int luks_change_result(struct luks_change *change, const char *what, int r,
		       struct luks_reason *reason) _must_check_;

/**
 * luks_change_store_token() - one header write
 * @id:     number of the token to replace, or CRYPT_ANY_TOKEN
 * @ret_id: may be NULL
 *
 * Return: 0, LUKS_NO_SPACE (with @reason), as luks_change_result().
 */
int luks_change_store_token(struct luks_change *change, int id, const char *json, int *ret_id,
			    struct luks_reason *reason) _must_check_;

#endif
