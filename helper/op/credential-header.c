/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential-source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "op/sealed-key.h"

/* The token was checked for base64 of that size; what it holds is for sealed_key_open() to judge. */
static enum outcome decode(const struct carried_key *carried, struct sealed_key *sealed, struct verdict *v)
{
	_cleanup_secret_ struct secret *bytes = NULL;
	int r = base64_decode_secret(carried->sealed, strlen(carried->sealed), sizeof(sealed->bytes), &bytes);

	if (r < 0)
		return verdict_errno(v, r, sealed->what);
	sealed->len = secret_len(bytes);
	memcpy(sealed->bytes, secret_bytes(bytes), sealed->len);
	return OUTCOME_OK;
}

enum outcome credential_from_header(const struct carried_key *carried, const char *profile, const char *sysroot,
				    bool *ret_old, struct secret **ret, struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	_cleanup_free_ char *what = NULL;
	struct sealed_key sealed = { .profile = profile, .device = carried->path, .uuid = carried->uuid };
	enum outcome o;

	if (asprintf(&what, "the API key of %s in the header of %s", profile, carried->path) < 0) {
		what = NULL;
		return verdict_errno(v, ENOMEM, carried->path);
	}
	sealed.what = what;
	o = decode(carried, &sealed, v);
	if (o == OUTCOME_OK)
		o = sealed_key_open(&sealed, sysroot, ret_old, &key, v);
	if (o == OUTCOME_OK)
		o = credential_check_key(key, what, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(key);
	return o;
}
