/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/iam.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "kms/body.h"
#include "kms/reply-text.h"

#define GRANT "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey="

int iam_build_form(const struct secret *api_key, struct secret **ret)
{
	_cleanup_body_ struct body b = { 0 };
	int r;

	r = body_init(&b, sizeof(GRANT) + 3 * secret_len(api_key));
	if (r < 0)
		return r;
	body_add_text(&b, GRANT);
	body_add_percent(&b, secret_bytes(api_key), secret_len(api_key));
	return body_take(&b, ret);
}

/* It goes into a header: the characters of a bearer token only. Source: RFC 6750, section 2.1. */
static bool token_is_valid(const char *token)
{
	for (; *token; token++)
		if (!isalnum((unsigned char)*token) && !strchr("-._~+/=", *token))
			return false;
	return true;
}

int iam_parse_token(const char *text, size_t len, struct secret **ret_token,
		    uint64_t *ret_lifetime_s, const char **ret_what)
{
	_cleanup_json_ cJSON *tree = NULL;
	const char *token, *type;
	int64_t lifetime = 0;
	int r;

	r = reply_text_parse(text, len, &tree, ret_what);
	if (r < 0)
		return r;
	token = json_string(tree, "access_token", 1, LIMIT_TOKEN_JWT);
	type = json_string(tree, "token_type", 1, LIMIT_ID);
	if (!token || !token_is_valid(token) || (type && strcasecmp(type, "Bearer") != 0)) {
		*ret_what = "no bearer token in it";
		return -EBADMSG;
	}
	if (!json_integer(tree, "expires_in", 1, 86400, &lifetime))
		lifetime = 0;
	r = secret_new(strlen(token), ret_token);
	if (r < 0)
		return r;
	memcpy(secret_data(*ret_token), token, strlen(token));
	*ret_lifetime_s = (uint64_t)lifetime;
	return 0;
}

void iam_parse_error(const char *text, size_t len, struct service_error *ret)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *errors, *context;
	const char *what;

	*ret = (struct service_error){ 0 };
	if (reply_text_parse(text, len, &tree, &what) < 0)
		return;
	context = cJSON_GetObjectItemCaseSensitive(tree, "context");
	errors = cJSON_GetObjectItemCaseSensitive(tree, "errors");
	reply_text_copy(tree, "errorCode", ret->code, sizeof(ret->code));
	reply_text_copy(tree, "errorMessage", ret->message, sizeof(ret->message));
	reply_text_copy(context, "requestId", ret->request_id, sizeof(ret->request_id));
	ret->understood = ret->code[0];
	if (ret->understood || !cJSON_IsArray(errors))
		return;
	reply_text_copy(cJSON_GetArrayItem(errors, 0), "code", ret->code, sizeof(ret->code));
	reply_text_copy(cJSON_GetArrayItem(errors, 0), "message", ret->message,
			sizeof(ret->message));
	reply_text_copy(tree, "trace", ret->request_id, sizeof(ret->request_id));
	ret->understood = ret->code[0];
}
