/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The core's side of the key management service. The core never speaks to the network: it starts
 * one net child (this program again, other uid, empty environment, sandboxed), hands it the
 * profiles and jobs over a socket pair, and reads typed, bounded replies. The child does IAM, TLS,
 * retries and JSON; a hang or a bug there costs a child that is killed, not the core.
 *
 * Jobs run in parallel. One IAM token per profile and child. Every job carries its deadline; the
 * child retries within it what is worth another try, and kms_client_next() gives up by itself a
 * moment after the deadline even if the child is stuck.
 *
 * Replies are what a hostile process could send: kms/message.c checks every length and type.
 */
#ifndef CEXLUKS_KMS_CLIENT_H
#define CEXLUKS_KMS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/uuid.h"
#include "kms/profile.h"

/* What became of a job. The direct caller maps these to outcomes; reply.cause has the details. */
enum kms_condition {
	KMS_OK = 0,
	KMS_NO_NETWORK,	      /* no route, network unreachable */
	KMS_DNS_FAILED,	      /* name did not resolve */
	KMS_UNREACHABLE,      /* refused, reset, timed out, 5xx, or an answer that no KMS gives */
	KMS_TLS_UNTRUSTED,    /* certificate, name or protocol not acceptable; nothing was sent */
	KMS_TLS_CLOCK,	      /* certificate expired or not yet valid: look at the clock */
	KMS_IAM_REFUSED,      /* every configured API key was refused */
	KMS_CREDENTIAL_MISSING, /* the profile has no API key */
	KMS_REFUSED,	      /* 401/403 after one fresh token, or a request the service rejects */
	KMS_KEY_GONE,	      /* 404, 410 */
	KMS_KEY_DISABLED,     /* 409 wrong state */
	KMS_BAD_CIPHERTEXT,   /* 422, or 400 naming ciphertext: damaged, other key, other AAD */
	KMS_THROTTLED,	      /* 429 until the budget ended */
	KMS_TIMEOUT,	      /* the deadline passed without a verdict */
};

enum kms_verb {
	KMS_WRAP,     /* plaintext → ciphertext; with no plaintext the service makes 32 bytes */
	KMS_UNWRAP,   /* ciphertext → plaintext (and a newer ciphertext after a rotation) */
	KMS_LIST,     /* all root keys, one reply per key, then a final one */
	KMS_METADATA, /* one key, in reply.key */
	KMS_CREATE,   /* a root key called name, in reply.key; never retried blindly */
	KMS_ROTATE,   /* a new version of the root key; never retried blindly */
	KMS_PING,     /* IAM token and TLS to the service, nothing else; how long certificates last */
};

struct kms_request {
	enum kms_verb verb;
	unsigned profile;		 /* index from kms_client_add_profile() */
	deadline_t deadline;
	const char *key;		 /* id or alias; NULL: the profile's root key */
	const char *name;		 /* CREATE */
	const struct secret *plaintext;	 /* WRAP, may be NULL */
	const char *ciphertext;		 /* UNWRAP: the service's own text, byte for byte */
	const char *aad[LIMIT_AAD_STRINGS];
	size_t n_aad;
};

struct kms_key {
	char id[LIMIT_ID + 1];
	char name[LIMIT_ALIAS_MAX + 1];	 /* control characters replaced */
	char alias[LIMIT_ALIAS_MAX + 1]; /* first one, or "" */
	int state;			 /* 0 pre-active, 1 active, 2 suspended, 3 deactivated, 5 destroyed */
	bool extractable;
};

struct kms_reply {
	unsigned id;			/* as kms_client_submit() said */
	bool final;			/* false: one key of a LIST, more replies follow */
	enum kms_condition condition;
	long http_status;		/* 0: none was received */
	char code[65];			/* service's error code, e.g. KEY_ACTION_INVALID_STATE_ERR; or "" */
	char cause[LIMIT_ERROR_TEXT];	/* one line for people, sanitised, no secret */
	char host[256];			/* which host this is about */
	char correlation_id[UUID_SIZE];
	char iam_request_id[65];
	unsigned tries;
	uint64_t elapsed_ms;
	struct secret *plaintext;	/* WRAP without plaintext, UNWRAP; owned by the reply */
	char *ciphertext;		/* WRAP; UNWRAP: newer one, or NULL; owned by the reply */
	struct kms_key key;		/* LIST, METADATA, CREATE */
	int64_t certificate_ends, ca_ends; /* PING: the first of IAM and service, seconds since 1970; 0: not known */
};

void kms_reply_free(struct kms_reply *reply);
DEFINE_CLEANUP(struct kms_reply *, kms_reply_free);
#define _cleanup_kms_reply_ _cleanup_(kms_reply_freep)

struct kms_client;

/**
 * kms_client_start() - start the net child
 * @ret: owned by the caller, kms_client_free() kills the child and reaps it
 *
 * Return: 0, -errno of socketpair(2), fork(2) or execve(2).
 */
int kms_client_start(struct kms_client **ret) _must_check_;
void kms_client_free(struct kms_client *client);
DEFINE_CLEANUP(struct kms_client *, kms_client_free);
#define _cleanup_kms_client_ _cleanup_(kms_client_freep)

/*
 * No job follows: the child overwrites its memory and ends while the caller goes on. kms_client_free() still reaps it.
 */
void kms_client_dismiss(struct kms_client *client);

/* Hands over one profile (borrowed during the call). @ret: its index for requests. */
int kms_client_add_profile(struct kms_client *client, const struct kms_profile *profile,
			   unsigned *ret) _must_check_;

/* Hands over a job (borrowed during the call). @ret: id that its replies carry. */
int kms_client_submit(struct kms_client *client, const struct kms_request *request,
		      unsigned *ret) _must_check_;

/* For poll(2): readable when kms_client_next() has something. -1 when the child is gone. */
int kms_client_fd(const struct kms_client *client);

/* Pid of the child, for tests and measurements. */
int kms_client_pid(const struct kms_client *client);

/**
 * kms_client_next() - the next reply, if there is one by @deadline
 * @ret: owned by the caller; NULL with return 0 when none came
 *
 * With deadline 0 it only takes what is there. A child that died or broke the message rules makes
 * every open job end in KMS_UNREACHABLE with that cause, one reply per job.
 *
 * Return: 0 or -errno.
 */
int kms_client_next(struct kms_client *client, deadline_t deadline,
		    struct kms_reply **ret) _must_check_;

/**
 * kms_call() - submit one job and wait for its final reply
 *
 * For verbs that do one thing; not for LIST.
 */
int kms_call(struct kms_client *client, const struct kms_request *request,
	     struct kms_reply **ret) _must_check_;

/* Static words for a condition in logs: "tls-untrusted" … the same words as outcomes. */
const char *kms_condition_name(enum kms_condition condition);

#endif
