/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a fault does, by its name in a rule. */
#ifndef SIM_FAULT_ACTIONS_H
#define SIM_FAULT_ACTIONS_H

#include "reply.h"
#include "request.h"

#include <cjson/cJSON.h>

struct fault_action {
	const char *name;
	/* one of the two: answers in the handler's place, or changes what the handler answered */
	void (*replace)(const cJSON *rule, const struct request *request, struct reply *reply);
	void (*spoil)(const cJSON *rule, struct reply *reply);
};

/** fault_action_find() - NULL for an unknown name */
const struct fault_action *fault_action_find(const char *name);

#endif
