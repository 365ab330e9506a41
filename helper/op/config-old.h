/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/hpcs-for-luks.ini, which the Python tool of that name reads: one service, in section [KP].
 *
 * Read as leniently as there: "key = value" or "key: value", blanks before them, comments, unknown keys and
 * other sections are all fine. It may hold the API key itself, so it is read as a secret.
 * Source: parse_config() of hpcs-for-luks 2.7 (Python's configparser), its man page, and parse_ini() of its
 * dracut module, for comments behind a value.
 */
#ifndef CEXLUKS_OP_CONFIG_OLD_H
#define CEXLUKS_OP_CONFIG_OLD_H

#include "base/attributes.h"
#include "op/config.h"

#define CONFIG_OLD_BLOB "/var/lib/hpcs-for-luks/api-key-blob.txt" /* "api_key = TPM" */

/**
 * config_old_read() - adds the one profile, called "default"
 * @path: of the file, c->sysroot included
 *
 * A literal API key goes to kms.api_keys, and api_key_source is "". No root key, or "placeholder", is no
 * kms.root_key. The CA is the first bundle that distributions have.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when there is no such file; OUTCOME_CONFIG_ERROR.
 */
enum outcome config_old_read(const char *path, struct config *c, struct verdict *v) _must_check_;

#endif
