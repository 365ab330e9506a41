/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volume key of a volume with a card binding, whose passphrase stands in the header: nobody has to
 * be asked to know what wraps it.
 */
#ifndef CEXLUKS_OP_BOUND_KEY_H
#define CEXLUKS_OP_BOUND_KEY_H

#include "base/attributes.h"
#include "luks/header.h"
#include "op/volume-key.h"

/**
 * bound_key_read() - through the first card binding that opens its keyslot (one cheap derivation)
 * @ret: release with volume_key_done(), also after a failure
 *
 * Return: as volume_key_read(), OUTCOME_NOT_A_SECURE_KEY included; OUTCOME_NOT_BOUND when there is no
 * card binding, or none opens.
 */
enum outcome bound_key_read(struct luks_header *header, struct volume_key *ret, struct verdict *v)
	_must_check_;

#endif
