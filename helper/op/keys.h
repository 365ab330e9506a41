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
#include "op/session.h"

struct keys_request {
	const char *sysroot;
	struct config *config;
	struct op_session *session; /* with no job under way */
	const char *key;	    /* root key to unwrap with; NULL: the profile's */
	unsigned expiry_s;	    /* 0: the keys stay */
	deadline_t deadline;
	void (*loaded)(const struct key_file *file, long id, void *userdata); /* or NULL */
	void *userdata;
};

/**
 * op_keys_load() - all keys that can be had; a line on standard error for each other
 *
 * Keys that are there get their new contents in place, so it may be repeated at any time.
 *
 * Return: OUTCOME_OK; OUTCOME_NOTHING_TO_DO when there is no file; the outcome of the first one that failed,
 * with how many did in the cause.
 */
enum outcome op_keys_load(const struct keys_request *request, struct verdict *v);

#endif
