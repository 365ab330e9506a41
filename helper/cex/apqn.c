/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/apqn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cex/hex.h"

bool cex_apqn_parse(const char *text, struct cex_apqn *ret)
{
	unsigned char domain[2];
	unsigned char card;

	if (!cex_hex_parse(text, &card, 1) || text[2] != '.' || !cex_hex_parse(text + 3, domain, 2) ||
	    text[7])
		return false;
	ret->card = card;
	ret->domain = (uint16_t)(domain[0] << 8 | domain[1]);
	return true;
}

void cex_apqn_text(const struct cex_apqn *apqn, char ret[static CEX_APQN_SIZE])
{
	(void)snprintf(ret, CEX_APQN_SIZE, "%02x.%04x", apqn->card & 0xffu, apqn->domain);
}

/* Up to @max hexadecimal digits; what follows them, or NULL. */
static const char *take_number(const char *p, size_t max, uint16_t *ret)
{
	size_t n = strspn(p, "0123456789abcdefABCDEF");

	if (!n || n > max)
		return NULL;
	*ret = (uint16_t)strtoul(p, NULL, 16);
	return p + n;
}

bool cex_apqns_parse(const char *text, struct cex_apqns *ret)
{
	struct cex_apqns list = { .n = 0 };

	for (const char *p = text;; p++) {
		struct cex_apqn one;

		p = take_number(p, 2, &one.card);
		if (!p || *p++ != '.')
			return false;
		p = take_number(p, 4, &one.domain);
		if (!p || (*p && *p != ',') || list.n == LIMIT_AP_APQNS || cex_apqns_have(&list, &one))
			return false;
		list.list[list.n++] = one;
		if (!*p)
			break;
	}
	*ret = list;
	return true;
}

void cex_apqns_text(const struct cex_apqns *apqns, char ret[static CEX_APQNS_SIZE])
{
	ret[0] = '\0';
	for (size_t i = 0; i < apqns->n; i++) {
		if (i)
			*ret++ = ',';
		cex_apqn_text(&apqns->list[i], ret);
		ret += CEX_APQN_SIZE - 1;
	}
}

bool cex_apqns_have(const struct cex_apqns *apqns, const struct cex_apqn *apqn)
{
	for (size_t i = 0; i < apqns->n; i++)
		if (cex_apqn_equal(&apqns->list[i], apqn))
			return true;
	return false;
}
