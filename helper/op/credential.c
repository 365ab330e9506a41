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
	const struct config_profile *profile;
	deadline_t deadline;
	bool look; /* at the files; no card is asked */
};

static enum outcome none_carried(const char *profile, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_MISSING, "no volume's header has the API key of %s", profile);
	return verdict_hint(v, "cexluks credential seal %s --header DEVICE", profile);
}

/* @ret stays NULL where a look was all. */
static enum outcome read_source(const struct seeker *seeker, const struct credential_source *from, bool *ret_old,
				struct secret **ret, struct verdict *v)
{
	_cleanup_free_ char *path = NULL;
	const char *source = from->text, *name = seeker->profile->kms.name, *rest = strchr(source, ':');
	enum outcome o = below(seeker->sysroot, rest ? rest + 1 : "", &path, v);

	*ret_old = false;
	if (o != OUTCOME_OK)
		return o;
	if (!strncmp(source, "file:", 5))
		return credential_from_file(path, ret, v);
	if (credential_source_is_sealed(source) && seeker->look)
		return credential_look_at_sealed(path, name, v);
	if (credential_source_is_sealed(source))
		return credential_from_sealed(path, name, seeker->sysroot, ret_old, ret, v);
	if (!strncmp(source, "tpm:", 4))
		return credential_from_tpm(path, seeker->deadline, ret, v);
	if (!strncmp(source, "credential:", 11))
		return credential_from_systemd(rest + 1, ret, v);
	/* "header:", and no image holds what that has. */
	if (seeker->look)
		return OUTCOME_OK;
	return from->carried ? credential_from_header(from->carried, name, seeker->sysroot, ret_old, ret, v) :
			       none_carried(name, v);
}

enum outcome credential_read(const char *sysroot, const struct config_profile *profile,
			     const struct credential_source *source, deadline_t deadline, bool *ret_old, struct secret **ret, struct verdict *v)
{
	const struct seeker seeker = { sysroot, profile, deadline, false };

	return read_source(&seeker, source, ret_old, ret, v);
}

/* Opened by something that may refuse today what it opened yesterday. */
static bool is_kept_by_hardware(const char *source)
{
	return !strncmp(source, "tpm:", 4) || credential_source_is_sealed(source) ||
	       credential_source_is_header(source);
}

/* What was read before a source was refused must not be used by whoever asks next. */
static enum outcome drop_keys(struct kms_profile *kms, enum outcome o)
{
	for (size_t i = 0; i < kms->n_api_keys; i++)
		secret_free(take_ptr(kms->api_keys[i]));
	kms->n_api_keys = 0;
	return o;
}

/* What is no key of its own merit is warned of, and the boot goes on without it. */
static bool may_be_skipped(const struct credential_source *source, const struct kms_profile *kms)
{
	return source->spare || (kms->n_api_keys && is_kept_by_hardware(source->text));
}

static void note_old(struct config_profile *profile, const char *source)
{
	profile->old_master_key = true;
	log_warning("%s opens with the old master key of the card: cexluks credential renew %s", source,
		    profile->kms.name);
}

/* One key more. Its place stays empty where a look was all. */
static enum outcome add_key(const struct seeker *seeker, struct config_profile *profile,
			    const struct credential_source *source, struct verdict *v)
{
	struct kms_profile *kms = &profile->kms;
	struct secret **key = &kms->api_keys[kms->n_api_keys];
	bool old = false;
	enum outcome o = read_source(seeker, source, &old, key, v);

	if (old)
		note_old(profile, source->text);
	if (o == OUTCOME_OK)
		kms->n_api_keys += *key != NULL;
	return o;
}

/* One that a card may open yet says more than one that is damaged or another volume's. */
static void keep_better(struct verdict *kept, const struct verdict *said)
{
	if (!kept->cause[0] || (outcome_is_about_cards(said->outcome) && !outcome_is_about_cards(kept->outcome)))
		*kept = *said;
}

/*
 * Of all that headers carry, from @at on: those of the first header of which one opens. It may have two, after a change
 * that was interrupted. @ret_n: how many were looked at.
 */
static enum outcome add_carried(const struct seeker *seeker, struct config_profile *profile,
				const struct credential_sources *sources, size_t at, size_t *ret_n, struct verdict *v)
{
	const char *opened = NULL;
	struct verdict best = { 0 };
	size_t i = at;

	for (; i < sources->n && sources->list[i].carried; i++) {
		const struct credential_source *source = &sources->list[i];
		struct verdict said = { 0 };

		if (profile->kms.n_api_keys == LIMIT_API_KEYS || (opened && !uuid_equal(opened, source->carried->uuid)))
			continue;
		if (add_key(seeker, profile, source, &said) == OUTCOME_OK) {
			opened = source->carried->uuid;
			continue;
		}
		log_notice("passed over: %s: %s", outcome_word(said.outcome), said.cause);
		keep_better(&best, &said);
	}
	*ret_n = i - at;
	if (!opened)
		*v = best;
	return opened ? OUTCOME_OK : best.outcome;
}

/* A source with whatever belongs to it. */
static enum outcome add_source(const struct seeker *seeker, struct config_profile *profile,
			       const struct credential_sources *sources, size_t at, size_t *ret_n, struct verdict *v)
{
	*ret_n = 1;
	return sources->list[at].carried ? add_carried(seeker, profile, sources, at, ret_n, v) :
					   add_key(seeker, profile, &sources->list[at], v);
}

static enum outcome load_keys(const struct seeker *seeker, struct config_profile *profile, struct verdict *v)
{
	_cleanup_credential_sources_ struct credential_sources sources = { .n = 0 };
	struct kms_profile *kms = &profile->kms;
	enum outcome o = credential_sources(profile, &sources, v), worst = o;
	bool looked = false;
	size_t n = 1;

	for (size_t i = 0; i < sources.n && kms->n_api_keys < LIMIT_API_KEYS; i += n) {
		const struct credential_source *source = &sources.list[i];
		struct verdict said = { 0 };

		o = add_source(seeker, profile, &sources, i, &n, &said);
		if (source->spare && o == OUTCOME_CREDENTIAL_MISSING)
			continue;
		looked = looked || o == OUTCOME_OK;
		if (o == OUTCOME_OK)
			continue;
		*v = said;
		if (may_be_skipped(source, kms))
			log_warning("%s; going on %s", v->cause,
				    looked ? "with the API key before it" : "without it");
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

static enum outcome seek(const struct seeker *seeker, struct config_profile *profile, struct verdict *v)
{
	enum outcome o = load_ca(seeker->sysroot, profile, v);

	if (o != OUTCOME_OK || profile->kms.n_api_keys)
		return o;
	return load_keys(seeker, profile, v);
}

enum outcome credential_load(const char *sysroot, struct config_profile *profile, deadline_t deadline,
			     struct verdict *v)
{
	const struct seeker seeker = { sysroot, profile, deadline, false };

	return seek(&seeker, profile, v);
}

enum outcome credential_look(const char *sysroot, struct config_profile *profile, struct verdict *v)
{
	const struct seeker seeker = { sysroot, profile, DEADLINE_NEVER, true };

	return seek(&seeker, profile, v);
}

static enum outcome refuse_tpm(const struct config_profile *profile, const char *source, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "[kms %s]: %s cannot work in an initramfs, where no tcsd is",
		    profile->kms.name, source);
	return verdict_hint(v, "use file:, or leave cexluks out of the image, as in "
			       "omit_dracutmodules+=\" cexluks \"");
}

static enum outcome visit_source(const struct config_profile *profile, const struct credential_source *source,
				 enum outcome (*visit)(const char *path, bool spare, void *userdata),
				 void *userdata, struct verdict *v)
{
	const char *path = credential_source_path(source->text);

	if (path)
		return visit(path, source->spare, userdata);
	return !strncmp(source->text, "tpm:", 4) ? refuse_tpm(profile, source->text, v) : OUTCOME_OK;
}

enum outcome credential_each_file(const struct config_profile *profile,
				  enum outcome (*visit)(const char *path, bool spare, void *userdata),
				  void *userdata, struct verdict *v)
{
	_cleanup_credential_sources_ struct credential_sources sources = { .n = 0 };
	enum outcome o = credential_sources(profile, &sources, v);

	if (o != OUTCOME_OK)
		return o;
	if (!profile->kms.ca_file) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "[kms %s] has no ca-file", profile->kms.name);
		return verdict_hint(v, "an image without a CA cannot trust the service; set ca-file");
	}
	o = visit(profile->kms.ca_file, false, userdata);
	for (size_t i = 0; i < sources.n && o == OUTCOME_OK; i++)
		o = visit_source(profile, &sources.list[i], visit, userdata, v);
	return o;
}
