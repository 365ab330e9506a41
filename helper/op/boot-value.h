/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value out of what boot loaders are configured with: zipl.conf, entries, grub's environment, loader.conf, grub.cfg. */
#ifndef CEXLUKS_OP_BOOT_VALUE_H
#define CEXLUKS_OP_BOOT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/**
 * boot_value() - the first line that begins with a key
 * @section: only below this line, "[name]" or ":name", until the next of these; NULL: anywhere
 * @ret:     without blanks and quotes around it; cut when it is too long
 *
 * Key and value have blanks or one "=" in between. Return: whether there is a value.
 */
bool boot_value(const char *text, const char *section, const char *key, char *ret, size_t size);

#endif
