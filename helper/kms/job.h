/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One job of the core in the net child: wait for the profile's token, make the call, answer.
 */
#ifndef CEXLUKS_KMS_JOB_H
#define CEXLUKS_KMS_JOB_H

#include "kms/keyprotect.h"
#include "kms/message.h"
#include "kms/session.h"

/**
 * job_start() - take a job on
 * @request: what it holds is taken over, also on failure
 *
 * Answers by itself, perhaps before it returns.
 *
 * Return: 0; -EBADMSG when the job cannot be one of ours; -ENOMEM.
 */
int job_start(struct net *net, struct message_job *request) _must_check_;

/* Does what is due for all jobs and their sessions. */
void job_step_all(struct net *net);

/* An interface or address came or went. */
void job_network_changed(struct net *net);

/* When job_step_all() has something to do by itself. */
deadline_t job_wake(const struct net *net);

/* No token for this session: every job that waits for one ends with the verdict. */
void job_token_failed(struct session *session, const struct verdict *verdict);

#endif
