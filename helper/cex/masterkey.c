/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/masterkey.h"

#include <string.h>

#include "base/attributes.h"
#include "cex/hex.h"

static const char *const states[] = {
	[CEX_STATE_UNKNOWN] = "-",	     [CEX_STATE_EMPTY] = "empty",
	[CEX_STATE_PARTIAL] = "partial",     [CEX_STATE_FULL] = "full",
	[CEX_STATE_INVALID] = "invalid",     [CEX_STATE_VALID] = "valid",
	[CEX_STATE_UNCOMMITTED] = "uncommitted", [CEX_STATE_COMMITTED] = "committed",
};

static const struct {
	const char *text;
	enum cex_mode mode;
	enum cex_register reg;
	size_t digits; /* in the file; of EP11's 64 the first half counts */
} registers[] = {
	{ "AES CUR", CEX_MODE_CCA, CEX_REGISTER_CUR, 16 },
	{ "AES OLD", CEX_MODE_CCA, CEX_REGISTER_OLD, 16 },
	{ "AES NEW", CEX_MODE_CCA, CEX_REGISTER_NEW, 16 },
	{ "WK CUR", CEX_MODE_EP11, CEX_REGISTER_CUR, 64 },
	{ "WK NEW", CEX_MODE_EP11, CEX_REGISTER_NEW, 64 },
};

const char *cex_register_text(enum cex_mode mode, enum cex_register reg)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++)
		if (registers[i].mode == mode && registers[i].reg == reg)
			return registers[i].text;
	return "-";
}

const char *cex_key_state_text(enum cex_key_state state)
{
	return states[state];
}

static enum cex_key_state parse_state(const char *word, size_t len)
{
	for (unsigned s = CEX_STATE_EMPTY; s < ARRAY_SIZE(states); s++)
		if (strlen(states[s]) == len && !strncmp(states[s], word, len))
			return (enum cex_key_state)s;
	return CEX_STATE_UNKNOWN;
}

/* Only then is the pattern more than zeros. */
static bool holds_key(enum cex_key_state state)
{
	return state == CEX_STATE_VALID || state == CEX_STATE_FULL ||
	       state == CEX_STATE_UNCOMMITTED || state == CEX_STATE_COMMITTED;
}

/* "valid 0x0123456789abcdef" up to the end of its line, behind the register's name. */
static void parse_value(const char *p, enum cex_mode mode, size_t digits, struct cex_master_key *ret)
{
	struct cex_master_key key = { .state = CEX_STATE_UNKNOWN };
	unsigned char bytes[32];
	size_t len = strcspn(p, " \n");

	key.state = parse_state(p, len);
	p += len;
	if (holds_key(key.state)) {
		/* A register that claims a key and shows no pattern of the right length is not believed. */
		if (strncmp(p, " 0x", 3) != 0 || strspn(p + 3, "0123456789abcdefABCDEF") != digits ||
		    !cex_hex_parse(p + 3, bytes, digits / 2))
			key.state = CEX_STATE_UNKNOWN;
		else
			key.mkvp = cex_mkvp_make(mode, bytes);
	}
	*ret = key;
}

static void parse_line(const char *line, struct cex_master_keys *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
		size_t len = strlen(registers[i].text);

		if (strncmp(line, registers[i].text, len) != 0 || strncmp(line + len, ": ", 2) != 0)
			continue;
		if (ret->mode != CEX_MODE_UNKNOWN && ret->mode != registers[i].mode)
			return; /* a domain is of one kind; the first line decides */
		ret->mode = registers[i].mode;
		parse_value(line + len + 2, registers[i].mode, registers[i].digits,
			    &ret->keys[registers[i].reg]);
		return;
	}
}

void cex_master_keys_parse(const char *text, struct cex_master_keys *ret)
{
	*ret = (struct cex_master_keys){ .mode = CEX_MODE_UNKNOWN };
	while (*text) {
		parse_line(text, ret);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}
