/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/errors.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kms/text.h"

/* Source: openssl/x509_vfy.h; the numbers are part of its interface. */
#define X509_NOT_YET_VALID 9
#define X509_HAS_EXPIRED   10

#define CURLE_TOO_LARGE_SINCE_8_6 100

_printf_(3, 4) static void say(struct verdict *v, enum kms_condition condition, const char *format,
			       ...)
{
	char text[LIMIT_ERROR_TEXT];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* longer text is cut */
	va_end(args);
	v->condition = condition;
	kms_text_clean(v->cause, sizeof(v->cause), text, strlen(text));
}

static void start(const struct http_answer *answer, struct verdict *ret)
{
	*ret = (struct verdict){ .retry_after_ms = answer->retry_after_ms,
				 .http_status = answer->status };
}

/* --- no answer ------------------------------------------------------------------------------ */

static bool tls_is_mbedtls(void)
{
	const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

	return info && info->ssl_version && strstr(info->ssl_version, "mbedTLS");
}

/*
 * OpenSSL tells through CURLINFO_SSL_VERIFYRESULT. libcurl's mbedTLS backend does not fill that in
 * and only puts the name of the flag, or mbedTLS's sentence for it, into the error text.
 */
static bool is_clock(const struct http_answer *a)
{
	if (tls_is_mbedtls())
		return strstr(a->error, "BADCERT_EXPIRED") || strstr(a->error, "BADCERT_FUTURE") ||
		       strstr(a->error, "has expired") || strstr(a->error, "in the future");
	return a->verify_result == X509_NOT_YET_VALID || a->verify_result == X509_HAS_EXPIRED;
}

/*
 * The reason alone, which is what fits a console line, out of "OpenSSL SSL_connect: Connection
 * reset by peer in connection to HOST:PORT" and, from libcurl's mbedTLS backend, "ssl_handshake
 * returned: (-0x7280) SSL - The connection indicated an EOF" or "ssl_read returned: (-0x0000) ".
 */
static const char *reason_in(const char *words)
{
	const char *found = strstr(words, "SSL_connect: ");

	if (found)
		return found + strlen("SSL_connect: ");
	found = strstr(words, " returned: (-0x");
	found = found ? strstr(found, ") ") : NULL;
	if (!found)
		return words;
	words = found + strlen(") ");
	found = strstr(words, " - ");
	words = found ? found + strlen(" - ") : words;
	return *words ? words : "the connection was cut";
}

/* A handshake that the other side or the network cut, as opposed to one that was refused. */
static bool is_cut_handshake(const char *error)
{
	static const char *const words[] = { "SYSCALL", "reset", "eof", "Broken pipe", "timed out" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcasestr(error, words[i]))
			return true;
	return false;
}

static void tls_failure(const struct http_answer *a, const char *words, struct verdict *v)
{
	time_t now = time(NULL);
	struct tm tm = { 0 };
	char clock[32] = "";

	if (!is_clock(a)) {
		say(v, KMS_TLS_UNTRUSTED, "'%s' is not trusted: %s", a->host, words);
		return;
	}
	if (gmtime_r(&now, &tm))
		(void)strftime(clock, sizeof(clock), "%Y-%m-%d %H:%M UTC", &tm);
	say(v, KMS_TLS_CLOCK, "the certificate of '%s' is not valid at %s, this machine's time: %s",
	    a->host, clock, words);
}

static void connect_failure(const struct http_answer *a, const char *words, struct verdict *v)
{
	const char *end;
	const char *where = a->proxy ? a->proxy : a->host;
	enum kms_condition condition = KMS_UNREACHABLE;

	switch (a->os_error) {
	case ENETUNREACH:
	case ENETDOWN:
	case EADDRNOTAVAIL:
		condition = KMS_NO_NETWORK;
		break;
	default:
		break;
	}
	v->retry = true;
	if (a->os_error)
		words = strerror((int)a->os_error);
	/* the host was named */
	end = strstr(words, " in connection to ");
	say(v, condition, "no connection to %s'%s': %.*s", a->proxy ? "proxy " : "", where,
	    end ? (int)(end - words) : (int)strlen(words), words);
}

void errors_from_transfer(const struct http_answer *answer, struct verdict *ret)
{
	const char *words =
		reason_in(*answer->error ? answer->error : curl_easy_strerror(answer->result));

	start(answer, ret);
	if (answer->broken) {
		say(ret, KMS_UNREACHABLE, "'%s' answered HTTP %ld but not as a KMS does: %s",
		    answer->host, answer->status, answer->broken);
		return;
	}
	if (answer->proxy && answer->proxy_status && answer->proxy_status != 200) {
		ret->retry = answer->proxy_status >= 500;
		say(ret, KMS_UNREACHABLE, "proxy '%s' answered HTTP %ld", answer->proxy,
		    answer->proxy_status);
		return;
	}
	switch ((int)answer->result) {
	case CURLE_TOO_LARGE_SINCE_8_6:
	case CURLE_OUT_OF_MEMORY: /* before that, libcurl says so for a header line beyond its limit */
		say(ret, KMS_UNREACHABLE, "'%s' did not answer as a KMS does: more than fits in memory",
		    answer->host);
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_USE_SSL_FAILED:
		tls_failure(answer, words, ret);
		return;
	case CURLE_SSL_CONNECT_ERROR:
		/* After the handshake: what libcurl's mbedTLS backend says of a connection that ends. */
		if (answer->connected) {
			ret->retry = true;
			say(ret, KMS_UNREACHABLE, "'%s' did not answer: %s", answer->host, words);
			return;
		}
		if (!is_cut_handshake(words)) {
			tls_failure(answer, words, ret);
			return;
		}
		connect_failure(answer, words, ret);
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
		ret->retry = true;
		say(ret, KMS_DNS_FAILED, "'%s' did not resolve", answer->host);
		return;
	case CURLE_COULDNT_CONNECT:
		connect_failure(answer, words, ret);
		return;
	case CURLE_OPERATION_TIMEDOUT:
		ret->retry = true;
		say(ret, KMS_UNREACHABLE,
		    answer->connected ? "'%s' took too long to answer" :
					"no connection to '%s' in time",
		    answer->host);
		return;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		say(ret, KMS_UNREACHABLE, "'%s' did not answer as a KMS does: %s", answer->host,
		    words);
		return;
	default:
		ret->retry = true;
		say(ret, KMS_UNREACHABLE, "'%s' did not answer: %s", answer->host, words);
		return;
	}
}

void errors_from_resolver(const char *host, const char *why, bool network_up, struct verdict *ret)
{
	*ret = (struct verdict){ .retry = true, .retry_after_ms = HTTP_NO_RETRY_AFTER };
	if (!network_up)
		say(ret, KMS_NO_NETWORK, "no network interface is up and has an address");
	else if (why)
		say(ret, KMS_DNS_FAILED, "'%s' did not resolve: %s", host, why);
	else
		say(ret, KMS_DNS_FAILED, "'%s' did not resolve: no name server answered", host);
}

void errors_bad_body(const struct http_answer *answer, const char *what, struct verdict *ret)
{
	start(answer, ret);
	say(ret, KMS_UNREACHABLE, "'%s' answered HTTP %ld but not as a KMS does: %s", answer->host,
	    answer->status, what);
}

/* --- answers -------------------------------------------------------------------------------- */

static bool is_retried(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501);
}

/* What is the same for both services. True when that settled it. */
static bool common(const struct http_answer *a, const struct service_error *e, struct verdict *v)
{
	const char *words = e->message[0] ? e->message : "no reason given";

	start(a, v);
	(void)snprintf(v->code, sizeof(v->code), "%s", e->code);
	(void)snprintf(v->request_id, sizeof(v->request_id), "%s", e->request_id);
	v->retry = is_retried(a->status);
	if (a->status >= 200 && a->status < 300)
		say(v, KMS_UNREACHABLE, "'%s' answered HTTP %ld but not as a KMS does", a->host,
		    a->status);
	else if (a->status >= 300 && a->status < 400)
		say(v, KMS_UNREACHABLE, "'%s' answered HTTP %ld, but redirects are not followed",
		    a->host, a->status);
	else if (a->status == 429)
		say(v, KMS_THROTTLED, "'%s' answered HTTP 429: too many requests", a->host);
	else if (a->status == 408 || a->status >= 500 || a->status < 400)
		say(v, KMS_UNREACHABLE, "'%s' answered HTTP %ld%s%s: %s", a->host, a->status,
		    *e->code ? " " : "", e->code, words);
	else
		return false;
	return true;
}

void errors_from_iam(const struct http_answer *answer, const struct service_error *error,
		     struct verdict *ret)
{
	const char *words = error->message[0] ? error->message : "no reason given";

	if (common(answer, error, ret))
		return;
	switch (answer->status) {
	case 400:
	case 401:
	case 403:
		ret->try_next_key = true;
		say(ret, KMS_IAM_REFUSED, "IAM '%s' refused the API key: HTTP %ld%s%s: %s",
		    answer->host, answer->status, *error->code ? " " : "", error->code, words);
		return;
	default:
		say(ret, KMS_UNREACHABLE, "'%s' answered HTTP %ld%s%s, not as IAM does",
		    answer->host, answer->status, *error->code ? " " : "", error->code);
		return;
	}
}

/* The first row that fits decides. Source: reference/kms-api.md 3.2. */
static const struct rule {
	long status;
	const char *code;   /* NULL: any or none */
	const char *target; /* NULL: any or none */
	enum kms_condition condition;
	const char *words; /* NULL: the service's own */
} rules[] = {
	{ 400, "BEARER_SUB_EXTRACTION_ERR", NULL, KMS_REFUSED, "it does not accept the IAM token" },
	{ 400, "INVALID_FIELD_ERR", "ciphertext", KMS_BAD_CIPHERTEXT,
	  "the ciphertext is damaged or was not made by this service" },
	{ 400, "INVALID_FIELD_ERR", "aad", KMS_BAD_CIPHERTEXT,
	  "the ciphertext does not belong to this volume" },
	{ 400, "UNPROCESSABLE_CIPHERTEXT_ERR", NULL, KMS_BAD_CIPHERTEXT,
	  "the ciphertext is damaged, or belongs to another root key or volume" },
	{ 400, "BAD_BODY_ERR", NULL, KMS_REFUSED, "it does not understand the request" },
	{ 400, "NO_BODY_ERR", NULL, KMS_REFUSED, "it does not understand the request" },
	{ 400, "KEY_ROOT_REQ_ERR", NULL, KMS_REFUSED, "the key is a standard key, not a root key" },
	{ 400, NULL, NULL, KMS_REFUSED, NULL },
	{ 401, NULL, NULL, KMS_REFUSED,
	  "not authorized: no role on this key, wrong instance or region, or a network policy" },
	{ 403, NULL, NULL, KMS_REFUSED, NULL },
	{ 404, NULL, NULL, KMS_KEY_GONE, "there is no such root key in this instance" },
	{ 410, NULL, NULL, KMS_KEY_GONE, "the root key was deleted" },
	{ 409, "KEY_ACTION_INVALID_STATE_ERR", NULL, KMS_KEY_DISABLED,
	  "the root key is disabled or in a state that does not allow this" },
	{ 409, "REQ_TOO_EARLY_ERR", NULL, KMS_REFUSED, "too early after the last change of the key" },
	{ 409, "KEY_CREATE_IMPORT_ACCESS_ERR", NULL, KMS_REFUSED,
	  "a policy of the instance forbids new keys" },
	{ 409, "", NULL, KMS_KEY_DISABLED, "the root key is in a state that does not allow this" },
	{ 409, NULL, NULL, KMS_REFUSED, NULL },
	{ 422, "UNPROCESSABLE_CIPHERTEXT_ERR", NULL, KMS_BAD_CIPHERTEXT,
	  "the ciphertext is damaged, or belongs to another root key or volume" },
	{ 422, "KEY_INVALID_STATE_ERR", NULL, KMS_KEY_DISABLED,
	  "the root key is in a state that does not allow this" },
	{ 422, "", NULL, KMS_BAD_CIPHERTEXT, NULL },
	{ 422, NULL, NULL, KMS_REFUSED, NULL },
};

static bool rule_fits(const struct rule *r, long status, const struct service_error *e)
{
	return r->status == status && (!r->code || !strcmp(r->code, e->code)) &&
	       (!r->target || !strcmp(r->target, e->target));
}

void errors_from_kms(enum kms_verb verb, const struct http_answer *answer,
		     const struct service_error *error, struct verdict *ret)
{
	const char *words = error->message[0] ? error->message : "no reason given";
	enum kms_condition condition = KMS_REFUSED;

	if (common(answer, error, ret))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (!rule_fits(&rules[i], answer->status, error))
			continue;
		condition = rules[i].condition;
		if (rules[i].words)
			words = rules[i].words;
		break;
	}
	/* "Not found" is the answer of any web server; only in the service's shape is it the key. */
	if (condition == KMS_KEY_GONE && !error->understood) {
		say(ret, KMS_UNREACHABLE, "'%s' answered HTTP %ld, but not as a KMS does",
		    answer->host, answer->status);
		return;
	}
	if (condition == KMS_BAD_CIPHERTEXT && verb != KMS_UNWRAP)
		condition = KMS_REFUSED;
	ret->try_fresh_token = answer->status == 401 ||
			       !strcmp(error->code, "BEARER_SUB_EXTRACTION_ERR");
	say(ret, condition, "'%s' answered HTTP %ld%s%s: %s", answer->host, answer->status,
	    *error->code ? " " : "", error->code, words);
}
