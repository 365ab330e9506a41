/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keys.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "op/prove.h"

#define GRACE_MS 1000 /* the child's verdict comes first */

struct work {
	const struct keys_request *request;
	const char *profile;
	struct keys_directory dir;
	unsigned job[LIMIT_KEY_FILES + 1]; /* of files[i]; 0: none under way */
	size_t n_open, n_loaded, n_failed;
	struct verdict first; /* failure */
};

static void failed(struct work *w, const struct key_file *file)
{
	if (!w->n_failed++)
		w->first = file->verdict;
	log_err("%s: %s: %s", file->path, outcome_word(file->verdict.outcome), file->verdict.cause);
}

static void put(struct work *w, struct key_file *file, const struct secret *payload)
{
	long id = 0;
	int r = keyring_put(file->type, file->name, payload, w->request->expiry_s, &id);

	if (r == 0) {
		w->n_loaded++;
		if (w->request->loaded)
			w->request->loaded(file, id, w->request->userdata);
		return;
	}
	if (r == KEYRING_UNAVAILABLE)
		verdict_set(&file->verdict, OUTCOME_NO_PERMISSION, "the kernel offers no keyring here");
	else if (r == -EDQUOT)
		verdict_set(&file->verdict, OUTCOME_INTERNAL,
			    "the kernel keyring is full: see /proc/key-users, raise kernel.keys.root_maxbytes "
			    "or root_maxkeys");
	else
		verdict_errno(&file->verdict, r, "kernel keyring");
	failed(w, file);
}

static void take(struct work *w, const struct kms_reply *reply)
{
	for (size_t i = 0; i < w->dir.n; i++) {
		struct key_file *file = &w->dir.files[i];

		if (!w->job[i] || w->job[i] != reply->id)
			continue;
		w->job[i] = 0;
		w->n_open--;
		if (reply->condition == KMS_OK && reply->plaintext) {
			put(w, file, reply->plaintext);
			return;
		}
		verdict_kms(&file->verdict, reply);
		failed(w, file);
		return;
	}
	log_debug("a reply that nobody waits for");
}

/* Waits for one reply. False: none came, and none will. */
static bool take_one(struct work *w)
{
	struct kms_client *client = op_session_client(w->request->session);
	deadline_t patience = w->request->deadline == DEADLINE_NEVER ? DEADLINE_NEVER :
								       w->request->deadline + GRACE_MS;
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;

	if (!client || kms_client_next(client, patience, &reply) < 0 || !reply)
		return false;
	take(w, reply);
	return true;
}

static void give_up(struct work *w)
{
	for (size_t i = 0; i < w->dir.n; i++) {
		if (!w->job[i])
			continue;
		verdict_set(&w->dir.files[i].verdict, OUTCOME_TIMEOUT, "no answer from kms:%s", w->profile);
		failed(w, &w->dir.files[i]);
	}
}

/* What is wrong with a profile is wrong for every file: told once. */
static enum outcome submit(struct work *w, size_t i, struct verdict *v)
{
	struct kms_request request = {
		.verb = KMS_UNWRAP,
		.deadline = w->request->deadline,
		.key = w->request->key,
		.ciphertext = w->dir.files[i].ciphertext,
	};
	enum outcome o = op_session_submit(w->request->session, w->profile, &request, &w->job[i], v);

	w->n_open += o == OUTCOME_OK;
	return o;
}

static enum outcome run(struct work *w, struct verdict *v)
{
	bool answers = true;

	for (size_t i = 0; i < w->dir.n && answers; i++) {
		enum outcome o;

		if (!w->dir.files[i].ciphertext) {
			failed(w, &w->dir.files[i]);
			continue;
		}
		o = submit(w, i, v);
		if (o != OUTCOME_OK)
			return o;
		if (w->n_open == LIMIT_JOBS)
			answers = take_one(w);
	}
	while (w->n_open && answers)
		answers = take_one(w);
	give_up(w);
	return OUTCOME_OK;
}

static enum outcome conclude(const struct work *w, struct verdict *v)
{
	if (!w->n_failed)
		return verdict_set(v, OUTCOME_OK, "%zu keys of the keys directory loaded", w->n_loaded);
	verdict_set(v, w->first.outcome, "%zu keys of the keys directory loaded, %zu not", w->n_loaded, w->n_failed);
	return verdict_hint(v, "see above, each of them has a line");
}

static enum outcome load(struct work *w, struct verdict *v)
{
	const struct config_profile *profile;
	enum outcome o = config_keys_profile(w->request->config, &w->profile, v);

	if (o != OUTCOME_OK)
		return o;
	profile = config_profile_find(w->request->config, w->profile);
	if (!w->request->key && profile)
		o = prove_root_key(profile, v);
	if (o != OUTCOME_OK)
		return o;
	if (keyring_setup() != 0)
		log_debug("the user keyring cannot be linked into this session");
	o = run(w, v);
	return o == OUTCOME_OK ? conclude(w, v) : o;
}

enum outcome op_keys_load(const struct keys_request *request, struct verdict *v)
{
	_cleanup_free_ struct work *w = calloc(1, sizeof(*w));
	enum outcome o;
	int r;

	if (!w)
		return verdict_errno(v, ENOMEM, "keys directory");
	w->request = request;
	r = keys_directory_read(request->sysroot, &w->dir);
	if (r < 0)
		o = verdict_errno(v, r, "keys directory");
	else if (!w->dir.n)
		o = verdict_set(v, OUTCOME_NOTHING_TO_DO, "no key in " KEYS_DIRECTORY);
	else
		o = load(w, v);
	keys_directory_done(&w->dir);
	return o;
}
