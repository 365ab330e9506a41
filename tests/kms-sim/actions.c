/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "actions.h"
#include "base64.h"
#include "cleanup.h"
#include "clock.h"
#include "envelope.h"
#include "json.h"
#include "kms_error.h"
#include "lifecycle.h"

#include <string.h>
#include <strings.h>

#define DEK_BYTES 32
#define AAD_STRINGS_MAX 255
#define AAD_CHARACTERS_MAX 255
#define ROTATION_SECONDS 3600
#define SETTLE_SECONDS 30

/* ---- the body ---- */

static bool member_is_known(const char *name)
{
	static const char *const known[] = {
		"plaintext", "ciphertext", "aad", "payload", "encryptedNonce", "iv",
		"encryptionAlgorithm", "keyVersion",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcasecmp(known[i], name))
			return true;
	return false;
}

static bool bad_body(struct kms_call *call, const char *message)
{
	kms_error(call->reply, 400, "BAD_BODY_ERR", message, NULL);
	return false;
}

static bool bad_field(struct kms_call *call, const char *field, const char *message)
{
	kms_error(call->reply, 400, "INVALID_FIELD_ERR", message, field);
	return false;
}

static size_t characters(const char *utf8)
{
	size_t n = 0;

	for (; *utf8; utf8++)
		n += ((unsigned char)*utf8 & 0xc0) != 0x80;
	return n;
}

static bool check_aad(struct kms_call *call, const cJSON *aad)
{
	const cJSON *item;

	if (!aad || cJSON_IsNull(aad))
		return true;
	if (!cJSON_IsArray(aad))
		return bad_body(call, "aad is not an array");
	if (cJSON_GetArraySize(aad) > AAD_STRINGS_MAX)
		return bad_field(call, "aad", "There are too many additional data strings");
	cJSON_ArrayForEach(item, aad) {
		if (!cJSON_IsString(item))
			return bad_body(call, "aad holds something that is not a string");
		if (characters(item->valuestring) > AAD_CHARACTERS_MAX)
			return bad_field(call, "aad", "An additional data string is too long");
	}
	if (call->instance->aad == AAD_REFUSE && aad->child)
		return bad_field(call, "aad", "Additional data is not supported");
	return true;
}

static bool check_members(struct kms_call *call, const cJSON *body)
{
	static const char *const texts[] = { "plaintext", "ciphertext", "payload" };
	const cJSON *member;

	if (!cJSON_IsObject(body))
		return bad_body(call, "The body is not a JSON object");
	cJSON_ArrayForEach(member, body)
		if (!member_is_known(member->string))
			return bad_body(call, "The body has a member that is not known");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		member = cJSON_GetObjectItem(body, texts[i]);
		if (member && !cJSON_IsString(member) && !cJSON_IsNull(member))
			return bad_body(call, "A member has the wrong type");
	}
	return check_aad(call, cJSON_GetObjectItem(body, "aad"));
}

/* libcurl's default type for a POST body is a client's mistake that the service does not take */
static bool check_content_type(struct kms_call *call)
{
	const char *type = request_header(call->request, "Content-Type");

	if (!type || !strncasecmp(type, "application/json", 16) ||
	    !strncasecmp(type, "application/vnd.ibm.", 20))
		return true;
	return bad_body(call, "The content type is not supported");
}

/* An empty body counts as {}. NULL: the reply is made. Owned by the caller. */
static cJSON *read_body(struct kms_call *call)
{
	const struct request *request = call->request;
	_cleanup_json_ cJSON *body = request->length ? json_parse(request->body, request->length)
						     : cJSON_CreateObject();
	cJSON *taken = body;

	if (!check_content_type(call) || !check_members(call, body))
		return NULL;
	body = NULL;
	return taken;
}

/* ---- what replies are made of ---- */

static const cJSON *effective_aad(const struct kms_call *call, const cJSON *body)
{
	return call->instance->aad == AAD_HONOUR ? cJSON_GetObjectItem(body, "aad") : NULL;
}

static void add_ciphertext(const struct kms_call *call, cJSON *json, const struct key *key,
			   const cJSON *body, const struct buffer *plaintext)
{
	_cleanup_free_ char *text = envelope_seal(key_newest(key), effective_aad(call, body),
						  call->instance->service == SERVICE_HPCS,
						  plaintext);

	cJSON_AddStringToObject(json, "ciphertext", text);
}

static void add_plaintext(cJSON *json, const struct buffer *plaintext)
{
	_cleanup_free_ char *text = base64_encode(plaintext->data, plaintext->length);

	cJSON_AddStringToObject(json, "plaintext", text);
}

static bool open_ciphertext(struct kms_call *call, const struct key *key, const cJSON *body,
			    struct buffer *ret, const struct key_version **ret_version)
{
	const char *text = json_string(body, "ciphertext");

	if (!call->request->length) {
		kms_error(call->reply, 400, "NO_BODY_ERR", "A body is required", NULL);
		return false;
	}
	if (!text || !*text)
		return bad_field(call, "ciphertext", "The ciphertext is missing");
	switch (envelope_open(key, text, effective_aad(call, body), ret, ret_version)) {
	case ENVELOPE_OK:
		return true;
	case ENVELOPE_FORMAT:
		return bad_field(call, "ciphertext", "The ciphertext is not valid");
	case ENVELOPE_REFUSED:
		kms_error(call->reply, call->instance->ciphertext_status,
			  call->instance->ciphertext_status == 400 ? "INVALID_FIELD_ERR" :
								     "UNPROCESSABLE_CIPHERTEXT_ERR",
			  "The ciphertext could not be processed", "ciphertext");
		return false;
	}
	return false;
}

/* ---- the actions ---- */

static void wrap(struct kms_call *call, struct key *key, const cJSON *body)
{
	_cleanup_buffer_ struct buffer plaintext = { 0 };
	const char *given = json_string(body, "plaintext");
	unsigned char dek[DEK_BYTES];
	cJSON *json;

	if (given && *given && !base64_decode(given, &plaintext)) {
		bad_field(call, "plaintext", "The plaintext is not valid base64");
		return;
	}
	json = cJSON_CreateObject();
	if (!given || !*given) {
		random_bytes(dek, sizeof(dek));
		buffer_append(&plaintext, dek, sizeof(dek));
		add_plaintext(json, &plaintext);
	}
	add_ciphertext(call, json, key, body, &plaintext);
	cJSON_AddItemToObject(json, "keyVersion", key_version_json(key_newest(key)));
	reply_json(call->reply, 200, json);
}

static void unwrap(struct kms_call *call, struct key *key, const cJSON *body)
{
	_cleanup_buffer_ struct buffer plaintext = { 0 };
	const struct key_version *version;
	cJSON *json;

	if (!open_ciphertext(call, key, body, &plaintext, &version))
		return;
	json = cJSON_CreateObject();
	add_plaintext(json, &plaintext);
	cJSON_AddItemToObject(json, "keyVersion", key_version_json(version));
	if (version != key_newest(key)) {
		add_ciphertext(call, json, key, body, &plaintext);
		cJSON_AddItemToObject(json, "rewrappedKeyVersion",
				      key_version_json(key_newest(key)));
	}
	reply_json(call->reply, 200, json);
}

static void rewrap(struct kms_call *call, struct key *key, const cJSON *body)
{
	_cleanup_buffer_ struct buffer plaintext = { 0 };
	const struct key_version *version;
	cJSON *json;

	if (!open_ciphertext(call, key, body, &plaintext, &version))
		return;
	json = cJSON_CreateObject();
	add_ciphertext(call, json, key, body, &plaintext);
	cJSON_AddItemToObject(json, "keyVersion", key_version_json(version));
	cJSON_AddItemToObject(json, "rewrappedKeyVersion", key_version_json(key_newest(key)));
	reply_json(call->reply, 200, json);
}

static void rotate(struct kms_call *call, struct key *key, const cJSON *body)
{
	_cleanup_buffer_ struct buffer material = { 0 };
	const char *payload = json_string(body, "payload");
	int64_t now = clock_now();

	if (key->imported && (!payload || !*payload)) {
		kms_error(call->reply, 400, "KEY_PAYLOAD_REQ_ERR",
			  "An imported key needs new material to rotate", NULL);
		return;
	}
	if (payload && *payload &&
	    (!key->imported || !base64_decode(payload, &material) ||
	     (material.length != 16 && material.length != 24 && material.length != 32))) {
		bad_field(call, "payload", "The payload is not acceptable");
		return;
	}
	if (key->rotated && now - key->rotated < ROTATION_SECONDS) {
		kms_error(call->reply, 409, "KEY_ROTATION_NOT_PERMITTED",
			  "The key was rotated within the last hour", NULL);
		return;
	}
	key_add_version(key, material.length ? material.data : NULL, material.length);
	key->rotated = key->updated = now;
	reply_empty(call->reply, 204);
}

static void disable(struct kms_call *call, struct key *key, const cJSON *body)
{
	(void)body;
	key->state = KEY_SUSPENDED;
	key->changed = key->updated = clock_now();
	reply_empty(call->reply, 204);
}

static void enable(struct kms_call *call, struct key *key, const cJSON *body)
{
	(void)body;
	if (clock_now() - key->changed < SETTLE_SECONDS) {
		kms_error(call->reply, 409, "REQ_TOO_EARLY_ERR",
			  "The key was changed less than 30 seconds ago", NULL);
		return;
	}
	key->state = KEY_ACTIVE;
	key->changed = key->updated = clock_now();
	reply_empty(call->reply, 204);
}

#define IN(state) (1u << (state))

static const struct action {
	const char *name;
	enum role role;
	unsigned states;	/* in which it is allowed */
	void (*run)(struct kms_call *call, struct key *key, const cJSON *body);
} actions[] = {
	{ "wrap",    ROLE_READER,  IN(KEY_ACTIVE),                       wrap },
	{ "unwrap",  ROLE_READER,  IN(KEY_ACTIVE) | IN(KEY_DEACTIVATED), unwrap },
	{ "rewrap",  ROLE_READER,  IN(KEY_ACTIVE) | IN(KEY_DEACTIVATED), rewrap },
	{ "rotate",  ROLE_WRITER,  IN(KEY_ACTIVE) | IN(KEY_DEACTIVATED), rotate },
	{ "disable", ROLE_MANAGER, IN(KEY_ACTIVE),                       disable },
	{ "enable",  ROLE_MANAGER, IN(KEY_SUSPENDED),                    enable },
};

static void run(struct kms_call *call, const struct action *action)
{
	_cleanup_json_ cJSON *body = NULL;
	struct key *key;

	if (!kms_may(call, action->role))
		return;
	key = kms_key(call);
	if (!key || kms_gone(call, key))
		return;
	if (key->extractable) {
		kms_error(call->reply, 400, "KEY_ROOT_REQ_ERR", "The key is not a root key", NULL);
		return;
	}
	body = read_body(call);
	if (!body)
		return;
	if (!(action->states & IN(key_state(key)))) {
		kms_error(call->reply, 409, "KEY_ACTION_INVALID_STATE_ERR",
			  "The key is not in a state that allows this action", NULL);
		return;
	}
	action->run(call, key, body);
}

static void run_named(struct kms_call *call, const char *name)
{
	for (size_t i = 0; name && i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(actions[i].name, name)) {
			run(call, &actions[i]);
			return;
		}
	if (name && !strcmp(name, "restore") && kms_may(call, ROLE_MANAGER))
		lifecycle_restore(call);
	else if (!name || strcmp(name, "restore"))
		kms_error(call->reply, 400, "INVALID_ACTION_ERR", "The action is not known", NULL);
}

void actions_run(struct kms_call *call)
{
	run_named(call, call->argument[1]);
}

void actions_run_by_query(struct kms_call *call)
{
	run_named(call, request_query(call->request, "action"));
}
