/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a configuration: an ordinary file that nobody else can change.
 */
#ifndef CEXLUKS_OP_CONFIG_FILE_H
#define CEXLUKS_OP_CONFIG_FILE_H

#include <sys/types.h>

#include "base/attributes.h"
#include "op/verdict.h"

/**
 * config_file_open() - for reading, once it is clear what it is
 * @secret: bits of the mode that are refused because of a secret in it, e.g. 07; 0 for none
 * @ret:    descriptor, owned by the caller
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when there is no such file; OUTCOME_CONFIG_ERROR, with the chmod
 * to type, when others can change it or read the secret in it.
 */
enum outcome config_file_open(const char *path, mode_t secret, int *ret, struct verdict *v) _must_check_;

#endif
