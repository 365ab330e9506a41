/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential-source.h"

#include <errno.h>
#include <unistd.h>

#include "op/sealed-key.h"

/* A file's bytes into a place of fixed size. */
static enum outcome read_bytes(int fd, struct sealed_key *sealed, struct verdict *v)
{
	for (;;) {
		ssize_t n = read(fd, sealed->bytes + sealed->len, sizeof(sealed->bytes) - sealed->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return verdict_errno(v, errno, sealed->what);
		if (!n)
			return OUTCOME_OK;
		sealed->len += (size_t)n;
		if (sealed->len == sizeof(sealed->bytes)) {
			verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s is larger than a sealed API key",
				    sealed->what);
			return verdict_hint(v, "seal the API key again: cexluks credential seal %s",
					    sealed->profile);
		}
	}
}

static enum outcome load(const char *path, const char *profile, struct sealed_key *ret, struct verdict *v)
{
	_cleanup_close_ int fd = -1;
	enum outcome o = credential_open_file(path, &fd, v);

	*ret = (struct sealed_key){ .what = path, .profile = profile };
	return o == OUTCOME_OK ? read_bytes(fd, ret, v) : o;
}

enum outcome credential_look_at_sealed(const char *path, const char *profile, struct verdict *v)
{
	struct sealed_key sealed;
	enum outcome o = load(path, profile, &sealed, v);

	return o == OUTCOME_OK ? sealed_key_look(&sealed, v) : o;
}

enum outcome credential_from_sealed(const char *path, const char *profile, const char *sysroot, bool *ret_old,
				    struct secret **ret, struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	struct sealed_key sealed;
	enum outcome o = load(path, profile, &sealed, v);

	if (o == OUTCOME_OK)
		o = sealed_key_open(&sealed, sysroot, ret_old, &key, v);
	if (o == OUTCOME_OK)
		o = credential_check_key(key, path, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(key);
	return o;
}
