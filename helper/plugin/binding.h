/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which binding a LUKS2 token of ours stands for: as much of it as somebody needs who asks for its passphrase or
 * shows it to a person. The helper, which is started with the name, reads the whole token by the strict rules of
 * luks/token.h.
 */
#ifndef CEXLUKS_PLUGIN_BINDING_H
#define CEXLUKS_PLUGIN_BINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/limits.h"

struct plugin_binding {
	char name[LIMIT_ID + 16];      /* "kms:PROFILE", "card" or "credential:PROFILE" */
	bool opens;		       /* a credential doesn't */
	char key[LIMIT_ALIAS_MAX + 1]; /* kms: root key id; "" otherwise */
	bool aad;
	int64_t serial;	  /* 0 of a credential */
	char created[21]; /* "" of a credential */
};

/**
 * plugin_binding_parse() - read a token as libcryptsetup hands it over
 * @json: NUL-terminated, borrowed; its strings are a stranger's
 * @ret:  plain names and numbers only; untouched on failure
 *
 * Return: 0, -EINVAL for what is no token of version 1 and of a kind that is known here, -ENOMEM.
 */
int plugin_binding_parse(const char *json, struct plugin_binding *ret) _must_check_;

#endif
