/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/activate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "luks/mapping.h"
#include "luks/reason.h"

/*
 * Flags stored in the header that make things faster or slower are followed. The others are not:
 * discards show an observer which blocks are in use, so only the configuration may ask for them.
 */
#define FROM_HEADER                                                                                \
	(CRYPT_ACTIVATE_SAME_CPU_CRYPT | CRYPT_ACTIVATE_SUBMIT_FROM_CRYPT_CPUS |                   \
	 CRYPT_ACTIVATE_NO_READ_WORKQUEUE | CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE)

static uint32_t activation_flags(struct crypt_device *cd, const struct luks_open_flags *flags)
{
	uint32_t persistent = 0;
	uint32_t all = CRYPT_ACTIVATE_IGNORE_PERSISTENT | CRYPT_ACTIVATE_SERIALIZE_MEMORY_HARD_PBKDF;

	if (crypt_persistent_flags_get(cd, CRYPT_FLAGS_ACTIVATION, &persistent) < 0)
		log_debug("luks: the header's flags cannot be read and are ignored");
	all |= persistent & FROM_HEADER;
	if (flags && flags->discard)
		all |= CRYPT_ACTIVATE_ALLOW_DISCARDS;
	if (flags && flags->read_only)
		all |= CRYPT_ACTIVATE_READONLY;
	if (flags && flags->no_read_workqueue)
		all |= CRYPT_ACTIVATE_NO_READ_WORKQUEUE;
	if (flags && flags->no_write_workqueue)
		all |= CRYPT_ACTIVATE_NO_WRITE_WORKQUEUE;
	if (flags && flags->same_cpu_crypt)
		all |= CRYPT_ACTIVATE_SAME_CPU_CRYPT;
	if (flags && flags->submit_from_crypt_cpus)
		all |= CRYPT_ACTIVATE_SUBMIT_FROM_CRYPT_CPUS;
	return all;
}

static bool device_is_in_use(const struct luks_device *device)
{
	_cleanup_close_ int fd = -1;

	return luks_device_claim(device, O_RDONLY, &fd) == LUKS_BUSY;
}

int luks_activate_result(const struct luks_device *device, int r, struct luks_reason *reason)
{
	switch (r) {
	case -EINVAL:
	case -ENODEV:
	case -EIO:
	case -EBUSY:
	case -EAGAIN:
	case -ENOENT:
	case -ENOKEY:
		if (device_is_in_use(device))
			return LUKS_BUSY;
		luks_reason_set(reason, "the kernel refuses the key, or lacks the cipher's module: %s",
				luks_library_first_error()[0] ? luks_library_first_error()
							      : strerror(-r));
		return LUKS_KERNEL_REFUSED;
	default:
		return luks_library_result("activating", r);
	}
}

static int by_volume_key(struct crypt_device *cd, const struct luks_activation *a, uint32_t flags,
			 struct luks_reason *reason)
{
	const char *key = (const char *)secret_bytes(a->volume_key);
	size_t len = secret_len(a->volume_key);
	int r;

	r = luks_library_result("crypt_volume_key_verify", crypt_volume_key_verify(cd, key, len));
	if (r)
		return r;
	r = crypt_activate_by_volume_key(cd, a->name, key, len, flags);
	return luks_activate_result(luks_header_device(a->header), r, reason);
}

static int by_passphrase(struct crypt_device *cd, const struct luks_activation *a, uint32_t flags,
			 struct luks_reason *reason)
{
	int r = crypt_activate_by_passphrase(cd, a->name, a->keyslot,
					     (const char *)secret_bytes(a->passphrase),
					     secret_len(a->passphrase), flags);

	return luks_activate_result(luks_header_device(a->header), r, reason);
}

int luks_activate(const struct luks_activation *a, struct luks_reason *reason)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	uint32_t flags;
	int r;

	if (!luks_mapping_name_is_valid(a->name))
		return -EINVAL;
	r = a->volume_key ? luks_header_bare_context(a->header, true, &cd)
			  : luks_header_context(a->header, a->keyslot, true, &cd, reason);
	if (r)
		return r;
	flags = activation_flags(cd, a->flags);
	luks_library_forget_errors();
	r = a->volume_key ? by_volume_key(cd, a, flags, reason) : by_passphrase(cd, a, flags, reason);
	if (r)
		return r;
	r = luks_volume_verify(a->header, a->name, reason);
	if (r) {
		int closed = crypt_deactivate_by_name(cd, a->name, CRYPT_DEACTIVATE_DEFERRED);

		log_debug("luks: closed the mapping again (%d)", closed);
	}
	return r;
}
