/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/token.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"
#include "luks/reason.h"

#define NAME_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

struct kind {
	const char *word;
	const char *members[8]; /* beside type, keyslots, version and kind; all of them mandatory */
};

static const struct kind kinds[] = {
	[LUKS_TOKEN_KMS] = { "kms", { "profile", "key", "ciphertext", "aad", "serial", "created" } },
	[LUKS_TOKEN_CARD] = { "card", { "passphrase", "serial", "created" } },
	[LUKS_TOKEN_CREDENTIAL] = { "credential", { "profile", "sealed" } },
};

static const char *const shared_members[] = { "type", "keyslots", "version", "kind", NULL };

void luks_token_free(struct luks_token *token)
{
	if (!token)
		return;
	free(token->profile);
	free(token->key);
	free(token->ciphertext);
	free(token->sealed);
	secret_free(token->passphrase);
	free(token);
}

static bool in_list(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

/* A stranger's word, safe to quote: anything but a plain name becomes "?". */
static const char *quotable(const char *name)
{
	size_t len = name ? strlen(name) : 0;

	return len && len <= 32 && strspn(name, NAME_CHARS) == len ? name : "?";
}

static int check_members(const cJSON *tree, const struct kind *kind, int id,
			 struct luks_reason *reason)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, tree) {
		if (!in_list(shared_members, item->string) && !in_list(kind->members, item->string))
			return luks_refuse(reason, "token %d has the unknown member '%s'", id,
					   quotable(item->string));
	}
	for (const char *const *m = kind->members; *m; m++)
		if (!cJSON_GetObjectItemCaseSensitive(tree, *m))
			return luks_refuse(reason, "token %d lacks the member '%s'", id, *m);
	return 0;
}

/* "0" to "31", as LUKS2 writes it: no sign, no leading zero. */
static bool parse_keyslot(const char *text, int *ret)
{
	int v = 0;

	if (!*text || strlen(text) > 2 || (text[0] == '0' && text[1]))
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (*text - '0');
	}
	if (v >= LIMIT_KEYSLOTS)
		return false;
	*ret = v;
	return true;
}

static int parse_keyslots(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(tree, "keyslots");
	int n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
	const cJSON *first;

	token->keyslot = -1;
	if (n < 0)
		return luks_refuse(reason, "token %d: 'keyslots' is no list", token->id);
	if (n > 1 || (n && token->kind == LUKS_TOKEN_CREDENTIAL))
		return luks_refuse(reason, "token %d names too many keyslots", token->id);
	if (!n)
		return 0;
	first = cJSON_GetArrayItem(list, 0);
	if (!cJSON_IsString(first) || !parse_keyslot(first->valuestring, &token->keyslot))
		return luks_refuse(reason, "token %d: 'keyslots' holds no keyslot number", token->id);
	return 0;
}

/* A name and nothing that could be read as a place, a path or an option. */
static int parse_name(const cJSON *tree, const char *member, size_t min, size_t max, int id,
		      char **ret, struct luks_reason *reason)
{
	const char *text = json_string(tree, member, min, max);

	if (!text || strspn(text, NAME_CHARS) != strlen(text))
		return luks_refuse(reason, "token %d: '%s' is not a plain name", id, member);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int parse_base64(const cJSON *tree, const char *member, size_t max, int id, char **ret,
			struct luks_reason *reason)
{
	const char *text = json_string(tree, member, 1, max);

	if (!text || !base64_is_valid(text, strlen(text)))
		return luks_refuse(reason, "token %d: '%s' is not base64", id, member);
	*ret = strdup(text);
	return *ret ? 0 : -ENOMEM;
}

static int parse_passphrase(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	const char *text = json_string(tree, "passphrase", 1, BASE64_SIZE(LIMIT_PASSPHRASE_LEN));
	int r;

	r = text ? base64_decode_secret(text, strlen(text), LIMIT_PASSPHRASE_LEN, &token->passphrase) :
		   -EBADMSG;
	if (r == -ENOMEM)
		return r;
	if (r < 0 || secret_len(token->passphrase) != LIMIT_PASSPHRASE_LEN)
		return luks_refuse(reason, "token %d: 'passphrase' is not base64 of %d bytes", token->id,
				   LIMIT_PASSPHRASE_LEN);
	return 0;
}

static bool two_digits(const char *p, int min, int max)
{
	int v = (p[0] - '0') * 10 + (p[1] - '0');

	return v >= min && v <= max;
}

/* 2026-11-22T10:00:00Z and no other spelling. */
static bool created_is_valid(const char *text)
{
	static const char shape[] = "0000-00-00T00:00:00Z";

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != shape[i])
			return false;
	return two_digits(text + 5, 1, 12) && two_digits(text + 8, 1, 31) &&
	       two_digits(text + 11, 0, 23) && two_digits(text + 14, 0, 59) &&
	       two_digits(text + 17, 0, 60);
}

static int parse_history(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	const char *created = json_string(tree, "created", 20, 20);

	if (!json_integer(tree, "serial", 1, LIMIT_SERIAL, &token->serial))
		return luks_refuse(reason, "token %d: 'serial' is no positive number", token->id);
	if (!created || !created_is_valid(created))
		return luks_refuse(reason, "token %d: 'created' is no UTC time", token->id);
	memcpy(token->created, created, sizeof(token->created));
	return 0;
}

static int parse_kms(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	int r;

	r = parse_name(tree, "profile", 1, LIMIT_ID, token->id, &token->profile, reason);
	if (r)
		return r;
	r = parse_name(tree, "key", LIMIT_ALIAS_MIN, LIMIT_ALIAS_MAX, token->id, &token->key, reason);
	if (r)
		return r;
	r = parse_base64(tree, "ciphertext", LIMIT_CIPHERTEXT, token->id, &token->ciphertext, reason);
	if (r)
		return r;
	if (!json_bool(tree, "aad", &token->aad))
		return luks_refuse(reason, "token %d: 'aad' is neither true nor false", token->id);
	return parse_history(tree, token, reason);
}

static int parse_card(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	int r = parse_passphrase(tree, token, reason);

	return r ? r : parse_history(tree, token, reason);
}

static int parse_credential(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	int r = parse_name(tree, "profile", 1, LIMIT_ID, token->id, &token->profile, reason);

	return r ? r :
		   parse_base64(tree, "sealed", BASE64_SIZE(LIMIT_SEALED_KEY) - 1, token->id, &token->sealed, reason);
}

static int parse_kind(const cJSON *tree, struct luks_token *token, struct luks_reason *reason)
{
	static int (*const parsers[])(const cJSON *, struct luks_token *, struct luks_reason *) = {
		[LUKS_TOKEN_KMS] = parse_kms,
		[LUKS_TOKEN_CARD] = parse_card,
		[LUKS_TOKEN_CREDENTIAL] = parse_credential,
	};
	const char *word = json_string(tree, "kind", 1, 16);
	size_t k = 0;
	int r;

	while (word && k < ARRAY_SIZE(kinds) && strcmp(word, kinds[k].word) != 0)
		k++;
	if (!word || k == ARRAY_SIZE(kinds))
		return luks_refuse(reason, "token %d is of an unknown kind", token->id);
	token->kind = (enum luks_token_kind)k;
	r = check_members(tree, &kinds[k], token->id, reason);
	if (r)
		return r;
	r = parse_keyslots(tree, token, reason);
	if (r)
		return r;
	return parsers[k](tree, token, reason);
}

int luks_token_parse(const char *json, int id, struct luks_token **ret, struct luks_reason *reason)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	_cleanup_json_ cJSON *tree = NULL;
	size_t len = strnlen(json, LIMIT_TOKEN_JSON + 1);
	const char *type;
	int64_t version;
	int r;

	if (len > LIMIT_TOKEN_JSON)
		return luks_refuse(reason, "token %d is larger than %u bytes", id, LIMIT_TOKEN_JSON);
	r = json_parse(json, len, LIMIT_JSON_DEPTH, &tree);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || !cJSON_IsObject(tree))
		return luks_refuse(reason, "token %d is not well-formed JSON", id);
	type = json_string(tree, "type", 1, LIMIT_ID);
	if (!type || strcmp(type, LUKS_TOKEN_TYPE) != 0)
		return luks_refuse(reason, "token %d is not of type '%s'", id, LUKS_TOKEN_TYPE);
	if (!json_integer(tree, "version", 1, 1, &version))
		return luks_refuse(reason, "token %d has another version than 1", id);
	token = calloc(1, sizeof(*token));
	if (!token)
		return -ENOMEM;
	token->id = id;
	r = parse_kind(tree, token, reason);
	if (r)
		return r;
	*ret = take_ptr(token);
	return 0;
}

static bool add_keyslots(cJSON *tree, int keyslot)
{
	cJSON *list = cJSON_AddArrayToObject(tree, "keyslots");
	char number[12];
	cJSON *item;

	if (!list || keyslot < 0)
		return list;
	(void)snprintf(number, sizeof(number), "%d", keyslot);
	item = cJSON_CreateString(number);
	if (item && cJSON_AddItemToArray(list, item))
		return true;
	json_free(item);
	return false;
}

static bool add_string(cJSON *tree, const char *member, const char *text)
{
	return text && cJSON_AddStringToObject(tree, member, text);
}

static bool add_passphrase(cJSON *tree, const struct secret *passphrase)
{
	_cleanup_secret_ struct secret *text = NULL;

	if (!passphrase || base64_encode_secret(passphrase, &text) < 0)
		return false;
	return add_string(tree, "passphrase", (const char *)secret_bytes(text));
}

/* As text: cJSON prints large numbers with 15 digits when that comes close enough. */
static bool add_serial(cJSON *tree, int64_t serial)
{
	char digits[24];

	(void)snprintf(digits, sizeof(digits), "%lld", (long long)serial);
	return cJSON_AddRawToObject(tree, "serial", digits);
}

static bool add_members(cJSON *tree, const struct luks_token *token)
{
	bool ok = add_string(tree, "type", LUKS_TOKEN_TYPE) && add_keyslots(tree, token->keyslot) &&
		  cJSON_AddNumberToObject(tree, "version", 1) &&
		  add_string(tree, "kind", kinds[token->kind].word);

	switch (token->kind) {
	case LUKS_TOKEN_KMS:
		ok = ok && add_string(tree, "profile", token->profile) &&
		     add_string(tree, "key", token->key) &&
		     add_string(tree, "ciphertext", token->ciphertext) &&
		     cJSON_AddBoolToObject(tree, "aad", token->aad);
		break;
	case LUKS_TOKEN_CARD:
		ok = ok && add_passphrase(tree, token->passphrase);
		break;
	case LUKS_TOKEN_CREDENTIAL:
		return ok && add_string(tree, "profile", token->profile) &&
		       add_string(tree, "sealed", token->sealed);
	}
	return ok && add_serial(tree, token->serial) && add_string(tree, "created", token->created);
}

int luks_token_build(const struct luks_token *token, char **ret)
{
	_cleanup_json_ cJSON *tree = cJSON_CreateObject();
	_cleanup_luks_token_ struct luks_token *again = NULL;
	_cleanup_json_text_ char *text = NULL;
	int r;

	if (!tree || !add_members(tree, token))
		return -ENOMEM;
	text = json_text(tree);
	if (!text)
		return -ENOMEM;
	/* What we would refuse to read must not be written. */
	r = luks_token_parse(text, token->id, &again, NULL);
	if (r)
		return r < 0 ? r : -EINVAL;
	*ret = take_ptr(text);
	return 0;
}

char *luks_token_binding(const struct luks_token *token)
{
	char *text = NULL;

	if (token->kind == LUKS_TOKEN_CARD)
		return strdup("card");
	if (asprintf(&text, "%s:%s", kinds[token->kind].word, token->profile) < 0)
		return NULL;
	return text;
}
