/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every new token of ours begins with.
 */
#ifndef CEXLUKS_OP_NEW_TOKEN_H
#define CEXLUKS_OP_NEW_TOKEN_H

#include "base/attributes.h"
#include "luks/token.h"

/**
 * new_token() - kind, serial and the time of now, no keyslot; the caller adds what the kind needs
 * @ret: owned by the caller
 *
 * Return: 0 or -errno.
 */
int new_token(enum luks_token_kind kind, int64_t serial, struct luks_token **ret) _must_check_;

#endif
