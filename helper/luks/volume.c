/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/volume.h"

#include <errno.h>

#include "luks/activate.h"
#include "luks/holder.h"
#include "luks/mapping.h"
#include "luks/reason.h"

int luks_volume_open(struct luks_header *header, int keyslot, const struct secret *passphrase,
		     const char *name, const struct luks_open_flags *flags,
		     struct luks_reason *reason)
{
	const struct luks_activation activation = {
		.header = header,
		.name = name,
		.flags = flags,
		.passphrase = passphrase,
		.keyslot = keyslot,
	};

	if (!secret_len(passphrase))
		return luks_refuse(reason, "the passphrase is empty");
	return luks_activate(&activation, reason);
}

static uint64_t expected_sectors(const struct luks_facts *facts, const struct luks_device *device)
{
	uint64_t size = luks_device_size(device);

	if (facts->data_size)
		return facts->data_size / 512;
	return size > facts->data_offset ? (size - facts->data_offset) / 512 : 0;
}

int luks_volume_verify(const struct luks_header *header, const char *name,
		       struct luks_reason *reason)
{
	const struct luks_device *device = luks_header_device(header);
	struct luks_mapping mapping = { 0 };
	struct luks_expectation expected = {
		.facts = luks_header_facts(header),
		.uuid = luks_header_uuid(header),
		.name = name,
		.devno = device->devno,
		.length = expected_sectors(luks_header_facts(header), device),
	};
	int r;

	if (!luks_mapping_name_is_valid(name))
		return -EINVAL;
	r = luks_mapping_get(name, &mapping, reason);
	if (r)
		return r;
	if (!luks_table_uuid_fits(mapping.uuid, expected.uuid, name)) {
		luks_reason_set(reason, "the live mapping '%s' belongs to another volume", name);
		return LUKS_TABLE_MISMATCH;
	}
	/* A file lies below a loop device that the library made. */
	if (!expected.devno && luks_holder_is_loop_of(mapping.table.devno, device->path))
		expected.devno = mapping.table.devno;
	return luks_table_compare(&mapping.table, &expected, reason);
}

int luks_volume_close(const char *name)
{
	struct luks_mapping mapping;
	int r;

	if (!luks_mapping_name_is_valid(name))
		return -EINVAL;
	r = luks_mapping_get(name, &mapping, NULL);
	if (r == LUKS_NO_DEVICE || r == LUKS_NO_MAPPER || r < 0)
		return r;
	luks_library_setup();
	return luks_library_result("crypt_deactivate_by_name",
				   crypt_deactivate_by_name(NULL, name, 0));
}

bool luks_volume_is_active(const char *name)
{
	struct luks_mapping mapping;
	int r;

	if (!luks_mapping_name_is_valid(name))
		return false;
	r = luks_mapping_get(name, &mapping, NULL);
	return !r || r == LUKS_TABLE_MISMATCH; /* something works there, whatever it is */
}
