/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/keyprotect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "kms/body.h"
#include "kms/reply-text.h"
#include "kms/text.h"

#define TYPE_KEY    "application/vnd.ibm.kms.key+json"
#define TYPE_ACTION "application/vnd.ibm.kms.key_action+json"

/* Names of members, quotes and commas of any body of ours. */
#define BODY_FRAME 512

void keyprotect_call_done(struct keyprotect_call *call)
{
	free(call->url);
	secret_free(call->body);
	*call = (struct keyprotect_call){ 0 };
}

/* --- requests ------------------------------------------------------------------------------- */

static int build_url(const struct kms_profile *profile, const struct message_job *job,
		     unsigned offset, char **ret)
{
	const char *key = job->key[0] ? job->key : profile->root_key;
	const char *base = profile->endpoint;
	char *url = NULL;
	int n = -1;

	if (!key && job->verb != KMS_LIST && job->verb != KMS_CREATE && job->verb != KMS_PING)
		return -EINVAL;
	switch (job->verb) {
	case KMS_WRAP:
	case KMS_UNWRAP:
		n = asprintf(&url, "%s/api/v2/keys/%s/actions/%s", base, key,
			     job->verb == KMS_WRAP ? "wrap" : "unwrap");
		break;
	case KMS_ROTATE:
		n = asprintf(&url, "%s/api/v2/keys/%s/actions/rotate", base, key);
		break;
	case KMS_METADATA:
		n = asprintf(&url, "%s/api/v2/keys/%s/metadata", base, key);
		break;
	case KMS_LIST:
		n = asprintf(&url, "%s/api/v2/keys?limit=%d&offset=%u&extractable=false", base,
			     LIMIT_KEYS_PAGE, offset);
		break;
	case KMS_CREATE:
		n = asprintf(&url, "%s/api/v2/keys", base);
		break;
	case KMS_PING:
		n = asprintf(&url, "%s/", base);
		break;
	}
	if (n < 0)
		return -ENOMEM;
	*ret = url;
	return 0;
}

static void add_aad(struct body *b, const struct message_job *job, bool comma)
{
	if (!job->n_aad)
		return;
	body_add_text(b, comma ? ",\"aad\":[" : "\"aad\":[");
	for (size_t i = 0; i < job->n_aad; i++) {
		if (i)
			body_add_text(b, ",");
		body_add_json(b, job->aad[i]);
	}
	body_add_text(b, "]");
}

static int add_action(struct body *b, const struct message_job *job)
{
	_cleanup_secret_ struct secret *base64 = NULL;
	int r;

	body_add_text(b, "{");
	if (job->plaintext) {
		r = base64_encode_secret(job->plaintext, &base64);
		if (r < 0)
			return r;
		body_add_text(b, "\"plaintext\":\"");
		body_add(b, secret_bytes(base64), secret_len(base64));
		body_add_text(b, "\"");
	} else if (job->ciphertext) {
		body_add_text(b, "\"ciphertext\":");
		body_add_json(b, job->ciphertext);
	}
	add_aad(b, job, job->plaintext || job->ciphertext);
	body_add_text(b, "}");
	return 0;
}

static void add_create(struct body *b, const struct message_job *job)
{
	body_add_text(b, "{\"metadata\":{\"collectionType\":\"" TYPE_KEY "\",\"collectionTotal\":1},"
			 "\"resources\":[{\"type\":\"" TYPE_KEY "\",\"name\":");
	body_add_json(b, job->name);
	body_add_text(b, ",\"extractable\":false}]}");
}

/* Escapes can make six characters of one. */
static size_t body_room(const struct message_job *job)
{
	size_t room = BODY_FRAME + 6 * sizeof(job->name);

	if (job->plaintext)
		room += BASE64_SIZE(secret_len(job->plaintext));
	if (job->ciphertext)
		room += 6 * strlen(job->ciphertext);
	for (size_t i = 0; i < job->n_aad; i++)
		room += 6 * strlen(job->aad[i]) + 3;
	return room;
}

static int build_body(const struct message_job *job, struct secret **ret)
{
	_cleanup_body_ struct body b = { 0 };
	int r;

	r = body_init(&b, body_room(job));
	if (r < 0)
		return r;
	if (job->verb == KMS_CREATE)
		add_create(&b, job);
	else
		r = add_action(&b, job);
	return r < 0 ? r : body_take(&b, ret);
}

int keyprotect_build(const struct kms_profile *profile, const struct message_job *job,
		     unsigned offset, struct keyprotect_call *ret)
{
	_cleanup_keyprotect_call_ struct keyprotect_call call = { .body_max = LIMIT_HTTP_BODY };
	int r;

	r = build_url(profile, job, offset, &call.url);
	if (r < 0)
		return r;
	switch (job->verb) {
	case KMS_WRAP:
	case KMS_UNWRAP:
	case KMS_ROTATE:
		call.method = HTTP_POST;
		call.content_type = TYPE_ACTION;
		break;
	case KMS_CREATE:
		call.method = HTTP_POST;
		call.content_type = TYPE_KEY;
		call.prefer = "return=representation";
		break;
	case KMS_LIST:
		call.body_max = LIMIT_HTTP_LIST_BODY;
		break;
	case KMS_METADATA:
		break;
	case KMS_PING:
		call.method = HTTP_CONNECT_ONLY;
		break;
	}
	if (call.method == HTTP_POST) {
		r = build_body(job, &call.body);
		if (r < 0)
			return r;
	}
	*ret = call;
	call = (struct keyprotect_call){ 0 };
	return 0;
}

/* --- answers -------------------------------------------------------------------------------- */

bool keyprotect_is_success(enum kms_verb verb, long status)
{
	return status == 200 || (verb == KMS_CREATE && status == 201) ||
	       (verb == KMS_ROTATE && status == 204);
}

static int bad(const char **ret_what, const char *what)
{
	*ret_what = what;
	return -EBADMSG;
}

/* The service's own text, byte for byte. */
static int take_ciphertext(const cJSON *tree, char **ret, const char **ret_what)
{
	const char *text = json_string(tree, "ciphertext", 1, LIMIT_CIPHERTEXT);

	if (!text || !kms_text_is_clean(text))
		return bad(ret_what, "its ciphertext is no text of a possible length");
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int take_plaintext(const cJSON *tree, struct secret **ret, const char **ret_what)
{
	const char *text =
		json_string(tree, "plaintext", 1, BASE64_SIZE(LIMIT_PASSPHRASE_MAX) - 1);
	int r;

	if (!text)
		return bad(ret_what, "no plaintext of a possible length in it");
	r = base64_decode_secret(text, strlen(text), LIMIT_PASSPHRASE_MAX, ret);
	if (r == -EBADMSG)
		return bad(ret_what, "its plaintext is not base64");
	if (r == -EFBIG)
		return bad(ret_what, "its plaintext is longer than any of ours");
	return r;
}

static int take_action(const struct message_job *job, const cJSON *tree, struct kms_reply *reply,
		       const char **ret_what)
{
	int r = 0;

	if (job->verb == KMS_WRAP || cJSON_GetObjectItemCaseSensitive(tree, "ciphertext"))
		r = take_ciphertext(tree, &reply->ciphertext, ret_what);
	if (r == 0 && !job->plaintext)
		r = take_plaintext(tree, &reply->plaintext, ret_what);
	return r;
}

static int take_key(const cJSON *item, struct kms_key *ret, const char **ret_what)
{
	const char *id = json_string(item, "id", 1, sizeof(ret->id) - 1);
	const cJSON *aliases = cJSON_GetObjectItemCaseSensitive(item, "aliases");
	const cJSON *alias = cJSON_IsArray(aliases) ? cJSON_GetArrayItem(aliases, 0) : NULL;
	int64_t state;

	*ret = (struct kms_key){ 0 };
	if (!id || !kms_key_name_is_valid(id))
		return bad(ret_what, "a key without an id");
	if (!json_integer(item, "state", 0, 5, &state) ||
	    !json_bool(item, "extractable", &ret->extractable))
		return bad(ret_what, "a key without a state");
	(void)snprintf(ret->id, sizeof(ret->id), "%s", id);
	ret->state = (int)state;
	reply_text_copy(item, "name", ret->name, sizeof(ret->name));
	if (alias && cJSON_IsString(alias) && alias->valuestring)
		kms_text_clean(ret->alias, sizeof(ret->alias), alias->valuestring,
			       strlen(alias->valuestring));
	return 0;
}

int keyprotect_parse(const struct message_job *job, const char *text, size_t len,
		     struct kms_reply *reply, const char **ret_what)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *resources;
	int r;

	if (job->verb == KMS_ROTATE)
		return 0; /* its status says it all */
	r = reply_text_parse(text, len, &tree, ret_what);
	if (r < 0)
		return r;
	if (job->verb == KMS_WRAP || job->verb == KMS_UNWRAP)
		return take_action(job, tree, reply, ret_what);
	resources = cJSON_GetObjectItemCaseSensitive(tree, "resources");
	if (!cJSON_IsArray(resources) || cJSON_GetArraySize(resources) != 1)
		return bad(ret_what, "not one key in it");
	return take_key(resources->child, &reply->key, ret_what);
}

int keyprotect_parse_list(const char *text, size_t len,
			  int (*take)(void *arg, const struct kms_key *key), void *arg,
			  unsigned *ret_n, const char **ret_what)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *resources, *item;
	unsigned n = 0;
	int r;

	r = reply_text_parse(text, len, &tree, ret_what);
	if (r < 0)
		return r;
	resources = cJSON_GetObjectItemCaseSensitive(tree, "resources");
	if (!resources && cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(tree, "metadata"))) {
		*ret_n = 0; /* how an instance without keys may answer */
		return 0;
	}
	if (!cJSON_IsArray(resources))
		return bad(ret_what, "no list of keys");
	cJSON_ArrayForEach(item, resources) {
		struct kms_key key;

		if (++n > LIMIT_KEYS_PAGE)
			return bad(ret_what, "more keys than were asked for");
		r = take_key(item, &key, ret_what);
		if (r == 0 && !key.extractable)
			r = take(arg, &key);
		if (r != 0)
			return r;
	}
	*ret_n = n;
	return 0;
}

void keyprotect_parse_error(const char *text, size_t len, struct service_error *ret)
{
	_cleanup_json_ cJSON *tree = NULL;
	const cJSON *resources, *first, *reasons, *reason;
	const char *what;

	*ret = (struct service_error){ 0 };
	if (reply_text_parse(text, len, &tree, &what) < 0)
		return;
	resources = cJSON_GetObjectItemCaseSensitive(tree, "resources");
	if (!cJSON_IsArray(resources) || !cJSON_IsObject(resources->child))
		return;
	first = resources->child;
	ret->understood = true;
	reply_text_copy(first, "errorMsg", ret->message, sizeof(ret->message));
	reasons = cJSON_GetObjectItemCaseSensitive(first, "reasons");
	reason = cJSON_IsArray(reasons) ? reasons->child : NULL;
	if (!cJSON_IsObject(reason))
		return;
	reply_text_copy(reason, "code", ret->code, sizeof(ret->code));
	if (cJSON_GetObjectItemCaseSensitive(reason, "message"))
		reply_text_copy(reason, "message", ret->message, sizeof(ret->message));
	reply_text_copy(cJSON_GetObjectItemCaseSensitive(reason, "target"), "name", ret->target,
			sizeof(ret->target));
}
