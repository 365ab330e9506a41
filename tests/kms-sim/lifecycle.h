/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything about keys that is neither reading nor wrapping: aliases, rings, deleting. */
#ifndef SIM_LIFECYCLE_H
#define SIM_LIFECYCLE_H

#include "kms.h"

void lifecycle_delete(struct kms_call *call);
void lifecycle_restore(struct kms_call *call);
void lifecycle_purge(struct kms_call *call);
void lifecycle_alias_add(struct kms_call *call);
void lifecycle_alias_drop(struct kms_call *call);
void lifecycle_move_to_ring(struct kms_call *call);
void lifecycle_rings(struct kms_call *call);
void lifecycle_ring_add(struct kms_call *call);
void lifecycle_ring_drop(struct kms_call *call);

#endif
