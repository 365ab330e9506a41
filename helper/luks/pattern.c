/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/pattern.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "luks/change.h"
#include "luks/reason.h"

#define PATTERN_LEN (LUKS_PATTERN_SIZE - 1)

/* In zkey's spelling: another would not be equal for zkey. */
static bool is_pattern(const char *text)
{
	return strlen(text) == PATTERN_LEN && strspn(text, "0123456789abcdef") == PATTERN_LEN;
}

/* The one token of the type, its number and its pattern ("" when it has none). */
static int find(struct crypt_device *cd, int *ret_id, char ret[static LUKS_PATTERN_SIZE],
		struct luks_reason *reason)
{
	int found = 0;

	for (int id = 0; id < LIMIT_TOKENS; id++) {
		_cleanup_json_ cJSON *tree = NULL;
		const char *text;

		if (!luks_library_token(cd, id, LUKS_PATTERN_TYPE, &tree))
			continue;
		if (found++)
			return luks_refuse(reason, "tokens %d and %d both hold a verification pattern",
					   *ret_id, id);
		text = json_string(tree, "verification-pattern", PATTERN_LEN, PATTERN_LEN);
		*ret_id = id;
		ret[0] = '\0';
		if (text && is_pattern(text))
			memcpy(ret, text, LUKS_PATTERN_SIZE);
	}
	return found ? 0 : LUKS_NOT_BOUND;
}

int luks_pattern_get(const struct luks_header *header, char ret[static LUKS_PATTERN_SIZE],
		     struct luks_reason *reason)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	char pattern[LUKS_PATTERN_SIZE];
	int id, r;

	r = luks_header_bare_context(header, false, &cd);
	if (r)
		return r;
	r = find(cd, &id, pattern, reason);
	if (r)
		return r;
	if (!pattern[0])
		return luks_refuse(reason, "the verification pattern in token %d is none", id);
	memcpy(ret, pattern, sizeof(pattern));
	return 0;
}

int luks_pattern_set(const struct luks_device *device, const char *pattern,
		     struct luks_reason *reason)
{
	_cleanup_(luks_change_done) struct luks_change change = { 0 };
	_cleanup_luks_header_ struct luks_header *header = NULL;
	char json[192], old[LUKS_PATTERN_SIZE];
	int id = CRYPT_ANY_TOKEN;
	int r;

	if (!is_pattern(pattern))
		return -EINVAL;
	r = luks_change_begin(&change, device, &header, reason);
	if (r)
		return r;
	r = find(change.cd, &id, old, reason);
	if (r && r != LUKS_NOT_BOUND)
		return r;
	if (!r && !strcmp(old, pattern))
		return 0;
	(void)snprintf(json, sizeof(json), /* always fits */
		       "{\"type\":\"" LUKS_PATTERN_TYPE "\",\"keyslots\":[],"
		       "\"verification-pattern\":\"%s\"}",
		       pattern);
	return luks_change_store_token(&change, id, json, NULL, reason);
}
