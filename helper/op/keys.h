/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keys directory into the kernel: every file unwrapped, in parallel and with one token of IAM, and put into
 * root's user keyring under its name.
 */
#ifndef CEXLUKS_OP_KEYS_H
#define CEXLUKS_OP_KEYS_H

#include "base/deadline.h"
#include "op/config.h"
#include "op/keys-directory.h"
#include "op/keys-proof.h"
#include "op/session.h"

struct keys_request {
	const char *sysroot;
	struct config *config;
	struct op_session *session; /* with no job under way */
	const char *key;	    /* root key to unwrap with; NULL: the profile's */
	unsigned expiry_s;	    /* 0: the keys stay */
	deadline_t deadline;
	enum keys_proof proof; /* what it is when every file was loaded */
	/* In the end for each key that was loaded, in the order of the directory; or NULL. */
	void (*loaded)(const struct key_file *file, long id, void *userdata);
	/*
	 * Or NULL. Otherwise nothing is put into the keyring and no line written: it is called for each file, whose
	 * verdict says whether it unwraps.
	 */
	void (*judged)(const struct key_file *file, void *userdata);
	void *userdata;
};

struct keys;

/**
 * keys_new() - reads the directory
 * @request: borrowed, must outlive the object
 * @ret:     owned by the caller; NULL when there is nothing to load
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO; what is wrong with the configuration.
 */
enum outcome keys_new(const struct keys_request *request, struct keys **ret, struct verdict *v);
void keys_free(struct keys *keys);
DEFINE_CLEANUP(struct keys *, keys_free);
#define _cleanup_keys_ _cleanup_(keys_freep)

/* Hands over as many as may be under way together with what others have: @room is what they leave. */
void keys_submit(struct keys *keys, size_t room);

/* Whether a job is under way. */
bool keys_wait(const struct keys *keys);

/* A reply of the session's; false: somebody else waits for it. */
bool keys_take(struct keys *keys, const struct kms_reply *reply);

/* Each file is loaded or has failed. */
bool keys_are_over(const struct keys *keys);

/* Whether a user key of that description may still come. */
bool keys_may_bring(const struct keys *keys, const char *description);

/* From here on nobody waits for what is still to come: that is no failure. Files that are no keys remain one. */
void keys_leave(struct keys *keys);

/**
 * keys_became() - after keys_end(): what became of the user key of that description
 *
 * Return: OUTCOME_OK: loaded; OUTCOME_NOTHING_TO_DO: there is no such file, or nobody waited; or why it failed.
 */
enum outcome keys_became(const struct keys *keys, const char *description, struct verdict *v);

/**
 * keys_end() - what is still under way has failed, unless it was left; the sum
 *
 * Return: OUTCOME_OK, or the outcome of the first file that failed, with how many did in the cause.
 */
enum outcome keys_end(struct keys *keys, struct verdict *v);

/**
 * op_keys_load() - all keys that can be had; a line on standard error for each other
 *
 * All of the above at once, for who waits for nothing else. Keys that are there get their new contents in
 * place, so it may be repeated at any time.
 */
enum outcome op_keys_load(const struct keys_request *request, struct verdict *v);

/**
 * op_keys_forget() - takes the keys of all files in the directory out of the keyring, whoever loaded them
 * @ret_count: how many went
 *
 * Return: 0 or -errno, the others go in any case.
 */
int op_keys_forget(const char *sysroot, size_t *ret_count) _must_check_;

#endif
