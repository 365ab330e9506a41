/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/policy.h"

#include <inttypes.h>
#include <string.h>

#include "base/uuid.h"
#include "cex/keyblob.h"

bool policy_wants_secure_key(const struct config *config, const struct config_volume *pin)
{
	return config->secure_key || (pin && pin->secure_key);
}

bool policy_wants_pattern(const struct config_volume *pin, const struct cmdline *cmdline,
			  const char *uuid)
{
	for (size_t i = 0; i < cmdline->n_patterns; i++)
		if (uuid_matches(uuid, cmdline->patterns[i].uuid))
			return true;
	return pin && pin->verification_pattern;
}

bool policy_has_conditions(const struct config *config, const struct config_volume *pin,
			   const struct cmdline *cmdline, const char *uuid)
{
	return (pin && pin->cipher) || policy_wants_secure_key(config, pin) ||
	       policy_wants_pattern(pin, cmdline, uuid);
}

enum outcome policy_check_header(const struct config *config, const struct config_volume *pin,
				 const struct cmdline *cmdline, const struct luks_header *header,
				 struct verdict *v)
{
	const char *cipher = luks_header_cipher(header);

	if (pin && pin->cipher && strcmp(pin->cipher, cipher) != 0)
		return verdict_set(v, OUTCOME_HEADER_REFUSED,
				   "the header says cipher %s, the configuration %s", cipher,
				   pin->cipher);
	if (policy_wants_secure_key(config, pin) && !luks_header_is_paes(header))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY,
				   "require = secure-key, but the cipher is %s", cipher);
	if (policy_wants_pattern(pin, cmdline, luks_header_uuid(header)) &&
	    !luks_header_is_paes(header))
		return verdict_set(v, OUTCOME_PATTERN_MISMATCH,
				   "a pattern is pinned; only paes has one, this is %s", cipher);
	return verdict_set(v, OUTCOME_OK, "%s", cipher);
}

static enum outcome check_one_pattern(const char *pinned, const char *pattern, const char *where,
				      struct verdict *v)
{
	if (!strcasecmp(pinned, pattern))
		return OUTCOME_OK;
	return verdict_set(v, OUTCOME_PATTERN_MISMATCH, "pattern %.12s.., %s wants %.12s..", pattern,
			   where, pinned);
}

enum outcome policy_check_pattern(const struct config_volume *pin, const struct cmdline *cmdline,
				  const char *uuid, const char *pattern, struct verdict *v)
{
	enum outcome o = OUTCOME_OK;

	if (pin && pin->verification_pattern)
		o = check_one_pattern(pin->verification_pattern, pattern, "configuration", v);
	for (size_t i = 0; o == OUTCOME_OK && i < cmdline->n_patterns; i++)
		if (uuid_matches(uuid, cmdline->patterns[i].uuid))
			o = check_one_pattern(cmdline->patterns[i].value, pattern,
					      "command line", v);
	return o;
}

static enum outcome check_kms_token(const struct config_profile *profile,
				    const struct cmdline *cmdline, const struct luks_token *token,
				    struct verdict *v)
{
	if (!cmdline_allows_profile(cmdline, token->profile)) {
		verdict_set(v, OUTCOME_NOT_BOUND, "rd.cexluks.kms leaves out kms:%s",
			    token->profile);
		return verdict_hint(v, "add rd.cexluks.kms=%s", token->profile);
	}
	/* Key Protect documents additional data; a token that goes without is somebody's downgrade. */
	if (profile->kms.service != KMS_SERVICE_HPCS && !token->aad)
		return verdict_set(v, OUTCOME_HEADER_REFUSED,
				   "token %d goes without additional data, which %s honours",
				   token->id, kms_service_name(profile->kms.service));
	return OUTCOME_OK;
}

enum outcome policy_check_token(struct config *config, const struct config_volume *pin,
				const struct cmdline *cmdline, const struct luks_token *token,
				struct verdict *v)
{
	const struct config_profile *profile;

	if (pin && pin->min_serial && token->serial < pin->min_serial)
		return verdict_set(v, OUTCOME_HEADER_REFUSED,
				   "token %d has serial %" PRId64 ", the configuration wants %" PRId64,
				   token->id, token->serial, pin->min_serial);
	if (token->kind == LUKS_TOKEN_CARD)
		return OUTCOME_OK;
	profile = config_profile_find(config, token->profile);
	if (!profile) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "token %d names profile %s, unknown here",
			    token->id, token->profile);
		return verdict_hint(v, "add [kms %s] to the configuration; rebuild the image",
				    token->profile);
	}
	return check_kms_token(profile, cmdline, token, v);
}

enum outcome policy_check_binding(struct config *config, const struct config_volume *pin,
				  const struct cmdline *cmdline, const struct luks_header *header,
				  const struct binding *binding, struct verdict *v)
{
	if (binding->kind != BINDING_KMS && !luks_header_is_paes(header))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY,
				   "no card protects %s; the passphrase is public",
				   luks_header_cipher(header));
	return binding->token ? policy_check_token(config, pin, cmdline, binding->token, v) : OUTCOME_OK;
}

struct order {
	const struct luks_token *const *tokens;
	size_t n_tokens;
	struct binding *ret;
	size_t n;
};

static void take_token(struct order *o, const struct luks_token *token)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->ret[i].token == token)
			return;
	if (token->keyslot < 0 || token->kind == LUKS_TOKEN_CREDENTIAL || o->n == POLICY_BINDINGS)
		return;
	o->ret[o->n++] = (struct binding){
		.kind = token->kind == LUKS_TOKEN_CARD ? BINDING_CARD : BINDING_KMS,
		.token = token,
	};
}

static void take_card(struct order *o)
{
	for (size_t i = 0; i < o->n_tokens; i++)
		if (o->tokens[i]->kind == LUKS_TOKEN_CARD)
			take_token(o, o->tokens[i]);
}

static void take_profile(struct order *o, const char *profile)
{
	for (size_t i = 0; i < o->n_tokens; i++)
		if (o->tokens[i]->kind == LUKS_TOKEN_KMS && !strcmp(o->tokens[i]->profile, profile))
			take_token(o, o->tokens[i]);
}

static void take_keyfile(struct order *o, const char *path)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->ret[i].kind == BINDING_KEYFILE && !strcmp(o->ret[i].path, path))
			return;
	if (o->n < POLICY_BINDINGS)
		o->ret[o->n++] = (struct binding){ .kind = BINDING_KEYFILE, .path = path };
}

/* As the configuration spells it. */
static void take_named(struct order *o, const char *binding)
{
	const char *profile = config_binding_profile(binding);
	const char *keyfile = config_binding_keyfile(binding);

	if (profile)
		take_profile(o, profile);
	else if (keyfile)
		take_keyfile(o, keyfile);
	else
		take_card(o);
}

size_t policy_order(struct config *config, const struct config_volume *pin,
		    const struct luks_header *header, struct binding ret[static POLICY_BINDINGS])
{
	struct order o = { .ret = ret };

	o.n_tokens = luks_header_tokens(header, &o.tokens);
	if (pin && pin->n_bindings) {
		for (size_t i = 0; i < pin->n_bindings; i++)
			take_named(&o, pin->bindings[i]);
		return o.n;
	}
	take_card(&o);
	for (size_t i = 0; i < config->n_profiles; i++)
		take_profile(&o, config->profiles[i].kms.name);
	for (size_t i = 0; i < o.n_tokens; i++)
		take_token(&o, o.tokens[i]);
	return o.n;
}

static bool has_public_passphrase(struct config *config, const struct config_volume *pin,
				  const struct luks_header *header)
{
	struct binding order[POLICY_BINDINGS];
	size_t n = policy_order(config, pin, header, order);

	for (size_t i = 0; i < n; i++)
		if (order[i].kind != BINDING_KMS)
			return true;
	return false;
}

static bool may_be_secure(const struct luks_header *header)
{
	enum cex_cipher cipher;
	enum cex_key_kind kind;

	return luks_header_is_paes(header) && cex_cipher_parse(luks_header_cipher(header), &cipher) &&
	       cex_key_size_kind(luks_header_key_size(header), cipher, &kind) == 0;
}

enum outcome policy_check_open(struct config *config, const struct config_volume *pin,
			       const struct luks_header *header, struct verdict *v)
{
	if ((!policy_wants_secure_key(config, pin) && !has_public_passphrase(config, pin, header)) ||
	    may_be_secure(header))
		return OUTCOME_OK;
	return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY,
			   "it is open already, and no card protects %s with a key of %zu bytes",
			   luks_header_cipher(header), luks_header_key_size(header));
}
