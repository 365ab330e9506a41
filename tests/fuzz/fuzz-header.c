/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON of a LUKS2 header. What the rules let pass has one segment, a cipher that hides, and numbers that fit. */
#include "fuzz.h"

#include <string.h>

#include "base/json.h"
#include "luks/rules.h"

static void check_keyslot(const struct luks_facts *facts, size_t i)
{
	const struct luks_keyslot *slot = &facts->keyslots[i];
	struct luks_reason reason = { "" };

	PROMISE(slot->id >= 0 && slot->id < LIMIT_KEYSLOTS);
	PROMISE(i == 0 || slot->id > facts->keyslots[i - 1].id);
	PROMISE(slot->iterations >= 1 && slot->memory_kb >= 0);
	PROMISE(facts->priorities[i] >= 0 && facts->priorities[i] <= 2);
	PROMISE(facts->areas[i].offset + facts->areas[i].size <= facts->areas_end);
	if (luks_rules_check_cost(slot, 1u << 20, &reason) != 0)
		PROMISE(reason.text[0]);
	else
		PROMISE(slot->iterations <= LIMIT_PBKDF2_ANY && slot->memory_kb <= 1 << 20);
}

static void check(const struct luks_facts *facts, bool detached)
{
	PROMISE(memchr(facts->cipher, '\0', sizeof(facts->cipher)) && strchr(facts->cipher, '-'));
	PROMISE(!strstr(facts->cipher, "null") && !strstr(facts->cipher, "ecb"));
	PROMISE(facts->sector_size >= 512 && facts->sector_size <= 4096);
	PROMISE(facts->data_offset % 512 == 0 && facts->data_size % facts->sector_size == 0);
	PROMISE(detached || facts->data_offset >= facts->areas_end);
	PROMISE(facts->n_keyslots <= LIMIT_KEYSLOTS);
	PROMISE(!facts->n_keyslots || luks_rules_key_fits(facts->cipher, facts->key_size));
	for (size_t i = 0; i < facts->n_keyslots; i++)
		check_keyslot(facts, i);
}

static bool passes(const cJSON *header, bool detached)
{
	struct luks_reason reason = { "" };
	struct luks_facts facts = { 0 };
	int r = luks_rules_check(header, detached, &facts, &reason);

	PROMISE(r == 0 || r == LUKS_REFUSED);
	PROMISE(memchr(reason.text, '\0', sizeof(reason.text)) && (r == 0 || reason.text[0]));
	for (const char *p = reason.text; *p; p++)
		PROMISE((unsigned char)*p >= 0x20 && *p != 0x7f);
	if (r == 0)
		check(&facts, detached);
	return r == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_json_ cJSON *header = NULL;

	json_setup();
	if (json_parse((const char *)data, len, LIMIT_HEADER_DEPTH, &header))
		return 0;
	/* a detached header may have its data anywhere, and is held to every other rule */
	if (passes(header, false))
		PROMISE(passes(header, true));
	else
		(void)passes(header, true);
	return 0;
}
