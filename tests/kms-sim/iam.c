/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "iam.h"
#include "cleanup.h"
#include "clock.h"
#include "random.h"
#include "token.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define GRANT "urn:ibm:params:oauth:grant-type:apikey"

static cJSON *error_context(void)
{
	cJSON *context = cJSON_CreateObject();
	char id[UUID_TEXT];

	random_uuid(id);
	cJSON_AddStringToObject(context, "requestId", id);
	cJSON_AddStringToObject(context, "requestType", "incoming.Identity_Token");
	cJSON_AddStringToObject(context, "userAgent", "unknown");
	cJSON_AddStringToObject(context, "url", "https://iam.example.test");
	cJSON_AddStringToObject(context, "instanceId", "iamid-1");
	cJSON_AddStringToObject(context, "threadId", "1a2b");
	cJSON_AddStringToObject(context, "host", "iamid-1");
	cJSON_AddStringToObject(context, "startTime", "22.11.2026 10:00:00:000 UTC");
	cJSON_AddStringToObject(context, "endTime", "22.11.2026 10:00:00:005 UTC");
	cJSON_AddStringToObject(context, "elapsedTime", "5");
	cJSON_AddStringToObject(context, "locale", "en_US");
	cJSON_AddStringToObject(context, "clusterName", "iam-id-test");
	cJSON_AddStringToObject(context, "clientIp", "127.0.0.1");
	return context;
}

void iam_error(struct reply *reply, unsigned status, const char *code, const char *message)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "errorCode", code);
	cJSON_AddStringToObject(json, "errorMessage", message);
	if (vary(2))
		cJSON_AddStringToObject(json, "errorDetails", vary(2) ? message : "see the manual");
	if (vary(4))
		cJSON_AddItemToObject(json, "context", error_context());
	reply_json(reply, status, json);
}

static int hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	       c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* application/x-www-form-urlencoded: '+' is a blank, %XX a byte; false on a broken escape */
static bool form_decode(const char *text, size_t length, struct buffer *ret)
{
	buffer_append(ret, "", 0);
	for (size_t i = 0; i < length; i++) {
		char c = text[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (i + 2 >= length || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
				return false;
			c = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		buffer_append(ret, &c, 1);
	}
	return true;
}

/* A form field's value into @ret; false when absent, empty, broken, or with a NUL inside. */
static bool form_field(const struct request *request, const char *name, struct buffer *ret)
{
	const char *p = request->body, *end = p + request->length;

	while (p && p < end) {
		const char *stop = memchr(p, '&', (size_t)(end - p));
		const char *equals = memchr(p, '=', (size_t)((stop ? stop : end) - p));

		stop = stop ? stop : end;
		if (equals && (size_t)(equals - p) == strlen(name) &&
		    !memcmp(p, name, strlen(name)))
			return form_decode(equals + 1, (size_t)(stop - equals - 1), ret) &&
			       ret->length && !memchr(ret->data, '\0', ret->length);
		p = stop + 1;
	}
	return false;
}

static void token_reply(struct reply *reply, enum role role, unsigned lifetime_s)
{
	cJSON *json = cJSON_CreateObject();

	cJSON_AddStringToObject(json, "access_token", token_issue(role, lifetime_s));
	cJSON_AddStringToObject(json, "refresh_token", "not_supported");
	cJSON_AddStringToObject(json, "token_type", "Bearer");
	cJSON_AddNumberToObject(json, "expires_in", lifetime_s);
	cJSON_AddNumberToObject(json, "expiration", (double)(clock_now() + lifetime_s));
	cJSON_AddStringToObject(json, "scope", "ibm openid");
	cJSON_AddNumberToObject(json, "ims_user_id", 1234567);
	reply_json(reply, 200, json);
	reply_header(reply, "Cache-Control", "no-cache, no-store, must-revalidate");
}

static bool content_type_is_form(const struct request *request)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const char *type = request_header(request, "Content-Type");

	return type && !strncasecmp(type, form, sizeof(form) - 1);
}

static void token_request(const struct request *request, const struct iam *iam,
			  struct reply *reply)
{
	_cleanup_buffer_ struct buffer grant = { 0 }, key = { 0 }, response = { 0 };
	enum role role;

	if (!request_header(request, "Content-Length") || !content_type_is_form(request) ||
	    !form_field(request, "grant_type", &grant)) {
		iam_error(reply, 400, "BXNIM0109E", "Property missing or empty: grant_type");
	} else if (strcmp(grant.data, GRANT)) {
		iam_error(reply, 400, "BXNIM0106E", "Property not valid: grant_type");
	} else if (!form_field(request, "apikey", &key)) {
		iam_error(reply, 400, "BXNIM0109E", "Property missing or empty: apikey");
	} else if (form_field(request, "response_type", &response) &&
		   strcmp(response.data, "cloud_iam")) {
		iam_error(reply, 400, "BXNIM0106E", "Property not valid: response_type");
	} else if (!api_key_find(key.data, &role)) {
		iam_error(reply, 400, "BXNIM0415E", "Provided API key could not be found.");
	} else {
		token_reply(reply, role, iam->token_lifetime_s);
	}
}

void iam_answer(const struct request *request, void *context, struct reply *reply)
{
	char id[UUID_TEXT];

	random_uuid(id);
	reply_header(reply, "Transaction-Id", id);
	if (strcmp(request->path, "/identity/token") && strcmp(request->path, "/oidc/token"))
		reply_text(reply, 404, "text/plain", "not found\n");
	else if (strcmp(request->method, "POST"))
		iam_error(reply, 405, "BXNIM0060E", "HTTP method is not supported.");
	else
		token_request(request, context, reply);
}
