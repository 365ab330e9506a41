/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/list.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cli/verb.h"
#include "op/bound-names.h"

static const struct luks_token *token_of(const struct luks_header *header, int keyslot)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->keyslot == keyslot)
			return tokens[i];
	return NULL;
}

static bool print_keyslot(const struct luks_header *header, const struct luks_keyslot *slot)
{
	const struct luks_token *token = token_of(header, slot->id);
	_cleanup_free_ char *binding = token ? luks_token_binding(token) : NULL;

	if (token && !binding)
		return false;
	if (token)
		printf("  keyslot %d: %s (token %d, serial %" PRId64 "%s%s%s, %s)\n", slot->id,
		       binding, token->id, token->serial,
		       token->key ? ", key " : "", token->key ? token->key : "",
		       token->kind == LUKS_TOKEN_KMS && !token->aad ? ", without additional data" : "",
		       token->created);
	else if (slot->token_type[0])
		printf("  keyslot %d: token %s (%s)\n", slot->id, slot->token_type, slot->kdf);
	else
		printf("  keyslot %d: passphrase (%s)\n", slot->id, slot->kdf);
	return true;
}

/* "kms:prod" of each binding whose keyslot is gone, or of the volume key of before. */
static bool print_lost(const struct luks_header *header)
{
	_cleanup_bound_names_ struct bound_names lost = { .n = 0 };
	int r = bound_names_lost(header, &lost);

	for (size_t i = 0; i < lost.n; i++)
		printf("  no keyslot: %s (cexluks rebind makes it work again)\n", lost.list[i]);
	return r == 0;
}

/* What it carries opens nothing itself, and no API key is ever sent because of it: the configuration says where to. */
static void print_credentials(const struct luks_header *header)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_CREDENTIAL)
			printf("  credential:%s: an API key that a card sealed (token %d)\n", tokens[i]->profile, tokens[i]->id);
}

bool list_print_entry(const struct list_entry *e)
{
	const struct luks_keyslot *slots;
	size_t n;

	if (!e->header) {
		verdict_print(&e->verdict, e->device->path);
		return true;
	}
	printf("%s  %s  %s\n  lock: %s%s%s%s\n", e->device->path, luks_header_uuid(e->header),
	       luks_header_cipher(e->header), lock_text(e->lock.kind),
	       e->lock.verified ? "" : " (key not verified)", e->lock.note[0] ? "; " : "",
	       e->lock.note);
	if (e->pattern[0])
		printf("  verification pattern: %s\n", e->pattern);
	n = luks_header_keyslots(e->header, &slots);
	for (size_t i = 0; i < n; i++)
		if (!print_keyslot(e->header, &slots[i]))
			return false;
	print_credentials(e->header);
	return print_lost(e->header);
}

static bool keyslot_json(cJSON *to, const struct luks_header *header,
			 const struct luks_keyslot *slot)
{
	const struct luks_token *token = token_of(header, slot->id);
	_cleanup_free_ char *binding = token ? luks_token_binding(token) : NULL;
	cJSON *o = cJSON_CreateObject();

	if (!o || !cJSON_AddItemToArray(to, o)) {
		json_free(o);
		return false;
	}
	if (!cJSON_AddNumberToObject(o, "keyslot", slot->id) ||
	    !cJSON_AddStringToObject(o, "kdf", slot->kdf) || (token && !binding))
		return false;
	if (!token)
		return cJSON_AddStringToObject(o, "kind",
					       slot->token_type[0] ? "foreign" : "passphrase");
	return cJSON_AddStringToObject(o, "kind", "binding") &&
	       cJSON_AddStringToObject(o, "binding", binding) &&
	       cJSON_AddNumberToObject(o, "token", token->id) &&
	       cJSON_AddNumberToObject(o, "serial", (double)token->serial) &&
	       cJSON_AddStringToObject(o, "key", token->key ? token->key : "") &&
	       cJSON_AddBoolToObject(o, "aad", token->aad) &&
	       cJSON_AddStringToObject(o, "created", token->created);
}

static bool lost_json(cJSON *to, const struct luks_header *header)
{
	_cleanup_bound_names_ struct bound_names lost = { .n = 0 };
	cJSON *array = cJSON_AddArrayToObject(to, "lost");
	bool ok = array && bound_names_lost(header, &lost) == 0;

	for (size_t i = 0; ok && i < lost.n; i++) {
		cJSON *name = cJSON_CreateString(lost.list[i]);

		ok = name && cJSON_AddItemToArray(array, name);
		if (!ok)
			json_free(name);
	}
	return ok;
}

static bool credentials_json(cJSON *to, const struct luks_header *header)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	for (size_t i = 0; i < n; i++) {
		cJSON *o = tokens[i]->kind == LUKS_TOKEN_CREDENTIAL ? cJSON_CreateObject() : NULL;

		if (tokens[i]->kind != LUKS_TOKEN_CREDENTIAL)
			continue;
		if (!o || !cJSON_AddItemToArray(to, o)) {
			json_free(o);
			return false;
		}
		if (!cJSON_AddStringToObject(o, "profile", tokens[i]->profile) ||
		    !cJSON_AddNumberToObject(o, "token", tokens[i]->id))
			return false;
	}
	return true;
}

bool list_entry_json(cJSON *to, const struct list_entry *e)
{
	const struct luks_keyslot *slots;
	cJSON *o = cJSON_CreateObject(), *array;
	size_t n;

	if (!o || !cJSON_AddItemToArray(to, o)) {
		json_free(o);
		return false;
	}
	if (!cJSON_AddStringToObject(o, "device", e->device->path) ||
	    !cJSON_AddStringToObject(o, "outcome", outcome_word(e->verdict.outcome)))
		return false;
	if (!e->header)
		return cJSON_AddStringToObject(o, "cause", e->verdict.cause);
	array = cJSON_AddArrayToObject(o, "keyslots");
	if (!array || !cJSON_AddStringToObject(o, "uuid", luks_header_uuid(e->header)) ||
	    !cJSON_AddStringToObject(o, "cipher", luks_header_cipher(e->header)) ||
	    !cJSON_AddStringToObject(o, "lock", lock_text(e->lock.kind)) ||
	    !cJSON_AddBoolToObject(o, "lock_verified", e->lock.verified) ||
	    !cJSON_AddStringToObject(o, "note", e->lock.note) ||
	    !cJSON_AddStringToObject(o, "verification_pattern", e->pattern))
		return false;
	n = luks_header_keyslots(e->header, &slots);
	for (size_t i = 0; i < n; i++)
		if (!keyslot_json(array, e->header, &slots[i]))
			return false;
	array = cJSON_AddArrayToObject(o, "credentials");
	return array && credentials_json(array, e->header) && lost_json(o, e->header);
}

static bool print_json(const struct list *list)
{
	_cleanup_json_ cJSON *all = cJSON_CreateArray();
	_cleanup_json_text_ char *text = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (!list_entry_json(all, &list->entries[i]))
			return false;
	text = json_text(all);
	if (text)
		printf("%s\n", text);
	return text != NULL;
}

static bool print_text(const struct list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!list_print_entry(&list->entries[i]))
			return false;
	return true;
}

enum outcome cli_list(const struct verb_call *call)
{
	_cleanup_(list_done) struct list list = { 0 };
	struct verdict v = { 0 };
	enum outcome o = op_list(call->n_words ? call->words[0] : NULL, &list, &v);

	bool json = call->options.json && (list.n || o == OUTCOME_OK);

	if (!(json ? print_json(&list) : print_text(&list)))
		return verb_no_memory(call);
	if (o != OUTCOME_OK && !list.n)
		verdict_print(&v, "cannot list");
	return o;
}
