/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Key Protect v2 API, which HPCS speaks too: requests for our verbs, and strict reading of what
 * comes back. No network here.
 * Source: reference/kms-api.md section 2.
 */
#ifndef CEXLUKS_KMS_KEYPROTECT_H
#define CEXLUKS_KMS_KEYPROTECT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "kms/errors.h"
#include "kms/http.h"
#include "kms/message.h"

struct keyprotect_call {
	enum http_method method;
	char *url;
	const char *content_type; /* static or NULL */
	const char *prefer;	  /* static or NULL */
	struct secret *body;	  /* POST */
	size_t body_max;	  /* of the answer */
};

void keyprotect_call_done(struct keyprotect_call *call);
#define _cleanup_keyprotect_call_ _cleanup_(keyprotect_call_done)

/**
 * keyprotect_build() - the request for a job
 * @offset: LIST: how many keys came already
 * @ret:    owned by the caller, keyprotect_call_done()
 *
 * Return: 0, -ENOMEM, -EINVAL when no key is named.
 */
int keyprotect_build(const struct kms_profile *profile, const struct message_job *job,
		     unsigned offset, struct keyprotect_call *ret) _must_check_;

/* Whether @status is the one a verb succeeds with. */
bool keyprotect_is_success(enum kms_verb verb, long status);

/**
 * keyprotect_parse() - the body of a success, into @reply
 * @reply:    gets plaintext, ciphertext, key; what was read before an error stays in it
 * @ret_what: on -EBADMSG: static words for what is wrong
 *
 * Not for LIST.
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int keyprotect_parse(const struct message_job *job, const char *text, size_t len,
		     struct kms_reply *reply, const char **ret_what) _must_check_;

/**
 * keyprotect_parse_list() - one page of keys
 * @take:    called for each root key; what it returns other than 0 ends the page
 * @ret_n:   keys in the page, root keys or not
 *
 * Return: 0, -EBADMSG, -ENOMEM, or what @take returned.
 */
int keyprotect_parse_list(const char *text, size_t len,
			  int (*take)(void *arg, const struct kms_key *key), void *arg,
			  unsigned *ret_n, const char **ret_what) _must_check_;

/* An error body, whatever it holds. */
void keyprotect_parse_error(const char *text, size_t len, struct service_error *ret);

#endif
