/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of a create request: its rules (kms-api.md 2.5), and the key it asks for. */
#ifndef SIM_KEY_ORDER_H
#define SIM_KEY_ORDER_H

#include "kms.h"

/** key_order_read() - the key, owned by the caller and not yet stored; NULL: the reply says why */
struct key *key_order_read(struct kms_call *call);
/** alias_is_valid() - may a key be given this alias at all? */
bool alias_is_valid(const char *alias);

#endif
