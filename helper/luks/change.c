/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/change.h"

#include <errno.h>

#include "luks/copy.h"
#include "luks/reason.h"

int luks_change_begin(struct luks_change *change, const struct luks_device *device,
		      struct luks_header **ret_header, struct luks_reason *reason)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	int r;

	change->device = device;
	change->seqid = luks_copy_peek_seqid(device->fd);
	r = luks_header_load(device, NULL, &header, reason);
	if (r)
		return r;
	r = luks_library_load(device->fd, -1, &change->cd);
	if (r)
		return r;
	r = luks_header_check_context(change->cd, reason);
	if (r)
		return r;
	/* What was checked is what is changed. */
	if (luks_copy_peek_seqid(device->fd) != change->seqid) {
		luks_reason_set(reason, "the header was changed by somebody else meanwhile");
		return LUKS_CHANGED;
	}
	*ret_header = take_ptr(header);
	return 0;
}

int luks_change_result(struct luks_change *change, const char *what, int r,
		       struct luks_reason *reason)
{
	if (r >= 0) {
		change->seqid++;
		return 0;
	}
	/* That changed the header as well: one of its copies was written, or half of one. */
	if (r == -EIO)
		return luks_library_result(what, r);
	if (luks_copy_peek_seqid(change->device->fd) != change->seqid) {
		luks_reason_set(reason, "the header was changed by somebody else meanwhile");
		return LUKS_CHANGED;
	}
	return luks_library_result(what, r);
}

int luks_change_store_token(struct luks_change *change, int id, const char *json, int *ret_id,
			    struct luks_reason *reason)
{
	int stored = crypt_token_json_set(change->cd, id, json);
	int r = luks_change_result(change, "storing the token", stored, reason);

	if (r == -EINVAL && id == CRYPT_ANY_TOKEN) {
		luks_reason_set(reason, "no token number is free in the header");
		return LUKS_NO_SPACE;
	}
	if (r == LUKS_NO_SPACE)
		luks_reason_set(reason, "no room for another token in the header");
	if (!r && ret_id)
		*ret_id = stored;
	return r;
}
