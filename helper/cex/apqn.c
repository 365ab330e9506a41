/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/apqn.h"

#include <stdio.h>

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
