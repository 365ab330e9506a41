/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding out what a service does with additional data, and getting a passphrase wrapped so that
 * the next boot is known to get it back.
 */
#ifndef CEXLUKS_OP_PROVE_H
#define CEXLUKS_OP_PROVE_H

#include <stdbool.h>

#include "base/deadline.h"
#include "luks/token.h"
#include "op/session.h"
#include "op/verdict.h"

/**
 * prove_wrap() - wrap a passphrase for one volume
 * @uuid, @serial: what the additional data says
 * @ret: a token without keyslot, owned by the caller
 *
 * Wraps with additional data and probes whether other data is refused. Where the service ignores
 * or refuses additional data (HPCS documents none) the token says aad = false; Key Protect must
 * honour it, or nothing is bound.
 */
enum outcome prove_wrap(struct op_session *session, const struct config_profile *profile,
			const char *uuid, int64_t serial, const struct secret *passphrase,
			deadline_t deadline, struct luks_token **ret,
			struct verdict *v) _must_check_;

/* Whether the profile names a key to wrap with; unwrapping needs none. */
enum outcome prove_root_key(const struct config_profile *profile, struct verdict *v) _must_check_;

#endif
