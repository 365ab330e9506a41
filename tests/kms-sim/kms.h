/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Key Protect v2 API: who may call, and which function answers. The functions themselves are
 * in keys.c, actions.c and lifecycle.c.
 */
#ifndef SIM_KMS_H
#define SIM_KMS_H

#include "instance.h"
#include "reply.h"
#include "request.h"
#include "token.h"

struct kms_call {
	const struct request *request;
	struct instance *instance;
	struct reply *reply;
	enum role role;
	const char *ring;		/* X-Kms-Key-Ring or NULL */
	const char *argument[2];	/* the path's variable parts */
};

/** kms_answer() - @instance is a struct instance */
void kms_answer(const struct request *request, void *instance, struct reply *reply);

/** kms_may() - true when the caller holds @role; otherwise the reply is a 401 */
bool kms_may(struct kms_call *call, enum role role);
/** kms_key() - the key that argument[0] names; otherwise NULL, and the reply is a 404 */
struct key *kms_key(struct kms_call *call);
/** kms_gone() - true for a deleted key; the reply is then a 410 */
bool kms_gone(struct kms_call *call, struct key *key);
/** kms_collection() - {"metadata":…,"resources":…}; takes @resources */
cJSON *kms_collection(const char *type, cJSON *resources);

#endif
