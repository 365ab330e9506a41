/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel command line. Whatever stands on it: "rd.cexluks=0" is final, and words only narrow. */
#include "fuzz.h"

#include <string.h>

#include "op/cmdline.h"
#include "op/crypttab.h"

static void inside(const struct cmdline *c, size_t len, const char *p)
{
	PROMISE(p && (!*p || (p >= c->text && p <= c->text + len)));
}

static void check(const struct cmdline *c, size_t len)
{
	struct crypttab_options o = { 0 };

	for (size_t i = 0; i < c->n_uuids; i++)
		inside(c, len, c->uuids[i]);
	for (size_t i = 0; i < c->n_profiles; i++)
		inside(c, len, c->profiles[i]);
	for (size_t i = 0; i < c->n_unknown; i++)
		PROMISE(!strncmp(c->unknown[i], "rd.cexluks", 10));
	for (size_t i = 0; i < c->n_patterns; i++)
		PROMISE(*c->patterns[i].uuid);
	for (size_t i = 0; i < c->n_luks_names; i++)
		PROMISE(*c->luks_names[i].uuid);
	for (size_t i = 0; i < c->n_luks_options; i++)
		crypttab_options_add(&o, c->luks_options[i].value);
	PROMISE(strlen(o.header) < sizeof(o.header) && strlen(o.unknown) < sizeof(o.unknown));
	PROMISE(c->timeout_ms <= 86400000);
}

static unsigned quotes(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '"';
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_cmdline_ struct cmdline *c = NULL, *more = NULL;
	_cleanup_free_ char *text = malloc(len + 64);

	PROMISE(text);
	memcpy(text, data, len);
	text[len] = '\0';
	PROMISE(cmdline_parse(text, &c) == 0);
	check(c, strlen(text));
	if (quotes(text) % 2)
		return 0; /* what follows would belong to the last word */
	/* What was off stays off, a shorter timeout counts. */
	strcat(text, " rd.cexluks=1 rd.cexluks.timeout=1 ");
	PROMISE(cmdline_parse(text, &more) == 0);
	PROMISE(!c->off || more->off);
	PROMISE(!c->timeout_ms || (more->timeout_ms && more->timeout_ms <= c->timeout_ms));
	return 0;
}
