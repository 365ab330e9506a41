/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One profile in the net child: its targets and its one IAM token, which all jobs share. The token
 * is fetched once however many jobs wait for it.
 */
#ifndef CEXLUKS_KMS_SESSION_H
#define CEXLUKS_KMS_SESSION_H

#include "kms/exchange.h"
#include "kms/profile.h"

struct session {
	struct net *net;
	struct kms_profile profile;
	char *iam_url, *iam_host, *kms_host;
	struct target iam_target, kms_target;
	struct exchange iam;
	struct secret *form;
	bool want_lifetime;    /* of certificates, from the next exchange with IAM on */
	struct lifetime iam_lifetime;
	size_t key_index;      /* which API key is being tried, or was accepted */
	struct secret *token;  /* NULL: none */
	deadline_t token_until;
	unsigned generation;   /* grows with every new token */
};

/**
 * session_new() - takes what @profile holds and leaves it empty, also on failure
 *
 * Return: 0, -ENOMEM.
 */
int session_new(struct net *net, struct kms_profile *profile, struct session **ret) _must_check_;
void session_free(struct session *s);
DEFINE_CLEANUP(struct session *, session_free);

/**
 * session_has_token() - may a job go on?
 * @seen: generation when the job began to wait; a token that came since then serves even if its
 *        lifetime is no use
 */
bool session_has_token(const struct session *s, unsigned seen);

/* Asks IAM unless that is under way. The outcome reaches the jobs through job_token_failed(). */
void session_want_token(struct session *s, deadline_t deadline);

/* The service did not accept the token of this generation. */
void session_drop_token(struct session *s, unsigned generation);

#endif
