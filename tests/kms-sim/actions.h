/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap, unwrap, rewrap, rotate, disable, enable (kms-api.md 2.6). */
#ifndef SIM_ACTIONS_H
#define SIM_ACTIONS_H

#include "kms.h"

/** actions_run() - POST /keys/ID/actions/NAME */
void actions_run(struct kms_call *call);
/** actions_run_by_query() - the deprecated POST /keys/ID?action=NAME */
void actions_run_by_query(struct kms_call *call);

#endif
