/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From /etc/hpcs-for-luks.ini to cexluks.conf. Nothing is moved or removed: the API key, where it stands in the old
 * file, stays there, and a comment in the new one has the command that puts it where the new one looks.
 */
#ifndef CEXLUKS_OP_CONVERT_H
#define CEXLUKS_OP_CONVERT_H

#include "op/verdict.h"

/**
 * op_convert() - the text of a cexluks.conf that says what the old file says
 * @ret: owned by the caller; holds no secret
 *
 * An image that has the new file works as one with the old file. But dracut puts the new one into every image, so
 * what must be done first is a comment in the text, and a line on standard error.
 */
enum outcome op_convert(const char *sysroot, char **ret, struct verdict *v);

/* Writes it to a file that must not exist yet. */
enum outcome op_convert_write(const char *path, const char *text, struct verdict *v);

#endif
