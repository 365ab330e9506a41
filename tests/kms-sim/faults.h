/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scripted faults. Rules are JSON objects (tests/kms-sim/README.md lists their members), tried in
 * order; the first that matches a request and is not used up is applied to it.
 */
#ifndef SIM_FAULTS_H
#define SIM_FAULTS_H

#include "reply.h"
#include "request.h"

#include <cjson/cJSON.h>
#include <stdbool.h>

struct fault;

/** faults_add() - append an array's rules; on a bad one nothing is added and @ret_why says what */
bool faults_add(const cJSON *rules, const char **ret_why);
void faults_clear(void);

/** faults_match() - the rule for this request, counted as used, or NULL; owned by the caller */
struct fault *faults_match(const struct request *request);
void fault_free(struct fault *fault);
const char *fault_name(const struct fault *fault);
/** fault_delay_ms() - delay plus this time's jitter */
unsigned fault_delay_ms(const struct fault *fault);
/** fault_replaces() - answer in the handler's place; false: let the handler answer first */
bool fault_replaces(const struct fault *fault, const struct request *request, struct reply *reply);
/** fault_spoils() - change the answer that the handler gave */
void fault_spoils(const struct fault *fault, struct reply *reply);

#endif
