/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "op/credential-source.h"

static enum outcome below(const char *sysroot, const char *path, char **ret, struct verdict *v)
{
	if (asprintf(ret, "%s%s", sysroot, path) >= 0)
		return OUTCOME_OK;
	*ret = NULL;
	return verdict_errno(v, ENOMEM, path);
}

/* Who asks for keys, and how much is to be done for them. */
struct seeker {
	const char *sysroot;
	struct config_profile *profile;
	deadline_t deadline;
	bool look; /* at the files; no card is asked */
};

/* @ret stays NULL where a look was all. */
static enum outcome read_sealed(const struct seeker *seeker, const char *path, struct secret **ret, struct verdict *v)
{
	const char *name = seeker->profile->kms.name;
	bool old = false;
	enum outcome o = seeker->look ? credential_look_at_sealed(path, name, v) :
					credential_from_sealed(path, name, seeker->sysroot, &old, ret, v);

	if (o == OUTCOME_OK && old) {
		seeker->profile->old_master_key = true;
		log_warning("%s opens with the old master key of the card: seal it again before the next change", path);
	}
	return o;
}

static enum outcome read_source(const struct seeker *seeker, const char *source, struct secret **ret,
				struct verdict *v)
{
	_cleanup_free_ char *path = NULL;
	const char *rest = strchr(source, ':');
	enum outcome o = below(seeker->sysroot, rest ? rest + 1 : "", &path, v);

	if (o != OUTCOME_OK)
		return o;
	if (!strncmp(source, "file:", 5))
		return credential_from_file(path, ret, v);
	if (!strncmp(source, "sealed:", 7))
		return read_sealed(seeker, path, ret, v);
	if (!strncmp(source, "tpm:", 4))
		return credential_from_tpm(path, seeker->deadline, ret, v);
	if (!strncmp(source, "credential:", 11))
		return credential_from_systemd(rest + 1, ret, v);
	return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "this version cannot read API keys from %s", source);
}

/* Opened by something that may refuse today what it opened yesterday. */
static bool is_kept_by_hardware(const char *source)
{
	return !strncmp(source, "tpm:", 4) || !strncmp(source, "sealed:", 7);
}

/* What was read before a source was refused must not be used by whoever asks next. */
static enum outcome drop_keys(struct kms_profile *kms, enum outcome o)
{
	for (size_t i = 0; i < kms->n_api_keys; i++)
		secret_free(take_ptr(kms->api_keys[i]));
	kms->n_api_keys = 0;
	return o;
}

static enum outcome load_keys(const struct seeker *seeker, struct verdict *v)
{
	_cleanup_free_ char *text = strdup(seeker->profile->api_key_source);
	struct kms_profile *kms = &seeker->profile->kms;
	enum outcome worst = OUTCOME_OK;
	bool looked = false;
	char *rest = NULL;

	if (!text)
		return verdict_errno(v, ENOMEM, "api-key");
	for (char *p = strtok_r(text, ", \t", &rest); p && kms->n_api_keys < LIMIT_API_KEYS;
	     p = strtok_r(NULL, ", \t", &rest)) {
		struct secret **key = &kms->api_keys[kms->n_api_keys];
		enum outcome o = read_source(seeker, p, key, v);

		looked = looked || o == OUTCOME_OK;
		if (o == OUTCOME_OK && *key)
			kms->n_api_keys++;
		else if (o == OUTCOME_OK)
			continue;
		else if (kms->n_api_keys && is_kept_by_hardware(p))
			log_warning("%s; going on with the API key before it", v->cause);
		else if (o != OUTCOME_CREDENTIAL_MISSING)
			return drop_keys(kms, o); /* a readable secret is not to be skipped */
		else
			worst = o;
	}
	return looked ? OUTCOME_OK : worst;
}

static enum outcome load_ca(const char *sysroot, struct config_profile *profile, struct verdict *v)
{
	_cleanup_free_ char *path = NULL, *ca = NULL;
	struct kms_profile *kms = &profile->kms;
	size_t len;
	int r;

	if (kms->ca)
		return OUTCOME_OK;
	if (!kms->ca_file) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no ca-file", kms->name);
		return verdict_hint(v, "name the roots to trust, e.g. ca-file = "
				       "/etc/ssl/certs/ca-certificates.crt");
	}
	if (below(sysroot, kms->ca_file, &path, v) != OUTCOME_OK)
		return v->outcome;
	r = file_read(path, LIMIT_CA_FILE, &ca, &len);
	if (r == -ENOENT) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s does not exist", path);
		return verdict_hint(v, "put the service's CA there, or correct ca-file");
	}
	if (r == -EFBIG)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s is larger than %u bytes",
				   path, LIMIT_CA_FILE);
	if (r < 0)
		return verdict_errno(v, r, path);
	if (!strstr(ca, "-----BEGIN CERTIFICATE-----"))
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "ca-file %s holds no PEM certificate",
				   path);
	kms->ca = take_ptr(ca);
	kms->ca_len = len;
	return OUTCOME_OK;
}

static enum outcome seek(const struct seeker *seeker, struct verdict *v)
{
	enum outcome o = load_ca(seeker->sysroot, seeker->profile, v);

	if (o != OUTCOME_OK || seeker->profile->kms.n_api_keys)
		return o;
	return load_keys(seeker, v);
}

enum outcome credential_load(const char *sysroot, struct config_profile *profile, deadline_t deadline,
			     struct verdict *v)
{
	const struct seeker seeker = { sysroot, profile, deadline, false };

	return seek(&seeker, v);
}

enum outcome credential_look(const char *sysroot, struct config_profile *profile, struct verdict *v)
{
	const struct seeker seeker = { sysroot, profile, DEADLINE_NEVER, true };

	return seek(&seeker, v);
}

static enum outcome refuse_tpm(const struct config_profile *profile, const char *source, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "[kms %s]: %s cannot work in an initramfs, where no tcsd is",
		    profile->kms.name, source);
	return verdict_hint(v, "use file:, or leave cexluks out of the image, as in "
			       "omit_dracutmodules+=\" cexluks \"");
}

enum outcome credential_each_file(const struct config_profile *profile,
				  enum outcome (*visit)(const char *path, void *userdata),
				  void *userdata, struct verdict *v)
{
	_cleanup_free_ char *text = strdup(profile->api_key_source);
	enum outcome o;
	char *rest = NULL;

	if (!text)
		return verdict_errno(v, ENOMEM, "api-key");
	if (!profile->kms.ca_file) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no ca-file", profile->kms.name);
		return verdict_hint(v, "an image without a CA cannot trust the service; set ca-file");
	}
	o = visit(profile->kms.ca_file, userdata);
	for (char *p = strtok_r(text, ", \t", &rest); p && o == OUTCOME_OK;
	     p = strtok_r(NULL, ", \t", &rest)) {
		if (!strncmp(p, "file:", 5))
			o = visit(p + 5, userdata);
		else if (!strncmp(p, "sealed:", 7))
			o = visit(p + 7, userdata);
		else if (!strncmp(p, "tpm:", 4))
			o = refuse_tpm(profile, p, v);
		else if (!strncmp(p, "header:", 7))
			o = verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE,
					"[kms %s]: %s cannot work in an initramfs of this version",
					profile->kms.name, p);
	}
	return o;
}
