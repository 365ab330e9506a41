/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bound-key.h"

#include "base/log.h"

enum outcome bound_key_read(struct luks_header *header, struct volume_key *ret, struct verdict *v)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);

	*ret = (struct volume_key){ 0 };
	for (size_t i = 0; i < n; i++) {
		enum outcome o;

		if (tokens[i]->kind != LUKS_TOKEN_CARD || tokens[i]->keyslot < 0)
			continue;
		o = volume_key_read(header, tokens[i]->keyslot, tokens[i]->passphrase, ret, v);
		if (o == OUTCOME_OK || o == OUTCOME_NOT_A_SECURE_KEY)
			return o;
		volume_key_done(ret);
		log_debug("token %d does not open it: %s", tokens[i]->id, v->cause);
	}
	return verdict_set(v, OUTCOME_NOT_BOUND, "no card binding opens the volume");
}
