/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What boot loaders are configured with: an input is their files, one after the other, with form feeds in between. The images
 * that follow from it are in the tree that was asked about, each once.
 */
#include "fuzz-folder.h"

#include <errno.h>
#include <stdbool.h>

#include "op/boot-entries.h"
#include "op/boot-next.h"

static const char *const files[] = {
	"boot/loader/entries/1-old.conf", "boot/loader/entries/2-new.conf", "etc/zipl.conf",
	"boot/grub/grubenv",		  "boot/loader/loader.conf",	    "boot/grub/grub.cfg",
};

static void put_files(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const uint8_t *end = memchr(data, '\f', len);
		size_t n = end && i + 1 < ARRAY_SIZE(files) ? (size_t)(end - data) : len;

		folder_put(files[i], data, n);
		data += n;
		len -= n;
		if (len) { /* the form feed */
			data++;
			len--;
		}
	}
}

static bool is_inside(const char *path)
{
	size_t len = strlen(folder());

	return !strncmp(path, folder(), len) && path[len] == '/';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct boot_entries entries;
	struct boot_next next;
	int r;

	put_files(data, len);
	PROMISE(boot_entries_read(folder(), &entries) == 0);
	PROMISE(entries.n <= LIMIT_BOOT_ENTRIES && (!entries.n_left || entries.n == LIMIT_BOOT_ENTRIES));
	for (size_t i = 0; i < entries.n; i++) {
		PROMISE(is_inside(entries.images[i]));
		for (size_t j = 0; j < i; j++)
			PROMISE(strcmp(entries.images[i], entries.images[j]) != 0);
	}
	r = boot_next_find(folder(), &next);
	PROMISE(r == 0 || r == -ENOENT);
	PROMISE(r < 0 ? !next.image : is_inside(next.image) && memchr(next.why, '\0', sizeof(next.why)));
	boot_next_done(&next);
	boot_entries_done(&entries);
	return 0;
}
