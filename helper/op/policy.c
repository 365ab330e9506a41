/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/policy.h"

#include <inttypes.h>
#include <string.h>

#include "base/uuid.h"

static bool wants_pattern(const struct config_volume *pin, const struct cmdline *cmdline,
			  const char *uuid)
{
	for (size_t i = 0; i < cmdline->n_patterns; i++)
		if (uuid_matches(uuid, cmdline->patterns[i].uuid))
			return true;
	return pin && pin->verification_pattern;
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
	if ((config->secure_key || (pin && pin->secure_key)) && !luks_header_is_paes(header))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY,
				   "require = secure-key, but the cipher is %s", cipher);
	/*
	 * Only a card can tell a secure key from bytes that look like one, and recompute a
	 * verification pattern. Until this program can ask it, what demands it stays shut.
	 */
	if (config->secure_key || (pin && pin->secure_key))
		return verdict_set(v, OUTCOME_NOT_A_SECURE_KEY,
				   "require = secure-key, and this version cannot ask the card");
	if (wants_pattern(pin, cmdline, luks_header_uuid(header)))
		return verdict_set(v, OUTCOME_PATTERN_MISMATCH,
				   "a verification pattern is pinned, and this version cannot "
				   "recompute it");
	return verdict_set(v, OUTCOME_OK, "%s", cipher);
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
	if (token->kind != LUKS_TOKEN_KMS) {
		verdict_set(v, OUTCOME_NOT_BOUND,
			    "token %d is a card binding, which this version cannot use", token->id);
		return verdict_hint(v, "add a kms binding");
	}
	profile = config_profile_find(config, token->profile);
	if (!profile) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "token %d names profile %s, unknown here",
			    token->id, token->profile);
		return verdict_hint(v, "add [kms %s] to the configuration; rebuild the image",
				    token->profile);
	}
	return check_kms_token(profile, cmdline, token, v);
}

static bool is_binding(const struct luks_token *token, const char *binding)
{
	const char *profile = config_binding_profile(binding);

	if (profile)
		return token->kind == LUKS_TOKEN_KMS && !strcmp(token->profile, profile);
	return token->kind == LUKS_TOKEN_CARD && !strcmp(binding, "card");
}

struct order {
	const struct luks_token *const *tokens;
	size_t n_tokens;
	const struct luks_token **ret;
	size_t n;
};

static void take(struct order *o, const struct luks_token *token)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->ret[i] == token)
			return;
	if (token->keyslot >= 0 && o->n < LIMIT_TOKENS)
		o->ret[o->n++] = token;
}

static void take_binding(struct order *o, const char *binding)
{
	for (size_t i = 0; i < o->n_tokens; i++)
		if (is_binding(o->tokens[i], binding))
			take(o, o->tokens[i]);
}

static void take_profile(struct order *o, const char *profile)
{
	for (size_t i = 0; i < o->n_tokens; i++)
		if (o->tokens[i]->kind == LUKS_TOKEN_KMS && !strcmp(o->tokens[i]->profile, profile))
			take(o, o->tokens[i]);
}

size_t policy_order(struct config *config, const struct config_volume *pin,
		    const struct luks_header *header, const struct luks_token **ret)
{
	struct order o = { .ret = ret };

	o.n_tokens = luks_header_tokens(header, &o.tokens);
	if (pin && pin->n_bindings) {
		for (size_t i = 0; i < pin->n_bindings; i++)
			take_binding(&o, pin->bindings[i]);
		return o.n;
	}
	take_binding(&o, "card");
	for (size_t i = 0; i < config->n_profiles; i++)
		take_profile(&o, config->profiles[i].kms.name);
	for (size_t i = 0; i < o.n_tokens; i++)
		take(&o, o.tokens[i]);
	return o.n;
}
