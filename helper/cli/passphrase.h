/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A passphrase from a person or a file.
 */
#ifndef CEXLUKS_CLI_PASSPHRASE_H
#define CEXLUKS_CLI_PASSPHRASE_H

#include "base/secret.h"
#include "op/verdict.h"

/**
 * passphrase_ask() - for op_bind()
 * @device:   named in the question
 * @key_file: const char *: a path, "-", or NULL to ask on the terminal
 *
 * A key file counts whole, as in cryptsetup(8). Asking needs a terminal on standard input.
 */
enum outcome passphrase_ask(const char *device, void *key_file, struct secret **ret,
			    struct verdict *v);

/**
 * passphrase_ask_new() - for op_format(): a passphrase that will open @device
 * @key_file: as above
 *
 * On a terminal it is typed twice.
 */
enum outcome passphrase_ask_new(const char *device, void *key_file, struct secret **ret,
				struct verdict *v);

#endif
