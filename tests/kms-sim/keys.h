/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listing, reading and creating keys (kms-api.md 2.4 and 2.5). */
#ifndef SIM_KEYS_H
#define SIM_KEYS_H

#include "kms.h"

void keys_list(struct kms_call *call);
void keys_count(struct kms_call *call);
void keys_get(struct kms_call *call);
void keys_metadata(struct kms_call *call);
void keys_versions(struct kms_call *call);
void keys_create(struct kms_call *call);

#endif
