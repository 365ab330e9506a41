/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * API keys in headers, for "header:": which volumes carry one, sealed by a card, for which profile. They are found and
 * kept here, and not opened; op/credential.h does that. Only the image's configuration says that a profile has its key
 * there, and to whom the key goes.
 */
#ifndef CEXLUKS_OP_CARRIED_H
#define CEXLUKS_OP_CARRIED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "luks/header.h"
#include "op/config.h"
#include "op/verdict.h"

struct carried_key {
	char uuid[UUID_SIZE]; /* of the header */
	char *path;	      /* of the device that has it */
	char *sealed;	      /* base64, as its token has it */
	int token;	      /* number of that */
};

struct carried_keys {
	struct carried_key list[LIMIT_CARRIED_KEYS]; /* those of one header beside each other */
	size_t n;
};

void carried_keys_free(struct carried_keys *keys);

/* Whether "header:" is among the profile's sources; true as well for a file with that in its name. */
bool carried_is_wanted(const struct config_profile *profile);

/**
 * carried_note() - what a header carries for profiles that want it
 * @path: of the device that has the header
 *
 * Once each, however often it is called. Return: 0 or -ENOMEM.
 */
int carried_note(struct config *config, const struct luks_header *header, const char *path) _must_check_;

/**
 * carried_find() - the same for each volume that is there now: attached, or named by configuration and crypttab
 *
 * For a @profile that wants none it looks at nothing. What was noted before comes first. A header that is refused
 * carries nothing.
 */
enum outcome carried_find(struct config *config, const struct config_profile *profile, struct verdict *v) _must_check_;

#endif
