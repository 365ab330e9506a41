/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault_actions.h"
#include "cleanup.h"
#include "hostile.h"
#include "iam.h"
#include "json.h"
#include "kms_error.h"
#include "random.h"

#include <string.h>

/* ---- in the handler's place ---- */

/* Front-ends answer 5xx in plain text; the services themselves in JSON. */
static void default_body(const struct request *request, struct reply *reply, unsigned status)
{
	if (status == 503)
		reply_text(reply, status, "text/plain", "no healthy upstream");
	else if (status >= 500)
		reply_text(reply, status, "text/plain", "upstream connect error or disconnect");
	else if (status < 400 || status == 429)
		reply_empty(reply, status);
	else if (!strcmp(request->listener, "iam"))
		iam_error(reply, status, "BXNIM9999E", "A scripted fault");
	else
		kms_error_bare(reply, status, "A scripted fault");
}

static void status(const cJSON *rule, const struct request *request, struct reply *reply)
{
	const cJSON *body = cJSON_GetObjectItem(rule, "body");
	const char *type = json_string(rule, "body_type");
	_cleanup_free_ char *json = NULL;
	unsigned code = (unsigned)json_number(rule, "status", 500);

	default_body(request, reply, code);
	if (cJSON_IsString(body)) {
		reply_text(reply, code, type ? type : "text/plain", body->valuestring);
	} else if (body) {
		json = cJSON_PrintUnformatted(body);
		reply_text(reply, code, type ? type : "application/json", json);
	} else if (type) {
		reply_header(reply, "Content-Type", type);
	}
}

static void drop(const cJSON *rule, const struct request *request, struct reply *reply)
{
	(void)rule;
	(void)request;
	reply->delivery = DELIVER_RESET;
}

static void empty(const cJSON *rule, const struct request *request, struct reply *reply)
{
	(void)request;
	reply_empty(reply, (unsigned)json_number(rule, "status", 200));
}

static void html(const cJSON *rule, const struct request *request, struct reply *reply)
{
	(void)request;
	reply_text(reply, (unsigned)json_number(rule, "status", 200), "text/html",
		   "<!DOCTYPE html><html><head><title>Log in</title></head><body><h1>Welcome to the "
		   "guest network</h1></body></html>\n");
}

static void redirect(const cJSON *rule, const struct request *request, struct reply *reply)
{
	const char *location = json_string(rule, "location");

	(void)request;
	reply_empty(reply, (unsigned)json_number(rule, "status", 302));
	reply_header(reply, "Location", location ? location : "https://elsewhere.example.test/");
}

static void garbled_token(const cJSON *rule, const struct request *request, struct reply *reply)
{
	(void)rule;
	(void)request;
	kms_error(reply, 400, "BEARER_SUB_EXTRACTION_ERR",
		  "The token is malformed or has expired", NULL);
}

static void crypto_down(const cJSON *rule, const struct request *request, struct reply *reply)
{
	default_body(request, reply, (unsigned)json_number(rule, "status", vary(2) ? 503 : 500));
}

/* ---- after the handler ---- */

static void none(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	(void)reply;
}

static void lost_reply(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	reply->delivery = DELIVER_RESET;
}

static void half_body(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	reply->delivery = DELIVER_HALF;
}

static void slow_drip(const cJSON *rule, struct reply *reply)
{
	reply->delivery = DELIVER_DRIP;
	reply->interval_ms = (unsigned)json_number(rule, "interval_ms", 100);
}

static void wrong_length(const cJSON *rule, struct reply *reply)
{
	reply->delivery = DELIVER_WRONG_LENGTH;
	reply->length_delta = json_number(rule, "delta", 100);
}

static void chunked(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	reply->delivery = DELIVER_CHUNKED;
}

static void huge(const cJSON *rule, struct reply *reply)
{
	hostile_huge(&reply->body, (size_t)json_number(rule, "bytes", 10 * 1024 * 1024));
}

static void big_headers(const cJSON *rule, struct reply *reply)
{
	_cleanup_buffer_ struct buffer padding = { 0 };

	buffer_fill(&padding, 'A', (size_t)json_number(rule, "bytes", 200 * 1024));
	reply_header(reply, "X-Padding", padding.data);
}

static void nul(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_nul(&reply->body, "\0", 1);
}

static void nul_escape(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_nul(&reply->body, "\\u0000", 6);
}

static void deep(const cJSON *rule, struct reply *reply)
{
	hostile_deep(&reply->body, (size_t)json_number(rule, "nesting", 10000));
}

static void wrong_types(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_wrong_types(&reply->body);
}

static void nulls(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_nulls(&reply->body);
}

static void duplicates(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_duplicates(&reply->body);
}

static void unknown_members(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_unknown_members(&reply->body);
}

static void escapes(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_escapes(&reply->body);
}

static void empty_plaintext(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_empty_plaintext(&reply->body);
}

static void other_plaintext(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_other_plaintext(&reply->body);
}

static void gzip(const cJSON *rule, struct reply *reply)
{
	(void)rule;
	hostile_gzip(&reply->body);
	reply_header(reply, "Content-Encoding", "gzip");
}

static const struct fault_action actions[] = {
	{ "status", status, NULL },
	{ "reset", drop, NULL },
	{ "empty", empty, NULL },
	{ "html", html, NULL },
	{ "redirect", redirect, NULL },
	{ "garbled-token", garbled_token, NULL },
	{ "crypto-down", crypto_down, NULL },
	{ "none", NULL, none },
	{ "lost-reply", NULL, lost_reply },
	{ "half-body", NULL, half_body },
	{ "slow-drip", NULL, slow_drip },
	{ "wrong-length", NULL, wrong_length },
	{ "chunked", NULL, chunked },
	{ "huge", NULL, huge },
	{ "big-headers", NULL, big_headers },
	{ "nul", NULL, nul },
	{ "nul-escape", NULL, nul_escape },
	{ "deep", NULL, deep },
	{ "wrong-types", NULL, wrong_types },
	{ "nulls", NULL, nulls },
	{ "duplicates", NULL, duplicates },
	{ "unknown-members", NULL, unknown_members },
	{ "escapes", NULL, escapes },
	{ "empty-plaintext", NULL, empty_plaintext },
	{ "other-plaintext", NULL, other_plaintext },
	{ "gzip", NULL, gzip },
};

const struct fault_action *fault_action_find(const char *name)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}
