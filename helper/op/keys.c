/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/keys.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "op/prove.h"

#define GRACE_MS 1000 /* the child's verdict comes first */

struct keys {
	const struct keys_request *request;
	const char *profile;
	struct keys_directory dir;
	unsigned job[LIMIT_KEY_FILES]; /* of files[i]; 0: none under way */
	long id[LIMIT_KEY_FILES];      /* in the kernel; 0: not loaded */
	size_t next;		       /* file to be handed over */
	bool asked;		       /* a job was */
	bool left;		       /* nobody waits any more */
	size_t n_open, n_loaded, n_failed, n_left;
	struct verdict first; /* failure */
	struct verdict unusable; /* profile or network process: then no file can be loaded */
};

static void failed(struct keys *k, const struct key_file *file)
{
	if (!k->n_failed++)
		k->first = file->verdict;
	if (k->request->judged)
		k->request->judged(file, k->request->userdata);
	else
		log_err("%s: %s: %s", file->path, outcome_word(file->verdict.outcome), file->verdict.cause);
}

static void judge(struct keys *k, struct key_file *file)
{
	(void)verdict_set(&file->verdict, OUTCOME_OK, "kms:%s unwraps it", k->profile);
	k->n_loaded++;
	k->request->judged(file, k->request->userdata);
}

static void put(struct keys *k, size_t i, const struct secret *payload)
{
	struct key_file *file = &k->dir.files[i];
	int r = keyring_put(file->type, file->name, payload, k->request->expiry_s, &k->id[i]);

	if (r == 0) {
		k->n_loaded++;
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
	failed(k, file);
}

bool keys_take(struct keys *k, const struct kms_reply *reply)
{
	for (size_t i = 0; i < k->dir.n; i++) {
		struct key_file *file = &k->dir.files[i];

		if (!k->job[i] || k->job[i] != reply->id)
			continue;
		k->job[i] = 0;
		k->n_open--;
		if (reply->condition == KMS_OK && reply->plaintext) {
			if (k->request->judged)
				judge(k, file);
			else
				put(k, i, reply->plaintext);
			return true;
		}
		verdict_kms(&file->verdict, reply);
		failed(k, file);
		return true;
	}
	return false;
}

static enum outcome submit(struct keys *k, size_t i)
{
	struct kms_request request = {
		.verb = KMS_UNWRAP,
		.deadline = k->request->deadline,
		.key = k->request->key,
		.ciphertext = key_file_ciphertext(&k->dir.files[i], k->profile),
	};
	enum outcome o = op_session_submit(k->request->session, k->profile, &request, &k->job[i], &k->unusable);

	k->asked = k->asked || o == OUTCOME_OK;
	k->n_open += o == OUTCOME_OK;
	return o;
}

/* All that can be. */
static bool is_handed_over(const struct keys *k)
{
	return k->next >= k->dir.n || k->unusable.outcome != OUTCOME_OK;
}

void keys_submit(struct keys *k, size_t room)
{
	for (; !is_handed_over(k); k->next++) {
		struct key_file *file = &k->dir.files[k->next];

		if (!file->ciphertext)
			failed(k, file);
		/* What is wrong with a profile is wrong for every file: told once. */
		else if (k->n_open >= room || submit(k, k->next) != OUTCOME_OK)
			return;
	}
}

bool keys_wait(const struct keys *k)
{
	return k->n_open > 0;
}

bool keys_are_over(const struct keys *k)
{
	return !k->n_open && is_handed_over(k);
}

static const struct key_file *find_user_key(const struct keys *k, const char *description)
{
	for (size_t i = 0; i < k->dir.n; i++)
		if (k->dir.files[i].type == KEYRING_USER && !strcmp(k->dir.files[i].name, description))
			return &k->dir.files[i];
	return NULL;
}

bool keys_may_bring(const struct keys *k, const char *description)
{
	const struct key_file *file = find_user_key(k, description);
	size_t i = file ? (size_t)(file - k->dir.files) : 0;

	return file && (k->job[i] || (i >= k->next && file->ciphertext && !is_handed_over(k)));
}

void keys_leave(struct keys *k)
{
	k->left = true;
}

enum outcome keys_became(const struct keys *k, const char *description, struct verdict *v)
{
	const struct key_file *file = find_user_key(k, description);

	if (!file)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no such key in " KEYS_DIRECTORY);
	if (k->id[file - k->dir.files])
		return verdict_set(v, OUTCOME_OK, "its key is loaded");
	*v = file->verdict;
	return v->outcome;
}

/* What has no verdict yet gets one, and its line: but for what the sum says of all that is left. */
static void give_up(struct keys *k)
{
	for (size_t i = 0; i < k->dir.n; i++) {
		struct key_file *file = &k->dir.files[i];

		if (!k->job[i] && i < k->next)
			continue;
		if (file->ciphertext && !k->job[i] && k->unusable.outcome != OUTCOME_OK) {
			file->verdict = k->unusable;
			continue;
		}
		if (file->ciphertext && k->left) {
			verdict_set(&file->verdict, OUTCOME_NOTHING_TO_DO, "nobody waited for it");
			k->n_left++;
			continue;
		}
		if (file->ciphertext)
			verdict_set(&file->verdict, k->asked ? OUTCOME_TIMEOUT : OUTCOME_NO_NETWORK,
				    k->asked ? "no answer from kms:%s" : "no interface is up to ask kms:%s",
				    k->profile);
		failed(k, file);
	}
}

static void tell_loaded(const struct keys *k)
{
	for (size_t i = 0; i < k->dir.n && k->request->loaded; i++)
		if (k->id[i])
			k->request->loaded(&k->dir.files[i], k->id[i], k->request->userdata);
}

/* A migration to this service relies on it. That there was no room in /run costs it another boot, and us nothing. */
static void note_proof(const struct keys *k)
{
	int r;

	if (k->request->judged || k->request->key || !k->n_loaded || k->n_failed || k->n_left)
		return;
	r = keys_proof_write(k->request->sysroot, k->request->proof, k->profile);
	if (r < 0)
		log_debug("no note of the loaded keys: %s", strerror(-r));
}

enum outcome keys_end(struct keys *k, struct verdict *v)
{
	const char *plural;

	give_up(k);
	tell_loaded(k);
	if (k->unusable.outcome != OUTCOME_OK) {
		*v = k->unusable;
		return v->outcome;
	}
	note_proof(k);
	plural = k->n_loaded == 1 ? "" : "s";
	if (!k->n_failed && k->n_left)
		return verdict_set(v, OUTCOME_OK, "%zu key%s of the keys directory loaded, %zu not waited for",
				   k->n_loaded, plural, k->n_left);
	if (!k->n_failed)
		return verdict_set(v, OUTCOME_OK, "%zu key%s of the keys directory loaded", k->n_loaded, plural);
	verdict_set(v, k->first.outcome, "%zu key%s of the keys directory loaded, %zu not", k->n_loaded, plural,
		    k->n_failed);
	return verdict_hint(v, "see above, each of them has a line");
}

static enum outcome choose_profile(struct keys *k, struct verdict *v)
{
	const struct config_profile *profile;
	enum outcome o = config_keys_profile(k->request->config, &k->profile, v);

	if (o != OUTCOME_OK)
		return o;
	profile = config_profile_find(k->request->config, k->profile);
	return !k->request->key && profile ? prove_root_key(profile, v) : OUTCOME_OK;
}

enum outcome keys_new(const struct keys_request *request, struct keys **ret, struct verdict *v)
{
	_cleanup_keys_ struct keys *k = calloc(1, sizeof(*k));
	enum outcome o;
	int r;

	if (!k)
		return verdict_errno(v, ENOMEM, "keys directory");
	k->request = request;
	r = keys_directory_read(request->sysroot, &k->dir);
	if (r < 0)
		return verdict_errno(v, r, "keys directory");
	if (!k->dir.n)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "no key in " KEYS_DIRECTORY);
	o = choose_profile(k, v);
	if (o != OUTCOME_OK)
		return o;
	if (!request->judged && keyring_setup() != 0)
		log_debug("the user keyring cannot be linked");
	*ret = take_ptr(k);
	return OUTCOME_OK;
}

void keys_free(struct keys *k)
{
	if (!k)
		return;
	keys_directory_done(&k->dir);
	free(k);
}

/* Waits for one reply. False: none came, and none will. */
static bool take_one(struct keys *k)
{
	struct kms_client *client = op_session_client(k->request->session);
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;

	if (!client || kms_client_next(client, k->request->deadline + GRACE_MS, &reply) < 0 || !reply)
		return false;
	if (!keys_take(k, reply))
		log_debug("a reply that nobody waits for");
	return true;
}

enum outcome op_keys_load(const struct keys_request *request, struct verdict *v)
{
	_cleanup_keys_ struct keys *k = NULL;
	enum outcome o = keys_new(request, &k, v);

	if (!k)
		return o;
	do
		keys_submit(k, LIMIT_JOBS);
	while (!keys_are_over(k) && take_one(k));
	return keys_end(k, v);
}

int op_keys_forget(const char *sysroot, size_t *ret_count)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	int r = keys_directory_read(sysroot, &dir);

	*ret_count = 0;
	for (size_t i = 0; i < dir.n; i++) {
		int s = *dir.files[i].name ? keyring_forget(dir.files[i].type, dir.files[i].name) : KEYRING_ABSENT;

		if (s < 0)
			r = s; /* go on: the others must go in any case */
		*ret_count += s == 0;
	}
	return r;
}
