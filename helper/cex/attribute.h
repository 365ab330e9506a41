/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file below /sys or /proc, read once within limits. Files of the AP bus vanish, are empty and
 * fail while a card comes or goes, so "not readable" is an ordinary answer here. Every path of this
 * room is put together here, below a prefix: "" on a real system, a fixture folder in tests.
 */
#ifndef CEXLUKS_CEX_ATTRIBUTE_H
#define CEXLUKS_CEX_ATTRIBUTE_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"

/* A folder that attributes lie in. */
struct cex_place {
	char path[192];
};

/**
 * cex_place_make() - @sysroot and a path below it
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int cex_place_make(struct cex_place *place, const char *sysroot, const char *format, ...)
	_printf_(3, 4) _must_check_;

/* True when the folder (@name NULL) or something in it is there. */
bool cex_place_has(const struct cex_place *place, const char *name);

/* Opens the folder; NULL when it is not there. The caller closes it. */
DIR *cex_place_open(const struct cex_place *place);

/**
 * cex_attribute_line() - the first line, without its end
 *
 * Return: whether there was one of at least one and fewer than @size characters. Otherwise @ret is "".
 * Anything but printable ASCII becomes '?'.
 */
bool cex_attribute_line(const struct cex_place *place, const char *name, char *ret, size_t size);

/* A whole decimal number in [0, INT32_MAX] at the first line's beginning; -1 for anything else. */
int32_t cex_attribute_number(const struct cex_place *place, const char *name);

/* "0x92800000"; false for anything else. */
bool cex_attribute_hex32(const struct cex_place *place, const char *name, uint32_t *ret);

/* Last part of what the symbolic link @name points to; "" when there is none. */
void cex_attribute_link(const struct cex_place *place, const char *name, char *ret, size_t size);

/**
 * cex_attribute_all() - the whole file
 * @ret: owned by the caller, NUL-terminated
 *
 * Return: 0 or -errno.
 */
int cex_attribute_all(const struct cex_place *place, const char *name, size_t max, char **ret)
	_must_check_;

/* Writes @text. Return: 0 or -errno. */
int cex_attribute_write(const struct cex_place *place, const char *name, const char *text)
	_must_check_;

#endif
