/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/volume-key.h"

#include <errno.h>

#include "luks/activate.h"
#include "luks/reason.h"

int luks_volume_key_get(struct luks_header *header, int keyslot, const struct secret *passphrase,
			struct secret **ret, struct luks_reason *reason)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	_cleanup_secret_ struct secret *key = NULL;
	size_t len = luks_header_key_size(header);
	int r;

	if (!luks_header_is_paes(header))
		return -EINVAL;
	if (!secret_len(passphrase))
		return luks_refuse(reason, "the passphrase is empty");
	r = luks_header_context(header, keyslot, false, &cd, reason);
	if (r)
		return r;
	r = secret_new(len, &key);
	if (r)
		return r;
	r = crypt_volume_key_get(cd, keyslot, (char *)secret_data(key), &len,
				 (const char *)secret_bytes(passphrase), secret_len(passphrase));
	r = luks_library_result("crypt_volume_key_get", r);
	if (r)
		return r;
	if (len != secret_len(key))
		return luks_refuse(reason, "keyslot %d holds a key of another size", keyslot);
	*ret = take_ptr(key);
	return 0;
}

int luks_volume_key_open(struct luks_header *header, const struct secret *key, const char *name,
			 const struct luks_open_flags *flags, struct luks_reason *reason)
{
	const struct luks_activation activation = {
		.header = header,
		.name = name,
		.flags = flags,
		.volume_key = key,
	};

	if (!luks_header_is_paes(header) || secret_len(key) != luks_header_key_size(header))
		return -EINVAL;
	return luks_activate(&activation, reason);
}
