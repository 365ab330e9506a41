/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/image.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/uuid.h"
#include "op/boot-setup.h"
#include "op/credential.h"
#include "op/keys-directory.h"

struct printer {
	const char *sysroot;
	void (*print)(const char *line, void *userdata);
	void *userdata;
	struct verdict *v;
};

static enum outcome print_file(const char *path, bool spare, void *userdata)
{
	struct printer *p = userdata;
	_cleanup_free_ char *whole = NULL;

	if (asprintf(&whole, "%s%s", p->sysroot, path) < 0)
		return verdict_errno(p->v, ENOMEM, path);
	if (spare && access(whole, F_OK) < 0)
		return OUTCOME_OK;
	if (access(whole, R_OK) < 0) {
		verdict_set(p->v, OUTCOME_CREDENTIAL_MISSING, "%s: %s", whole, strerror(errno));
		return verdict_hint(p->v, "an image without it could not unlock; put it there first");
	}
	p->print(path, p->userdata);
	return OUTCOME_OK;
}

/* Ignition may make it later, but not before the next image: worth a word, no reason to fail. */
static enum outcome print_keyfiles(const struct config_volume *vol, struct printer *p)
{
	for (size_t i = 0; i < vol->n_bindings; i++) {
		const char *path = config_binding_keyfile(vol->bindings[i]);
		enum outcome o = path ? print_file(path, false, p) : OUTCOME_OK;

		if (o == OUTCOME_CREDENTIAL_MISSING)
			log_warning("[volume %s]: %s; the image goes without", vol->name, p->v->cause);
		else if (o != OUTCOME_OK)
			return o;
	}
	return OUTCOME_OK;
}

/* What could not be loaded is left out; here as there it is no reason to do without the others. */
static enum outcome print_keys(struct printer *p)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	int r = keys_directory_read(p->sysroot, &dir);

	if (r < 0)
		return verdict_errno(p->v, r, "keys directory");
	for (size_t i = 0; i < dir.n; i++)
		if (dir.files[i].ciphertext)
			p->print(dir.files[i].path + strlen(p->sysroot), p->userdata);
		else
			log_warning("%s: %s; the image goes without", dir.files[i].path, dir.files[i].verdict.cause);
	return OUTCOME_OK;
}

enum outcome op_image_files(const struct boot_request *request,
			    void (*print)(const char *line, void *userdata), void *userdata,
			    struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	struct printer p = { request->sysroot, print, userdata, v };
	enum outcome o = config_load(request->sysroot, request->config_path, &config, v);

	if (o != OUTCOME_OK)
		return o;
	print(config->old_format ? CONFIG_OLD_PATH : CONFIG_PATH, userdata);
	for (size_t i = 0; i < config->n_profiles && o == OUTCOME_OK; i++)
		o = credential_each_file(&config->profiles[i], print_file, &p, v);
	/* The same look that the boot will take: modes, contents, PEM. */
	for (size_t i = 0; i < config->n_profiles && o == OUTCOME_OK; i++) {
		o = credential_look(request->sysroot, &config->profiles[i], v);
		if (o == OUTCOME_CREDENTIAL_MISSING &&
		    strstr(config->profiles[i].api_key_source, "credential:"))
			o = OUTCOME_OK; /* comes with the boot, not with the image */
	}
	for (size_t i = 0; i < config->n_volumes && o == OUTCOME_OK; i++)
		o = print_keyfiles(&config->volumes[i], &p);
	if (o == OUTCOME_OK && config->keys_at_boot)
		o = print_keys(&p);
	return o == OUTCOME_OK ? verdict_set(v, OUTCOME_OK, "%s", config->path) : o;
}

enum outcome op_image_needs_network(const struct boot_request *request, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	enum outcome o = config_load(request->sysroot, request->config_path, &config, v);

	if (o != OUTCOME_OK)
		return o;
	return verdict_set(v, config->n_profiles ? OUTCOME_OK : OUTCOME_NOTHING_TO_DO,
			   "%zu profiles", config->n_profiles);
}

enum outcome op_image_needs_names(const struct boot_request *request, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	enum outcome o = config_load(request->sysroot, request->config_path, &config, v);

	if (o != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < config->n_profiles; i++)
		if (kms_profile_needs_names(&config->profiles[i].kms))
			return verdict_set(v, OUTCOME_OK, "profile '%s'", config->profiles[i].kms.name);
	return verdict_set(v, OUTCOME_NOTHING_TO_DO, "every address is configured");
}

static bool names(const struct crypttab *crypttab, const struct config_volume *vol)
{
	for (size_t i = 0; i < crypttab->n_lines; i++)
		if (uuid_equal(crypttab->lines[i].uuid, vol->uuid))
			return true;
	return false;
}

enum outcome op_image_crypttab(const struct boot_request *request,
			       void (*print)(const char *line, void *userdata), void *userdata,
			       struct verdict *v)
{
	_cleanup_boot_setup_ struct boot_setup setup = { 0 };
	enum outcome o = boot_setup_read(request, &setup, v);

	if (o != OUTCOME_OK)
		return o;
	for (size_t i = 0; i < setup.config->n_volumes; i++) {
		const struct config_volume *vol = &setup.config->volumes[i];
		_cleanup_free_ char *line = NULL;

		if (!vol->uuid || names(setup.crypttab, vol))
			continue;
		if (asprintf(&line, "luks-%s UUID=%s none %s%s%s", vol->uuid, vol->uuid,
			     "luks", vol->nofail ? ",nofail" : "",
			     vol->options ? "," : "") < 0)
			return verdict_errno(v, ENOMEM, "crypttab");
		if (vol->options) {
			_cleanup_free_ char *whole = NULL;

			if (asprintf(&whole, "%s%s", line, vol->options) < 0)
				return verdict_errno(v, ENOMEM, "crypttab");
			print(whole, userdata);
			continue;
		}
		print(line, userdata);
	}
	return verdict_set(v, OUTCOME_OK, "crypttab");
}
