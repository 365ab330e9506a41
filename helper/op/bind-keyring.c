/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standard luks2-keyring token, through which systemd and cryptsetup open with a key that we loaded. */
#include "op/bind-kind.h"

#include <stdio.h>

#include "luks/bind.h"
#include "op/backup.h"

static bool some_have_keyring(const struct bind *b)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(b->header, &tokens);

	for (size_t i = 0; i < n; i++)
		if (tokens[i]->kind == LUKS_TOKEN_KMS && tokens[i]->keyslot >= 0 &&
		    luks_bind_has_keyring(b->header, tokens[i]->keyslot))
			return true;
	return false;
}

/*
 * Only what boot and load put into the keyring is worth a token: a card's passphrase never is. Who had one keeps it
 * when the binding is made anew, and when another binding takes over (migrate).
 */
bool bind_wants_keyring(const struct bind *b)
{
	if (!b->profile)
		return false;
	return b->request->luks2_keyring || b->config->open_by_systemd || some_have_keyring(b);
}

/* A volume bound before "open = systemd" was set, or by a run that was interrupted, lacks a token. */
enum outcome bind_complete_keyring(struct bind *b)
{
	struct luks_reason reason = { "" };
	enum outcome o;
	int r;

	if (!bind_wants_keyring(b) || luks_bind_has_keyring(b->header, b->bound->keyslot))
		return OUTCOME_NOTHING_TO_DO;
	if (b->request->dry_run)
		return verdict_set(b->v, OUTCOME_OK, "%s is bound to %s, and systemd would find its key",
				   b->request->device, b->request->binding);
	o = op_backup(b->device, b->request->header_backup, b->v);
	if (o != OUTCOME_OK)
		return o;
	r = luks_bind_add_keyring(b->device, b->bound->keyslot, &reason);
	if (r != 0)
		return verdict_luks(b->v, r, b->request->device, &reason);
	return verdict_set(b->v, OUTCOME_OK, "%s is bound to %s, and systemd finds its key now (keyslot %d)",
			   b->request->device, b->request->binding, b->bound->keyslot);
}

void bind_warn_of_keyring(const struct bind *b, struct bind_result *ret)
{
	if (b->request->luks2_keyring && !b->config->open_by_systemd && !ret->warning[0])
		(void)snprintf(ret->warning, sizeof(ret->warning),
			       "the boot gives systemd no key while %s lacks \"open = systemd\"; load does",
			       b->config->path);
}
