/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/carried.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "luks/device.h"
#include "op/plan.h"

void carried_keys_free(struct carried_keys *keys)
{
	if (!keys)
		return;
	for (size_t i = 0; i < keys->n; i++) {
		free(keys->list[i].path);
		free(keys->list[i].sealed);
	}
	free(keys);
}

bool carried_is_wanted(const struct config_profile *profile)
{
	return strstr(profile->api_key_source, "header:") != NULL;
}

static bool is_known(const struct carried_keys *keys, const char *uuid, const struct luks_token *token)
{
	for (size_t i = 0; i < keys->n; i++)
		if (uuid_equal(keys->list[i].uuid, uuid) && !strcmp(keys->list[i].sealed, token->sealed))
			return true;
	return false;
}

static int add(struct config_profile *profile, const char *uuid, const char *path, const struct luks_token *token)
{
	struct carried_keys *keys = profile->carried;
	struct carried_key *key;

	if (!keys)
		keys = profile->carried = calloc(1, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	if (keys->n == ARRAY_SIZE(keys->list) || is_known(keys, uuid, token))
		return 0;
	key = &keys->list[keys->n++];
	*key = (struct carried_key){ .path = strdup(path), .sealed = strdup(token->sealed), .token = token->id };
	memcpy(key->uuid, uuid, strnlen(uuid, sizeof(key->uuid) - 1));
	return key->path && key->sealed ? 0 : -ENOMEM;
}

int carried_note(struct config *config, const struct luks_header *header, const char *path)
{
	const struct luks_token *const *tokens;
	size_t n = luks_header_tokens(header, &tokens);
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct config_profile *profile =
			tokens[i]->kind == LUKS_TOKEN_CREDENTIAL ? config_profile_find(config, tokens[i]->profile) : NULL;

		if (profile && carried_is_wanted(profile))
			r = add(profile, luks_header_uuid(header), path, tokens[i]);
	}
	return r;
}

static int look(struct config *config, const struct luks_device *device)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	int r = luks_header_load(device, NULL, &header, &reason);

	if (r == 0)
		r = carried_note(config, header, device->path);
	return r == -ENOMEM ? r : 0;
}

static int look_at_attached(const char *uuid, void *userdata)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason = { "" };

	return luks_device_find(uuid, &device, &reason) == 0 ? look(userdata, device) : 0;
}

/* What udev has no link for: files, and headers that lie elsewhere than their data. */
static int look_at_named(struct config *config)
{
	_cleanup_plan_ struct plan *plan = NULL;
	int r = plan_make_for_machine(config, &plan);

	for (size_t i = 0; r == 0 && i < plan->n_volumes; i++) {
		const struct plan_volume *vol = &plan->volumes[i];
		const char *path = vol->options.header[0] ? vol->options.header : vol->source;
		_cleanup_luks_device_ struct luks_device *device = NULL;

		if (path[0] && luks_device_open(path, &device) == 0)
			r = look(config, device);
	}
	return r;
}

enum outcome carried_find(struct config *config, const struct config_profile *profile, struct verdict *v)
{
	int r;

	if (!carried_is_wanted(profile))
		return OUTCOME_OK;
	r = look_at_named(config);
	if (r == 0)
		r = luks_device_each(look_at_attached, config);
	return r < 0 ? verdict_errno(v, r, "looking for API keys in headers") : OUTCOME_OK;
}
