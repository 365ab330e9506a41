/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people type and zkey keeps: lists of domains and of volumes, names of keys. What is accepted is
 * written as zkey reads it back.
 */
#include "fuzz.h"

#include <string.h>

#include "base/limits.h"
#include "cex/apqn.h"
#include "cex/repository.h"

static void check_apqns(const char *text)
{
	struct cex_apqns list, again;
	char written[CEX_APQNS_SIZE];

	if (!cex_apqns_parse(text, &list))
		return;
	PROMISE(list.n >= 1 && list.n <= LIMIT_AP_APQNS);
	cex_apqns_text(&list, written);
	PROMISE(strlen(written) == list.n * CEX_APQN_SIZE - 1);
	PROMISE(cex_apqns_parse(written, &again));
	PROMISE(again.n == list.n && !memcmp(again.list, list.list, list.n * sizeof(list.list[0])));
	for (size_t i = 0; i < list.n; i++)
		for (size_t j = 0; j < i; j++)
			PROMISE(!cex_apqn_equal(&list.list[i], &list.list[j]));
}

static void check_volumes(const char *text)
{
	size_t commas = 0, colons = 0;

	if (!cex_repository_volumes_are_valid(text))
		return;
	for (const char *p = text; *p; p++) {
		commas += *p == ',';
		colons += *p == ':';
		PROMISE(*p > ' ' && *p <= '~' && *p != '*' && *p != '?');
	}
	PROMISE(strlen(text) < LIMIT_ZKEY_LINE && colons > commas);
	PROMISE(text[0] != ',' && text[0] != ':' && !strstr(text, ",,"));
}

static void check_words(const char *text)
{
	if (cex_repository_name_is_valid(text))
		PROMISE(text[0] && text[0] != '.' && strlen(text) <= LIMIT_ZKEY_NAME &&
			!strpbrk(text, "/\\*?'\" \n"));
	if (cex_repository_description_is_valid(text))
		PROMISE(strlen(text) < LIMIT_ZKEY_LINE && !strpbrk(text, "\n\r\t\x1b"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	PROMISE(text);
	memcpy(text, data, len);
	text[len] = '\0';
	check_apqns(text);
	check_volumes(text);
	check_words(text);
	free(text);
	return 0;
}
