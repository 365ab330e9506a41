/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Verbs that are one exchange with a service: ping, key list, key create, key rotate, wrap, unwrap. */
#include "op/service.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/verb.h"

static enum outcome begin(const struct verb_call *call, const char *profile, struct service *ret,
			  struct verdict *v)
{
	struct service_request request = {
		.sysroot = call->common.sysroot,
		.config_path = call->common.config,
		.profile = profile,
	};

	return service_open(&request, ret, v);
}

static enum outcome failed(const struct verdict *v, const char *what)
{
	verdict_print(v, what);
	return v->outcome;
}

static enum outcome ping_one(const struct verb_call *call, struct service *s, const char *profile)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_PING,
		.deadline = deadline_after(verb_timeout_ms(call)),
	};
	struct verdict v = { 0 };

	if (op_session_call(s->session, profile, &request, &reply, &v) != OUTCOME_OK)
		return failed(&v, profile);
	printf("%s: ok: TLS, IAM token and service in %.1f s\n", profile,
	       (double)reply->elapsed_ms / 1000.0);
	return OUTCOME_OK;
}

enum outcome cli_ping(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	struct verdict v = { 0 };
	enum outcome o, worst = OUTCOME_OK;

	if (call->n_words) {
		o = begin(call, call->words[0], &s, &v);
		return o == OUTCOME_OK ? ping_one(call, &s, s.profile) : failed(&v, "cannot ping");
	}
	o = service_open_any(&(struct service_request){ .sysroot = call->common.sysroot,
							.config_path = call->common.config },
			     &s, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot ping");
	for (size_t i = 0; i < s.config->n_profiles; i++) {
		o = ping_one(call, &s, s.config->profiles[i].kms.name);
		if (o != OUTCOME_OK)
			worst = o;
	}
	return worst;
}

static const char *state_word(int state)
{
	switch (state) {
	case 0:
		return "pre-active";
	case 1:
		return "active";
	case 2:
		return "suspended";
	case 3:
		return "deactivated";
	case 5:
		return "destroyed";
	default:
		return "unknown";
	}
}

static bool key_json(cJSON *to, const struct kms_key *key)
{
	return cJSON_AddStringToObject(to, "id", key->id) &&
	       cJSON_AddStringToObject(to, "name", key->name) &&
	       cJSON_AddStringToObject(to, "alias", key->alias) &&
	       cJSON_AddStringToObject(to, "state", state_word(key->state));
}

static bool print_json(const cJSON *json)
{
	_cleanup_json_text_ char *text = json_text(json);

	if (text)
		printf("%s\n", text);
	return text != NULL;
}

static void print_key(const struct kms_key *key, void *userdata)
{
	(void)userdata;
	printf("%s\t%s\t%s\t%s\n", key->id, key->name, key->alias, state_word(key->state));
}

struct key_array {
	cJSON *json;
	bool complete;
};

static void add_key(const struct kms_key *key, void *userdata)
{
	struct key_array *array = userdata;
	cJSON *o = cJSON_CreateObject();

	if (o && key_json(o, key) && cJSON_AddItemToArray(array->json, o))
		return;
	json_free(o);
	array->complete = false;
}

enum outcome cli_key_list(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_json_ cJSON *all = call->options.json ? cJSON_CreateArray() : NULL;
	struct verdict v = { 0 };
	struct key_array array = { .json = all, .complete = all };
	enum outcome o = begin(call, call->n_words ? call->words[0] : NULL, &s, &v);

	if (o == OUTCOME_OK)
		o = service_list(&s, verb_timeout_ms(call), call->options.json ? add_key : print_key, &array,
				 &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot list keys");
	if (call->options.json && !(array.complete && print_json(all)))
		return verb_no_memory(call);
	return OUTCOME_OK;
}

enum outcome cli_key_create(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct verdict v = { 0 };
	struct kms_request request = { .verb = KMS_CREATE, .name = call->words[1] };
	size_t len = strlen(call->words[1]);
	enum outcome o;

	if (len < 2 || len > 90)
		return verb_usage(call->verb, "a key's name has 2 to 90 characters");
	o = begin(call, call->words[0], &s, &v);
	request.deadline = deadline_after(verb_timeout_ms(call));
	if (o == OUTCOME_OK)
		o = op_session_call(s.session, s.profile, &request, &reply, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot create the key");
	if (call->options.json) {
		_cleanup_json_ cJSON *one = cJSON_CreateObject();

		if (!one || !key_json(one, &reply->key) || !print_json(one))
			return verb_no_memory(call);
	} else {
		printf("%s\n", reply->key.id);
	}
	return OUTCOME_OK;
}

enum outcome cli_key_rotate(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct verdict v = { 0 };
	struct kms_request request = { .verb = KMS_ROTATE };
	enum outcome o = begin(call, call->n_words ? call->words[0] : NULL, &s, &v);

	request.deadline = deadline_after(verb_timeout_ms(call));
	if (o == OUTCOME_OK)
		o = op_session_call(s.session, s.profile, &request, &reply, &v);
	if (o == OUTCOME_KMS_REFUSED)
		(void)verdict_hint(&v, "the service ID needs Writer; a key rotates once an hour at most");
	if (o != OUTCOME_OK)
		return failed(&v, "cannot rotate the key");
	printf("ok: the root key of %s has a new version; \"cexluks rotate DEVICE --rewrap-only\" uses it\n",
	       s.profile);
	return OUTCOME_OK;
}

static enum outcome read_input(size_t max, struct secret **ret, struct verdict *v)
{
	int r = secret_read_fd(STDIN_FILENO, max, ret);

	if (r == -ENODATA)
		return verdict_set(v, OUTCOME_USAGE, "standard input is empty");
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "standard input is longer than %zu bytes", max);
	return r < 0 ? verdict_errno(v, r, "standard input") : OUTCOME_OK;
}

/* What is to be wrapped: standard input, or as many random bytes as the key of dm-crypt's XTS-AES-128 has. */
static enum outcome get_plain(const struct verb_call *call, struct secret **ret, struct verdict *v)
{
	int r;

	if (!call->options.gen)
		return read_input(LIMIT_PASSPHRASE_MAX, ret, v);
	r = secret_random_passphrase(LIMIT_PASSPHRASE_LEN, ret);
	return r < 0 ? verdict_errno(v, r, "random bytes") : OUTCOME_OK;
}

enum outcome cli_wrap(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	_cleanup_secret_ struct secret *plain = NULL;
	struct verdict v = { 0 };
	enum outcome o = begin(call, call->n_words ? call->words[0] : NULL, &s, &v);

	if (o == OUTCOME_OK)
		o = service_knows_key(&s, call->options.key, &v); /* before a person types a passphrase */
	if (o == OUTCOME_OK)
		o = get_plain(call, &plain, &v);
	if (o == OUTCOME_OK)
		o = service_wrap(&s, call->options.key, plain, deadline_after(verb_timeout_ms(call)), &reply, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot wrap");
	printf("%s\n", reply->ciphertext);
	return OUTCOME_OK;
}

/* The service's text without the newline that a file ends with. */
static enum outcome read_ciphertext(char to[static LIMIT_CIPHERTEXT + 1], struct verdict *v)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read_fd(STDIN_FILENO, LIMIT_CIPHERTEXT, &text, &len);

	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_USAGE, "standard input is longer than %u bytes",
				   LIMIT_CIPHERTEXT);
	if (r < 0)
		return verdict_errno(v, r, "standard input");
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (!len || strlen(text) < len)
		return verdict_set(v, OUTCOME_USAGE, "standard input holds no ciphertext");
	memcpy(to, text, len);
	to[len] = '\0';
	return OUTCOME_OK;
}

enum outcome cli_unwrap(const struct verb_call *call)
{
	_cleanup_service_ struct service s = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	char ciphertext[LIMIT_CIPHERTEXT + 1];
	struct verdict v = { 0 };
	struct kms_request request = { .verb = KMS_UNWRAP, .key = call->options.key, .ciphertext = ciphertext };
	enum outcome o;
	int r;

	if (isatty(STDOUT_FILENO))
		return verb_usage(call->verb, "a plaintext is not written to a terminal: use a pipe");
	o = begin(call, call->n_words ? call->words[0] : NULL, &s, &v);
	if (o == OUTCOME_OK)
		o = service_knows_key(&s, call->options.key, &v);
	if (o == OUTCOME_OK)
		o = read_ciphertext(ciphertext, &v);
	request.deadline = deadline_after(verb_timeout_ms(call));
	if (o == OUTCOME_OK)
		o = op_session_call(s.session, s.profile, &request, &reply, &v);
	if (o != OUTCOME_OK)
		return failed(&v, "cannot unwrap");
	r = file_write_all(STDOUT_FILENO, secret_bytes(reply->plaintext),
			   secret_len(reply->plaintext));
	if (r < 0) {
		(void)verdict_errno(&v, r, "standard output");
		return failed(&v, "cannot unwrap");
	}
	return OUTCOME_OK;
}
