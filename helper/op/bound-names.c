/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bound-names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int add_all(struct bound_names *ret, const struct luks_header *header, bool bare)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		if (tokens[i]->kind != LUKS_TOKEN_CREDENTIAL && (bare || tokens[i]->keyslot >= 0))
			r = add(ret, tokens[i]);
	return r;
}

int bound_names_lost(const struct luks_header *header, struct bound_names *ret)
{
	_cleanup_bound_names_ struct bound_names works = { .n = 0 }, all = { .n = 0 };
	int r = add_all(&works, header, false);

	*ret = (struct bound_names){ .n = 0 };
	if (r == 0)
		r = add_all(&all, header, true);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (!bound_names_have(&works, all.list[i]))
			ret->list[ret->n++] = take_ptr(all.list[i]);
	return r;
}

enum outcome bound_names_say_lost(struct verdict *v, const char *binding, const char *device)
{
	(void)verdict_set(v, OUTCOME_NOT_BOUND, "%s has no keyslot with the volume key of now; was that re-enciphered?",
			  binding);
	return verdict_hint(v, "cexluks rebind %s", device);
}

static enum outcome read_names(const char *device, bool bare, struct bound_names *ret, struct verdict *v)
{
	_cleanup_luks_device_ struct luks_device *opened = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	int r = luks_device_open(device, &opened);

	*ret = (struct bound_names){ .n = 0 };
	if (r == 0)
		r = luks_header_load(opened, NULL, &header, &reason);
	if (r != 0)
		return verdict_luks(v, r, device, &reason);
	(void)snprintf(ret->uuid, sizeof(ret->uuid), "%s", luks_header_uuid(header));
	r = add_all(ret, header, bare);
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
