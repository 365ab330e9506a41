/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bound-names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "luks/header.h"

void bound_names_done(struct bound_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->list[i]);
	names->n = 0;
}

bool bound_names_have(const struct bound_names *names, const char *binding)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->list[i], binding))
			return true;
	return false;
}

static int add(struct bound_names *names, const struct luks_token *token)
{
	_cleanup_free_ char *name = NULL;

	name = luks_token_binding(token);
	if (!name)
		return -ENOMEM;
	if (!bound_names_have(names, name))
		names->list[names->n++] = take_ptr(name);
	return 0;
}

static enum outcome read_names(const char *device, bool bare, struct bound_names *ret, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *opened = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	struct luks_reason reason = { "" };
	int r = luks_device_open(device, &opened);
	size_t n;

	*ret = (struct bound_names){ .n = 0 };
	if (r == 0)
		r = luks_header_load(opened, NULL, &header, &reason);
	if (r != 0)
		return verdict_luks(v, r, device, &reason);
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%s", luks_header_uuid(header));
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (tokens[i]->kind != LUKS_TOKEN_CREDENTIAL && (bare || tokens[i]->keyslot >= 0))
			r = add(ret, tokens[i]);
	return r < 0 ? verdict_errno(v, r, "bindings") : verdict_set(v, OUTCOME_OK, "%s", device);
}

enum outcome bound_names_read(const char *device, struct bound_names *ret, struct verdict *v)
{
	return read_names(device, false, ret, v);
}

enum outcome bound_names_read_bare(const char *device, struct bound_names *ret, struct verdict *v)
{
	return read_names(device, true, ret, v);
}
