/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one try of a request means: the only place where CURLcodes, HTTP statuses and the services'
 * error codes become conditions of ours, with one sentence for people.
 *
 * Source: reference/kms-api.md sections 1.3 and 3.2; libcurl-errors(3).
 */
#ifndef CEXLUKS_KMS_ERRORS_H
#define CEXLUKS_KMS_ERRORS_H

#include <stdbool.h>
#include <stdint.h>

#include "kms/client.h"
#include "kms/http.h"

struct verdict {
	enum kms_condition condition;
	bool retry;		 /* worth the same request again, later */
	bool try_fresh_token;	 /* 401, or 400 that says the bearer was not understood */
	bool try_next_key;	 /* IAM did not accept this API key */
	uint64_t retry_after_ms; /* HTTP_NO_RETRY_AFTER, or what the service asked for, uncapped */
	long http_status;	 /* 0: none received */
	char code[65];
	char cause[LIMIT_ERROR_TEXT];
	char request_id[65];	 /* IAM's */
};

/* What a service's error body said; all empty when it said nothing we understand. */
struct service_error {
	bool understood; /* the body has the service's shape */
	char code[65];	 /* trimmed */
	char target[33]; /* name of the field the code is about */
	char message[LIMIT_ERROR_TEXT];
	char request_id[65];
};

/* The transfer did not end with a whole HTTP answer. */
void errors_from_transfer(const struct http_answer *answer, struct verdict *ret);

/**
 * errors_from_kms() - a whole answer whose status is not the one the call succeeds with
 * @error: what the body said
 */
void errors_from_kms(enum kms_verb verb, const struct http_answer *answer,
		     const struct service_error *error, struct verdict *ret);

void errors_from_iam(const struct http_answer *answer, const struct service_error *error,
		     struct verdict *ret);

/* The right status, but a body that the service would not send. @what: "not JSON", … */
void errors_bad_body(const struct http_answer *answer, const char *what, struct verdict *ret);

/* A name that did not resolve. @why: the resolver's words, or NULL when it said nothing in time. */
void errors_from_resolver(const char *host, const char *why, bool network_up, struct verdict *ret);

#endif
