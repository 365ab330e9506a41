/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The "mkvps" file of a domain. Only a register that says so, and shows a pattern, holds a key. */
#include "fuzz.h"

#include <string.h>

#include "cex/masterkey.h"

static void check(const struct cex_master_keys *masters, enum cex_register reg)
{
	const struct cex_master_key *key = &masters->keys[reg];
	char text[CEX_MKVP_TEXT];
	size_t len = cex_mkvp_len(&key->mkvp);

	cex_mkvp_text(&key->mkvp, text);
	PROMISE(strlen(text) == 2 * len);
	PROMISE(!len || key->mkvp.mode == masters->mode);
	PROMISE((len > 0) == (key->state == CEX_STATE_VALID || key->state == CEX_STATE_FULL ||
			      key->state == CEX_STATE_UNCOMMITTED || key->state == CEX_STATE_COMMITTED));
	PROMISE(strlen(cex_key_state_text(key->state)) > 0);
	if (masters->mode == CEX_MODE_UNKNOWN)
		PROMISE(key->state == CEX_STATE_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct cex_master_keys masters;
	char *text = malloc(len + 1);

	PROMISE(text);
	memcpy(text, data, len);
	text[len] = '\0';
	cex_master_keys_parse(text, &masters);
	PROMISE(masters.mode != CEX_MODE_ACCELERATOR);
	for (int reg = 0; reg < CEX_REGISTERS; reg++)
		check(&masters, (enum cex_register)reg);
	PROMISE(masters.mode != CEX_MODE_EP11 || masters.keys[CEX_REGISTER_OLD].state == CEX_STATE_UNKNOWN);
	free(text);
	return 0;
}
