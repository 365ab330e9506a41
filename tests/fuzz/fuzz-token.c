/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A token of ours as a disk holds it. What is accepted can be written and is read back the same. */
#include "fuzz.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "luks/token.h"

static void check(const struct luks_token *t)
{
	PROMISE(t->keyslot >= -1 && t->keyslot < LIMIT_KEYSLOTS);
	PROMISE(t->serial >= 0 && t->serial <= LIMIT_SERIAL);
	if (t->profile)
		PROMISE(strlen(t->profile) <= 64 && !strpbrk(t->profile, "/:.@ \n"));
	if (t->key)
		PROMISE(!strpbrk(t->key, "/:.@ \n"));
	if (t->kind == LUKS_TOKEN_KMS)
		PROMISE(t->profile && t->key && t->ciphertext && !t->passphrase);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_luks_token_ struct luks_token *token = NULL, *again = NULL;
	_cleanup_json_text_ char *json = NULL;
	_cleanup_free_ char *text = malloc(len + 1);
	struct luks_reason reason = { "" };
	int r;

	json_setup();
	PROMISE(text);
	memcpy(text, data, len);
	text[len] = '\0';
	r = luks_token_parse(text, 3, &token, &reason);
	if (r != 0) {
		PROMISE(!token && (r < 0 || reason.text[0]));
		for (const char *p = reason.text; *p; p++)
			PROMISE((unsigned char)*p >= 0x20 && *p != 0x7f);
		return 0;
	}
	check(token);
	PROMISE(luks_token_build(token, &json) == 0);
	PROMISE(luks_token_parse(json, 3, &again, &reason) == 0);
	PROMISE(again->kind == token->kind && again->serial == token->serial &&
		again->keyslot == token->keyslot && again->aad == token->aad);
	PROMISE(!token->ciphertext || !strcmp(token->ciphertext, again->ciphertext));
	return 0;
}
