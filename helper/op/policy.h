/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration demands of a volume and its bindings, and in which order bindings are
 * tried. The header's own rules (ciphers, segments …) are luks/'s; these are the administrator's.
 */
#ifndef CEXLUKS_OP_POLICY_H
#define CEXLUKS_OP_POLICY_H

#include "base/attributes.h"
#include "luks/header.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/verdict.h"

/**
 * policy_check_header() - cipher pin, secure-key requirement, verification patterns
 * @pin: may be NULL
 *
 * Return: OUTCOME_OK, or a refusal.
 */
enum outcome policy_check_header(const struct config *config, const struct config_volume *pin,
				 const struct cmdline *cmdline, const struct luks_header *header,
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
 * policy_order() - the bindings to try, first one first
 * @ret: room for LIMIT_TOKENS pointers, borrowed from @header
 *
 * As the pinned "bindings" say, else: card, then the profiles as the configuration writes them,
 * then tokens of unknown profiles (so that somebody is told). Tokens without a keyslot are left
 * out. Return: how many.
 */
size_t policy_order(struct config *config, const struct config_volume *pin,
		    const struct luks_header *header, const struct luks_token **ret);

#endif
