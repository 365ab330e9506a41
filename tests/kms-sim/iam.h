/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IBM Cloud IAM: an API key in, a bearer token out (kms-api.md section 1). */
#ifndef SIM_IAM_H
#define SIM_IAM_H

#include "reply.h"
#include "request.h"

struct iam {
	unsigned token_lifetime_s;
};

void iam_answer(const struct request *request, void *iam, struct reply *reply);
/** iam_error() - an error in the shape of /identity/token, with or without its context */
void iam_error(struct reply *reply, unsigned status, const char *code, const char *message);

#endif
