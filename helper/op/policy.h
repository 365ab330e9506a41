/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration demands of a volume and its bindings, and in which order bindings are
 * tried. The header's own rules (ciphers, segments …) are luks/'s; these are the administrator's.
 */
#ifndef CEXLUKS_OP_POLICY_H
#define CEXLUKS_OP_POLICY_H

#include "base/attributes.h"
#include "luks/header.h"
#include "op/binding.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/verdict.h"

#define POLICY_BINDINGS (LIMIT_TOKENS + LIMIT_BINDINGS) /* most that one volume can have */

/* Whether only a secure key will do, by "require" of the volume or of all volumes. @pin: may be NULL. */
bool policy_wants_secure_key(const struct config *config, const struct config_volume *pin);

/* Whether a verification pattern is pinned, by the configuration or by rd.cexluks.pattern. */
bool policy_wants_pattern(const struct config_volume *pin, const struct cmdline *cmdline,
			  const char *uuid);

/* Whether the volume has conditions that are lost if somebody else opens it. */
bool policy_has_conditions(const struct config *config, const struct config_volume *pin,
			   const struct cmdline *cmdline, const char *uuid);

/**
 * policy_check_header() - what the header alone can break: cipher pin, and what only paes can keep
 * @pin: may be NULL
 *
 * A secure key or a pinned pattern is out of the question for any other cipher; for paes both are
 * decided when the volume key was read.
 *
 * Return: OUTCOME_OK, or a refusal.
 */
enum outcome policy_check_header(const struct config *config, const struct config_volume *pin,
				 const struct cmdline *cmdline, const struct luks_header *header,
				 struct verdict *v) _must_check_;

/**
 * policy_check_pattern() - all patterns that are pinned for this volume must be @pattern
 *
 * Return: OUTCOME_OK, also when none is pinned, or OUTCOME_PATTERN_MISMATCH.
 */
enum outcome policy_check_pattern(const struct config_volume *pin, const struct cmdline *cmdline,
				  const char *uuid, const char *pattern,
				  struct verdict *v) _must_check_;

/**
 * policy_check_token() - profile known and allowed, additional data used where it must be, serial
 *
 * Return: OUTCOME_OK; a refusal (then the volume is refused); anything else: try the next binding.
 */
enum outcome policy_check_token(struct config *config, const struct config_volume *pin,
				const struct cmdline *cmdline, const struct luks_token *token,
				struct verdict *v) _must_check_;

/**
 * policy_check_binding() - the same for a binding of any kind
 *
 * A card or keyfile binding on a cipher other than paes is a refusal: its passphrase is public, and
 * anybody could have made that volume.
 */
enum outcome policy_check_binding(struct config *config, const struct config_volume *pin,
				  const struct cmdline *cmdline, const struct luks_header *header,
				  const struct binding *binding, struct verdict *v) _must_check_;

/**
 * policy_check_open() - of a volume that somebody else opened: may its key be what it must be?
 *
 * For what policy_check_header() lets pass. Where a secure key is required, or one of the volume's
 * bindings has a public passphrase, cipher and key size must be those of a secure key alone: the live
 * table has just been compared with the header, and nobody sees the key itself.
 *
 * Return: OUTCOME_OK or OUTCOME_NOT_A_SECURE_KEY.
 */
enum outcome policy_check_open(struct config *config, const struct config_volume *pin,
			       const struct luks_header *header, struct verdict *v) _must_check_;

/**
 * policy_order() - the bindings to try, first one first
 * @ret: borrows from @header and @pin
 *
 * As the pinned "bindings" say, else: card, then the profiles as the configuration writes them,
 * then tokens of unknown profiles (so that somebody is told). Tokens without a keyslot are left
 * out; a keyfile is only used where "bindings" names it. Return: how many.
 */
size_t policy_order(struct config *config, const struct config_volume *pin,
		    const struct luks_header *header, struct binding ret[static POLICY_BINDINGS]);

#endif
