/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One HTTPS request, tried once: every libcurl setting is here. TLS 1.2 or newer with the
 * profile's own CA and name check (alternative names only, never the subject), no resumed session,
 * HTTP/1.1, no redirects, no proxy but a configured one, no netrc, no cookies, no compression,
 * bounded body, headers, rate and time.
 *
 * Source: libcurl 7.88.1, curl_easy_setopt(3); reference/kms-api.md 5.2 and 7.
 */
#ifndef CEXLUKS_KMS_HTTP_H
#define CEXLUKS_KMS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "base/secret.h"
#include "kms/lifetime.h"

#define HTTP_NO_RETRY_AFTER UINT64_MAX

enum http_method {
	HTTP_GET,
	HTTP_POST,
	HTTP_CONNECT_ONLY, /* TCP and TLS, no request at all */
};

/* Everything is borrowed until http_try_free(). */
struct http_request {
	enum http_method method;
	const char *url;
	const char *host;	/* of url, without port */
	const char *proxy;	/* or NULL */
	const char *resolve;	/* "HOST:PORT:ADDRESS[,ADDRESS]" or NULL when the host is an address */
	const char *ca;
	size_t ca_len;
	const char *content_type;	/* POST */
	const char *instance;		/* Bluemix-Instance, or NULL */
	const char *prefer;		/* or NULL */
	const char *correlation_id;	/* or NULL */
	const struct secret *bearer;	/* NUL-terminated token, or NULL */
	const struct secret *body;	/* POST */
	size_t body_max;		/* of the answer */
	bool want_lifetime;		/* of the certificates */
	bool send_once;			/* never sent again behind our back on another connection */
	deadline_t deadline;
};

/* What came of it. Borrowed from the try until http_try_free(), but for the numbers. */
struct http_answer {
	const char *host;
	const char *proxy;
	CURLcode result;
	long status;		/* 0: none */
	long proxy_status;	/* of CONNECT */
	const char *body;	/* not NUL-terminated */
	size_t body_len;
	const char *broken;	/* static: which limit of ours the answer broke, or NULL */
	const char *error;	/* libcurl's words, may be "" */
	bool connected;		/* TCP and TLS were there and the request may have been sent */
	long os_error;
	long verify_result;	/* the TLS backend's */
	uint64_t retry_after_ms;
	struct lifetime lifetime; /* if it was wanted, and the transfer succeeded */
};

struct http_try;

/**
 * http_try_start() - begin, in a multi handle that the caller drives
 * @owner: comes back from http_try_owner()
 * @ret:   owned by the caller
 *
 * Return: 0, -ENOMEM, -EINVAL when libcurl refuses a setting.
 */
int http_try_start(CURLM *multi, const struct http_request *request, void *owner,
		   struct http_try **ret) _must_check_;

/* The owner of a finished handle that curl_multi_info_read(3) names. */
void *http_try_owner(CURL *easy);

/* When libcurl says the transfer ended with @result. */
void http_try_answer(struct http_try *t, CURLcode result, struct http_answer *ret);

/* Stops it if it still runs, wipes and releases. NULL is fine. */
void http_try_free(struct http_try *t);
DEFINE_CLEANUP(struct http_try *, http_try_free);
#define _cleanup_http_try_ _cleanup_(http_try_freep)

#endif
