/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys directory from one service to another. A file gets a second ciphertext, of the new service, which counts
 * as soon as keys-profile names that one; in the end it is the only one. Each file is replaced whole.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "op/bootable.h"
#include "op/keys-directory.h"
#include "op/keys-proof.h"
#include "op/migrate.h"
#include "op/service.h"
#include "op/sum.h"

struct move {
	const struct migrate_request *request;
	struct service service;
	const char *from; /* unless finishing */
};

/* --- who is left ----------------------------------------------------------------------------- */

static enum outcome find_profile(struct move *m, const char *name, struct verdict *v)
{
	if (config_profile_find(m->service.config, name))
		return OUTCOME_OK;
	return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has no [kms %s]", m->service.config->path, name);
}

/* The one that is named, the one that unwraps the files now, or the only other one. */
static enum outcome choose_from(struct move *m, struct verdict *v)
{
	const struct config *config = m->service.config;
	struct verdict nobody = { 0 };

	m->from = m->request->from;
	if (m->from)
		return find_profile(m, m->from, v);
	if (config_keys_profile(config, &m->from, &nobody) == OUTCOME_OK &&
	    strcmp(m->from, m->request->to) != 0)
		return OUTCOME_OK;
	if (config->n_profiles == 2) {
		m->from = config->profiles[!strcmp(config->profiles[0].kms.name, m->request->to)].kms.name;
		return OUTCOME_OK;
	}
	verdict_set(v, OUTCOME_USAGE, "the keys directory: it is not clear which service it leaves");
	return verdict_hint(v, "say --from PROFILE");
}

/* --- one file -------------------------------------------------------------------------------- */

static enum outcome unwrap(struct move *m, const char *profile, const char *ciphertext,
			   struct secret **ret, struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	struct kms_request request = {
		.verb = KMS_UNWRAP,
		.deadline = deadline_after(m->request->timeout_ms),
		.ciphertext = ciphertext,
	};
	enum outcome o = op_session_call(m->service.session, profile, &request, &reply, v);

	if (o == OUTCOME_OK && !reply->plaintext)
		return verdict_set(v, OUTCOME_KMS_BAD_CIPHERTEXT, "kms:%s unwraps nothing", profile);
	if (o == OUTCOME_OK)
		*ret = take_ptr(reply->plaintext);
	return o;
}

static bool unwraps(struct move *m, const char *ciphertext, const struct secret *plain)
{
	_cleanup_secret_ struct secret *got = NULL;
	struct verdict nobody = { 0 };

	return ciphertext && unwrap(m, m->request->to, ciphertext, &got, &nobody) == OUTCOME_OK &&
	       (!plain || secret_equal(got, plain));
}

/* Whole or not at all, and what is read back afterwards must be it. */
static enum outcome replace(const struct key_file *file, const char *text, struct verdict *v)
{
	_cleanup_free_ char *back = NULL;
	size_t len = strlen(text);
	int r;

	if (len > LIMIT_CIPHERTEXT)
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "two ciphertexts are larger than %u bytes",
				   LIMIT_CIPHERTEXT);
	r = file_write_atomic(file->path, text, len, 0600);
	if (r == 0)
		r = file_read(file->path, LIMIT_CIPHERTEXT, &back, NULL);
	if (r < 0)
		return verdict_errno(v, r, file->path);
	if (back && !strcmp(back, text))
		return OUTCOME_OK;
	return verdict_set(v, OUTCOME_DEVICE_BUSY, "somebody else changed it");
}

static enum outcome add_to(struct move *m, const struct key_file *file, const struct secret *plain,
			   struct verdict *v)
{
	_cleanup_kms_reply_ struct kms_reply *wrapped = NULL;
	_cleanup_free_ char *text = NULL;
	const char *to = m->request->to;
	enum outcome o;

	m->service.profile = to;
	o = service_wrap(&m->service, NULL, plain, deadline_after(m->request->timeout_ms), &wrapped, v);
	if (o != OUTCOME_OK)
		return o;
	if (m->request->dry_run)
		return verdict_set(v, OUTCOME_OK, "kms:%s can wrap it", to);
	if (asprintf(&text, "%s\nkms:%s %s\n", file->ciphertext, to, wrapped->ciphertext) < 0) {
		text = NULL;
		return verdict_errno(v, ENOMEM, "key");
	}
	o = replace(file, text, v);
	return o == OUTCOME_OK ? verdict_set(v, o, "kms:%s unwraps it as well", to) : o;
}

static enum outcome add(struct move *m, const struct key_file *file, struct verdict *v)
{
	_cleanup_secret_ struct secret *plain = NULL;
	const char *to = m->request->to;
	enum outcome o;

	if (file->moved_to && strcmp(file->moved_to, to) != 0) {
		verdict_set(v, OUTCOME_USAGE, "its way to kms:%s is not finished", file->moved_to);
		return verdict_hint(v, "finish that first");
	}
	o = unwrap(m, m->from, file->ciphertext, &plain, v);
	if (o == OUTCOME_KMS_BAD_CIPHERTEXT && unwraps(m, file->ciphertext, NULL))
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "kms:%s unwraps it already", to);
	if (o != OUTCOME_OK)
		return o;
	if (unwraps(m, file->moved, plain))
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "kms:%s unwraps it as well", to);
	return add_to(m, file, plain, v);
}

static enum outcome retire(struct move *m, const struct key_file *file, struct verdict *v)
{
	_cleanup_secret_ struct secret *got = NULL;
	_cleanup_free_ char *text = NULL;
	const char *to = m->request->to;
	const char *ciphertext = key_file_ciphertext(file, to);
	enum outcome o = unwrap(m, to, ciphertext, &got, v);

	if (o != OUTCOME_OK)
		return o;
	if (ciphertext == file->ciphertext)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "kms:%s unwraps it, and no other has to", to);
	if (m->request->dry_run)
		return verdict_set(v, OUTCOME_OK, "the old ciphertext can go");
	if (asprintf(&text, "%s\n", ciphertext) < 0) {
		text = NULL;
		return verdict_errno(v, ENOMEM, "key");
	}
	o = replace(file, text, v);
	return o == OUTCOME_OK ? verdict_set(v, o, "only kms:%s unwraps it now", to) : o;
}

/* --- all of them ----------------------------------------------------------------------------- */

static bool is_proven(const struct move *m)
{
	const struct migrate_request *request = m->request;

	return keys_proof_is(request->sysroot, KEYS_PROOF_BOOT, request->to) ||
	       (!m->service.config->keys_at_boot &&
		keys_proof_is(request->sysroot, KEYS_PROOF_LOAD, request->to));
}

/* Before an old ciphertext goes, the new ones have to be in use, and to have worked once. */
static enum outcome may_finish(const struct move *m, const struct keys_directory *dir, struct verdict *v)
{
	const struct config *config = m->service.config;
	const char *to = m->request->to, *now = NULL;
	bool moved = false;

	for (size_t i = 0; i < dir->n; i++)
		moved = moved || dir->files[i].moved;
	if (!moved)
		return OUTCOME_OK;
	if (config_keys_profile(config, &now, v) != OUTCOME_OK)
		return v->outcome;
	if (strcmp(now, to) != 0) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s has keys-profile = %s", config->path, now);
		return verdict_hint(v, "say keys-profile = %s%s", to,
				    config->keys_at_boot ? ", rebuild the initramfs, and reboot" :
							   ", and load the keys");
	}
	if (is_proven(m)) /* images have them only where the boot loads them */
		return config->keys_at_boot ? bootable_know_profile(m->request->sysroot, NULL, m->request->from, to, v) :
					      OUTCOME_OK;
	verdict_set(v, OUTCOME_IMAGE_STALE, "the keys directory was not yet loaded through kms:%s%s", to,
		    config->keys_at_boot ? " by a boot" : "");
	return verdict_hint(v, config->keys_at_boot ? "rebuild the initramfs, reboot, and try again" :
						      "cexluks load, or a reboot, and try again");
}

static enum outcome begin(struct move *m, const struct keys_directory *dir, struct verdict *v)
{
	enum outcome o = find_profile(m, m->request->to, v);

	if (o != OUTCOME_OK)
		return o;
	return m->request->finish ? may_finish(m, dir, v) : choose_from(m, v);
}

static enum outcome step(struct move *m, const struct key_file *file, struct verdict *v)
{
	if (!file->ciphertext) {
		*v = file->verdict;
		return v->outcome;
	}
	return m->request->finish ? retire(m, file, v) : add(m, file, v);
}

enum outcome op_migrate_keys(const struct migrate_request *request, migrate_told_fn told, void *userdata)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	const struct migrate_result nothing = { "" };
	struct move m = { .request = request };
	struct verdict v = { 0 };
	enum outcome sum = OUTCOME_NOTHING_TO_DO, o = OUTCOME_OK;
	int r = keys_directory_read(request->sysroot, &dir);

	if (r < 0)
		o = verdict_errno(&v, r, "keys directory");
	if (o == OUTCOME_OK && dir.n)
		o = service_open_any(&(struct service_request){ .sysroot = request->sysroot,
								.config_path = request->config_path },
				     &m.service, &v);
	if (o == OUTCOME_OK && dir.n)
		o = begin(&m, &dir, &v);
	if (o != OUTCOME_OK) {
		told("keys directory", &v, &nothing, userdata);
		sum = o;
	}
	for (size_t i = 0; o == OUTCOME_OK && i < dir.n; i++) {
		sum = outcome_sum(sum, step(&m, &dir.files[i], &v));
		told(dir.files[i].path, &v, &nothing, userdata);
	}
	service_done(&m.service);
	return sum;
}
