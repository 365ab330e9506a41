/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Errors in the shape of kms-api.md section 3.1. Wording, optional members and even blanks round
 * the code change from one to the next, so that no client can match on text.
 */
#ifndef SIM_KMS_ERROR_H
#define SIM_KMS_ERROR_H

#include "reply.h"

/** kms_error() - @target is the offending field's name or NULL */
void kms_error(struct reply *reply, unsigned status, const char *code, const char *message,
	       const char *target);
/** kms_error_bare() - without a reasons array, as 401 usually comes */
void kms_error_bare(struct reply *reply, unsigned status, const char *message);

#endif
