/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "kms/body.h"
#include "kms/retry.h"
#include "kms/sent.h"

struct http_try {
	CURLM *multi; /* NULL until added */
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *resolve;
	const char *host, *proxy, *ca;
	size_t ca_len;
	bool want_lifetime;
	void *owner;
	struct secret *body;
	size_t body_len;
	size_t header_bytes, header_lines;
	uint64_t retry_after_ms;
	const char *broken;
	CURLcode refused; /* before anything was sent; else CURLE_OK */
	char error[CURL_ERROR_SIZE];
};

/* --- what comes ----------------------------------------------------------------------------- */

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_try *t = arg;
	size_t len = size * n;

	if (len > secret_len(t->body) - t->body_len) {
		t->broken = "its body is larger than any that a KMS sends";
		return 0;
	}
	memcpy(secret_data(t->body) + t->body_len, data, len);
	t->body_len += len;
	return len;
}

/* Whether the line is header @name; *ret_value is what follows the colon. */
static bool is_header(const char *line, size_t len, const char *name, const char **ret_value)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	*ret_value = line + n + 1;
	return true;
}

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_try *t = arg;
	size_t len = size * n;
	const char *value;

	t->header_bytes += len;
	t->header_lines++;
	if (t->header_bytes > LIMIT_HTTP_HEADERS || t->header_lines > LIMIT_HTTP_HEADER_LINES) {
		t->broken = "its headers are larger than any that a KMS sends";
		return 0;
	}
	if (is_header(line, len, "Content-Encoding", &value)) {
		t->broken = "its body is encoded, which was not asked for";
		return 0;
	}
	if (is_header(line, len, "Retry-After", &value))
		t->retry_after_ms = retry_after_parse(value, len - (size_t)(value - line));
	return len;
}

/* --- before anything goes ------------------------------------------------------------------- */

/* Called when TLS is there. A connection that is refused here is closed and serves nobody else. */
static int check_name(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct http_try *t = arg;
	int r = sent_name(t->easy, t->host);

	(void)to, (void)from, (void)to_port, (void)from_port;
	if (r == 0)
		t->refused = CURLE_PEER_FAILED_VERIFICATION;
	else if (r < 0)
		t->refused = CURLE_OUT_OF_MEMORY;
	return r == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* --- settings ------------------------------------------------------------------------------- */

/* Remembers the first refusal, so that a list of settings stays a list. */
#define SET(t, option, value)                                                                      \
	do {                                                                                       \
		if (rc == CURLE_OK)                                                                \
			rc = curl_easy_setopt((t)->easy, option, value);                           \
	} while (0)

static CURLcode set_trust(struct http_try *t, const struct http_request *q)
{
	CURLcode rc = CURLE_OK;
	struct curl_blob ca = { .data = (void *)(uintptr_t)q->ca, /* only read */
				.len = q->ca_len,
				.flags = CURL_BLOB_NOCOPY };

	SET(t, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(t, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/* The distribution's defaults first go, then only the profile's CA comes. */
	SET(t, CURLOPT_CAINFO, NULL);
	SET(t, CURLOPT_CAPATH, NULL);
	SET(t, CURLOPT_CAINFO_BLOB, &ca);
	/* For each connection its certificates, which a resumed session would not bring again. */
	SET(t, CURLOPT_CERTINFO, 1L);
	SET(t, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(t, CURLOPT_PREREQFUNCTION, check_name);
	SET(t, CURLOPT_PREREQDATA, t);
	return rc;
}

static CURLcode set_protocol(struct http_try *t, const struct http_request *q)
{
	CURLcode rc = CURLE_OK;

#if LIBCURL_VERSION_NUM >= 0x075500
	SET(t, CURLOPT_PROTOCOLS_STR, "https");
	SET(t, CURLOPT_REDIR_PROTOCOLS_STR, "https");
#else
	SET(t, CURLOPT_PROTOCOLS, (long)CURLPROTO_HTTPS);
	SET(t, CURLOPT_REDIR_PROTOCOLS, (long)CURLPROTO_HTTPS);
#endif
	SET(t, CURLOPT_FOLLOWLOCATION, 0L);
	SET(t, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(t, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(t, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	SET(t, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* An empty proxy is "none", also when the environment names one. */
	SET(t, CURLOPT_PROXY, q->proxy ? q->proxy : "");
	SET(t, CURLOPT_NOPROXY, "");
	SET(t, CURLOPT_HTTPPROXYTUNNEL, q->proxy ? 1L : 0L);
	SET(t, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	SET(t, CURLOPT_USERAGENT, "cexluks/" CEXLUKS_VERSION);
	return rc;
}

static CURLcode set_limits(struct http_try *t, const struct http_request *q)
{
	uint64_t left = deadline_left(q->deadline);
	long total = left < LIMIT_TRY_MS ? (long)left : LIMIT_TRY_MS;
	long connect = left < LIMIT_CONNECT_MS ? (long)left : LIMIT_CONNECT_MS;
	CURLcode rc = CURLE_OK;

	SET(t, CURLOPT_NOSIGNAL, 1L);
	/* 0 would be "for ever". */
	SET(t, CURLOPT_TIMEOUT_MS, total > 0 ? total : 1L);
	SET(t, CURLOPT_CONNECTTIMEOUT_MS, connect > 0 ? connect : 1L);
	SET(t, CURLOPT_LOW_SPEED_LIMIT, (long)LIMIT_SLOW_BYTES);
	SET(t, CURLOPT_LOW_SPEED_TIME, (long)LIMIT_SLOW_SECONDS);
	SET(t, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)q->body_max);
	return rc;
}

static CURLcode set_callbacks(struct http_try *t)
{
	CURLcode rc = CURLE_OK;

	SET(t, CURLOPT_PRIVATE, t);
	SET(t, CURLOPT_ERRORBUFFER, t->error);
	SET(t, CURLOPT_WRITEFUNCTION, take_body);
	SET(t, CURLOPT_WRITEDATA, t);
	SET(t, CURLOPT_HEADERFUNCTION, take_header);
	SET(t, CURLOPT_HEADERDATA, t);
	return rc;
}

static CURLcode set_request(struct http_try *t, const struct http_request *q)
{
	CURLcode rc = CURLE_OK;

	SET(t, CURLOPT_URL, q->url);
	SET(t, CURLOPT_HTTPHEADER, t->headers);
	if (t->resolve)
		SET(t, CURLOPT_RESOLVE, t->resolve);
	/* A kept connection that turns out dead makes libcurl send again by itself. */
	if (q->send_once)
		SET(t, CURLOPT_FRESH_CONNECT, 1L);
	if (q->method == HTTP_CONNECT_ONLY)
		SET(t, CURLOPT_CONNECT_ONLY, 1L);
	if (q->method != HTTP_POST)
		return rc;
	SET(t, CURLOPT_POST, 1L);
	/* Not copied by libcurl. */
	SET(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)secret_len(q->body));
	SET(t, CURLOPT_POSTFIELDS, (const char *)secret_bytes(q->body));
	return rc;
}

/* --- headers -------------------------------------------------------------------------------- */

static int add_line(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);

	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int add_header(struct curl_slist **list, const char *name, const char *value)
{
	_cleanup_free_ char *line = NULL;

	if (!value)
		return 0;
	if (asprintf(&line, "%s: %s", name, value) < 0)
		return -ENOMEM;
	return add_line(list, line);
}

static int add_bearer(struct curl_slist **list, const struct secret *bearer)
{
	_cleanup_body_ struct body b = { 0 };
	_cleanup_secret_ struct secret *line = NULL;
	int r;

	if (!bearer)
		return 0;
	r = body_init(&b, secret_len(bearer) + 64);
	if (r < 0)
		return r;
	body_add_text(&b, "Authorization: Bearer ");
	body_add(&b, secret_bytes(bearer), secret_len(bearer));
	r = body_take(&b, &line);
	return r < 0 ? r : add_line(list, (const char *)secret_bytes(line));
}

static int add_headers(struct http_try *t, const struct http_request *q)
{
	const struct {
		const char *name, *value;
	} lines[] = {
		{ "Accept", "application/json" },
		{ "Content-Type", q->content_type },
		{ "Bluemix-Instance", q->instance },
		{ "Correlation-Id", q->correlation_id },
		{ "Prefer", q->prefer },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		r = add_header(&t->headers, lines[i].name, lines[i].value);
		if (r < 0)
			return r;
	}
	/* Without a value libcurl leaves its own "Expect: 100-continue" out. */
	r = add_line(&t->headers, "Expect:");
	if (r < 0)
		return r;
	return add_bearer(&t->headers, q->bearer);
}

static void free_headers(struct curl_slist *list)
{
	for (struct curl_slist *p = list; p; p = p->next)
		secret_wipe(p->data, strlen(p->data));
	curl_slist_free_all(list);
}

/* --- life ----------------------------------------------------------------------------------- */

static CURLcode set_all(struct http_try *t, const struct http_request *q)
{
	CURLcode rc = set_trust(t, q);

	if (rc == CURLE_OK)
		rc = set_protocol(t, q);
	if (rc == CURLE_OK)
		rc = set_limits(t, q);
	if (rc == CURLE_OK)
		rc = set_callbacks(t);
	if (rc == CURLE_OK)
		rc = set_request(t, q);
	return rc;
}

int http_try_start(CURLM *multi, const struct http_request *request, void *owner,
		   struct http_try **ret)
{
	_cleanup_http_try_ struct http_try *t = calloc(1, sizeof(*t));
	CURLcode rc;
	int r;

	if (!t)
		return -ENOMEM;
	t->owner = owner;
	t->host = request->host;
	t->proxy = request->proxy;
	t->ca = request->ca;
	t->ca_len = request->ca_len;
	t->want_lifetime = request->want_lifetime;
	t->retry_after_ms = HTTP_NO_RETRY_AFTER;
	t->easy = curl_easy_init();
	if (!t->easy)
		return -ENOMEM;
	r = secret_new(request->body_max, &t->body);
	if (r == 0)
		r = add_headers(t, request);
	if (r == 0 && request->resolve)
		r = add_line(&t->resolve, request->resolve);
	if (r < 0)
		return r;
	rc = set_all(t, request);
	if (rc != CURLE_OK) {
		log_debug("libcurl refuses a setting: %s", curl_easy_strerror(rc));
		return -EINVAL;
	}
	if (curl_multi_add_handle(multi, t->easy) != CURLM_OK)
		return -ENOMEM;
	t->multi = multi;
	*ret = take_ptr(t);
	return 0;
}

void *http_try_owner(CURL *easy)
{
	struct http_try *t = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t); /* always set */
	return t ? t->owner : NULL;
}

void http_try_answer(struct http_try *t, CURLcode result, struct http_answer *ret)
{
	curl_off_t ready = 0;

	*ret = (struct http_answer){ .host = t->host,
				     .proxy = t->proxy,
				     .result = t->refused == CURLE_OK ? result : t->refused,
				     .body = (const char *)secret_bytes(t->body),
				     .body_len = t->body_len,
				     .broken = t->broken,
				     .error = t->refused == CURLE_PEER_FAILED_VERIFICATION ?
					      "its certificate has the name in the subject alone" :
					      t->error,
				     .retry_after_ms = t->retry_after_ms };
	if (result == CURLE_FILESIZE_EXCEEDED)
		ret->broken = "its body is larger than any that a KMS sends";
	/* These only fail for a handle that is none. */
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &ret->status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &ret->proxy_status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &ret->os_error);
	(void)curl_easy_getinfo(t->easy, CURLINFO_SSL_VERIFYRESULT, &ret->verify_result);
	(void)curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	ret->connected = ready > 0;
	if (t->want_lifetime && result == CURLE_OK)
		lifetime_read(t->easy, t->ca, t->ca_len, &ret->lifetime);
	/* Where it was answered by and why it failed, never what was said. */
	log_debug("%s: %s, HTTP %ld, %zu bytes", t->host, curl_easy_strerror(result), ret->status,
		  t->body_len);
}

void http_try_free(struct http_try *t)
{
	if (!t)
		return;
	if (t->multi)
		(void)curl_multi_remove_handle(t->multi, t->easy); /* only fails for a stranger */
	if (t->easy)
		curl_easy_cleanup(t->easy);
	free_headers(t->headers);
	curl_slist_free_all(t->resolve);
	secret_free(t->body);
	free(t);
}
