/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/plan.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/uuid.h"

bool plan_selects(const struct cmdline *cmdline, const char *uuid)
{
	for (size_t i = 0; i < cmdline->n_uuids; i++)
		if (uuid_matches(uuid, cmdline->uuids[i]))
			return true;
	return !cmdline->n_uuids;
}

static const char *bare(const char *uuid)
{
	return strncmp(uuid, "luks-", 5) ? uuid : uuid + 5;
}

/*
 * The volume that @uuid (whole or a beginning) means already, or a new one, always so for "". NULL:
 * no room, or no UUID.
 */
static struct plan_volume *volume_for(struct plan *plan, const char *uuid)
{
	struct plan_volume *vol;

	uuid = bare(uuid);
	if (strlen(uuid) >= UUID_SIZE || uuid[strspn(uuid, "0123456789abcdefABCDEF-")])
		return NULL;
	for (size_t i = 0; i < plan->n_volumes && *uuid; i++) {
		vol = &plan->volumes[i];
		if (vol->uuid[0] && (uuid_matches(vol->uuid, uuid) || uuid_matches(uuid, vol->uuid))) {
			if (strlen(uuid) > strlen(vol->uuid))
				(void)snprintf(vol->uuid, sizeof(vol->uuid), "%s", uuid);
			return vol;
		}
	}
	if (plan->n_volumes == LIMIT_VOLUMES)
		return NULL;
	vol = &plan->volumes[plan->n_volumes++];
	*vol = (struct plan_volume){ 0 };
	(void)snprintf(vol->uuid, sizeof(vol->uuid), "%s", uuid);
	return vol;
}

/* The first name that is given counts; later ones are kept, so that a refusal can cover them. */
static void set_name(struct plan_volume *vol, const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= PLAN_NAME_SIZE || strchr(name, '/'))
		return; /* nobody can open a mapping of that name */
	if (!vol->name[0]) {
		memcpy(vol->name, name, len + 1);
		return;
	}
	for (size_t i = 0; strcmp(vol->name, name) != 0 && i < PLAN_ALIASES; i++) {
		if (!vol->aliases[i][0])
			memcpy(vol->aliases[i], name, len + 1);
		if (!strcmp(vol->aliases[i], name))
			return;
	}
}

void plan_complete(struct plan_volume *vol, const struct config *config,
		   const struct cmdline *cmdline, const char *uuid)
{
	bool nofail = vol->options.nofail;
	char name[PLAN_NAME_SIZE];

	if (uuid != vol->uuid) /* plan_make() completes a volume from itself */
		(void)snprintf(vol->uuid, sizeof(vol->uuid), "%s", uuid);
	for (char *p = vol->uuid; *p; p++)
		*p = (char)tolower((unsigned char)*p); /* as in udev's links */
	uuid = vol->uuid;
	for (size_t i = cmdline->n_luks_names; i-- > 0;)
		if (uuid_matches(uuid, cmdline->luks_names[i].uuid))
			set_name(vol, cmdline->luks_names[i].value);
	for (size_t i = 0; i < cmdline->n_luks_options; i++)
		if (!cmdline->luks_options[i].uuid[0] ||
		    uuid_matches(uuid, cmdline->luks_options[i].uuid))
			crypttab_options_add(&vol->options, cmdline->luks_options[i].value);
	/* The command line's nofail is systemd's business: it must not keep on-failure from acting. */
	vol->options.nofail = nofail;
	if (!vol->pin)
		vol->pin = config_volume_find(config, uuid);
	if (vol->pin) {
		crypttab_options_add(&vol->options, vol->pin->options);
		vol->options.nofail = vol->options.nofail || vol->pin->nofail;
	}
	(void)snprintf(name, sizeof(name), "luks-%s", uuid);
	set_name(vol, name);
}

/* Volumes that systemd opens without a LUKS header, and sources that no path stands for, are its own. */
static int add_crypttab_line(struct plan *plan, const struct crypttab_line *line)
{
	_cleanup_free_ char *path = NULL;
	struct crypttab_options options = { 0 };
	struct plan_volume *vol;
	int r;

	crypttab_options_add(&options, line->options);
	if (options.not_luks)
		return 0;
	if (!*line->uuid) {
		r = crypttab_source_path(line->source, &path);
		if (r == -ENOMEM)
			return r;
		if (r < 0 || strlen(path) >= sizeof(vol->source))
			return 0;
	}
	vol = volume_for(plan, line->uuid);
	if (!vol)
		return 0;
	set_name(vol, line->name);
	if (path)
		memcpy(vol->source, path, strlen(path) + 1);
	crypttab_options_add(&vol->options, line->options);
	vol->has_key = line->has_key;
	vol->asked_elsewhere = true;
	return 0;
}

static void add_cmdline(struct plan *plan, const struct cmdline *cmdline)
{
	struct plan_volume *vol;

	for (size_t i = cmdline->n_luks_names; i-- > 0;) {
		vol = volume_for(plan, cmdline->luks_names[i].uuid);
		if (!vol)
			continue;
		set_name(vol, cmdline->luks_names[i].value);
		vol->asked_elsewhere = true;
	}
	for (size_t i = 0; i < cmdline->n_luks_uuids; i++) {
		vol = volume_for(plan, cmdline->luks_uuids[i]);
		if (!vol)
			continue;
		vol->asked_elsewhere = true;
	}
}

/* Drops what rd.cexluks.uuid leaves out and what nobody wants opened at boot. */
static void narrow(struct plan *plan, const struct cmdline *cmdline)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *vol = &plan->volumes[i];

		/* One that crypttab names by path is left out when its UUID is known: op/round.c. */
		if (vol->options.noauto || (!vol->source[0] && !plan_selects(cmdline, vol->uuid)))
			continue;
		plan->volumes[kept++] = *vol;
	}
	plan->n_volumes = kept;
}

int plan_make_all(const struct config *config, const struct cmdline *cmdline,
		  const struct crypttab *crypttab, struct plan **ret)
{
	_cleanup_plan_ struct plan *plan = calloc(1, sizeof(*plan));
	int r = plan ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < crypttab->n_lines; i++)
		r = add_crypttab_line(plan, &crypttab->lines[i]);
	if (r < 0)
		return r;
	add_cmdline(plan, cmdline);
	for (size_t i = 0; i < config->n_volumes; i++)
		if (config->volumes[i].uuid)
			(void)volume_for(plan, config->volumes[i].uuid);
	for (size_t i = 0; i < cmdline->n_uuids; i++)
		if (*bare(cmdline->uuids[i]))
			(void)volume_for(plan, cmdline->uuids[i]);
	plan->scan = !plan->n_volumes;
	for (size_t i = 0; i < plan->n_volumes; i++)
		if (uuid_is_valid(plan->volumes[i].uuid))
			plan_complete(&plan->volumes[i], config, cmdline, plan->volumes[i].uuid);
	*ret = take_ptr(plan);
	return 0;
}

int plan_make_for_machine(const struct config *config, struct plan **ret)
{
	_cleanup_cmdline_ struct cmdline *nothing = NULL;
	_cleanup_crypttab_ struct crypttab *crypttab = NULL;
	int r = cmdline_parse("", &nothing);

	if (r == 0)
		r = crypttab_load(config->sysroot, &crypttab);
	return r == 0 ? plan_make_all(config, nothing, crypttab, ret) : r;
}

int plan_make(const struct config *config, const struct cmdline *cmdline,
	      const struct crypttab *crypttab, struct plan **ret)
{
	int r = plan_make_all(config, cmdline, crypttab, ret);

	/* Where nothing is unlocked, what is asked must not depend on what would have been selected. */
	if (r == 0 && !plan_is_off(config, cmdline))
		narrow(*ret, cmdline);
	return r;
}

struct plan_volume *plan_add_found(struct plan *plan, const struct config *config,
				   const struct cmdline *cmdline, const char *uuid)
{
	struct plan_volume *vol;

	if (!plan_selects(cmdline, uuid))
		return NULL;
	vol = volume_for(plan, uuid);
	if (vol)
		plan_complete(vol, config, cmdline, uuid);
	return vol;
}

static bool may_use_kms(const struct plan_volume *vol)
{
	/* Without pinned bindings only the header knows, and that is read later. */
	if (!vol->pin || !vol->pin->n_bindings)
		return true;
	for (size_t i = 0; i < vol->pin->n_bindings; i++)
		if (config_binding_profile(vol->pin->bindings[i]))
			return true;
	return false;
}

bool plan_is_off(const struct config *config, const struct cmdline *cmdline)
{
	return cmdline->off || cmdline->luks_off || (cmdline->shell_word && !config->debug_shell);
}

bool plan_wants_keys(const struct config *config, const struct cmdline *cmdline)
{
	struct verdict v = { 0 };
	const char *profile;

	if (!config->keys_at_boot || cmdline->keys_off || plan_is_off(config, cmdline))
		return false;
	/* Who has no profile for them is to hear about it. */
	return config_keys_profile(config, &profile, &v) != OUTCOME_OK || cmdline_allows_profile(cmdline, profile);
}

bool plan_needs_network(const struct plan *plan, const struct config *config,
			const struct cmdline *cmdline)
{
	bool profile = false;

	if (plan_is_off(config, cmdline))
		return false;
	for (size_t i = 0; i < config->n_profiles; i++)
		profile = profile || cmdline_allows_profile(cmdline, config->profiles[i].kms.name);
	if (!profile)
		return false;
	if (plan_wants_keys(config, cmdline))
		return true;
	for (size_t i = 0; i < plan->n_volumes; i++)
		if (may_use_kms(&plan->volumes[i]))
			return true;
	return plan->scan;
}
