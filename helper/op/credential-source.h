/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to credential*.c: one API key from one source. @ret is filled, and owned by the caller, when OUTCOME_OK
 * is returned. OUTCOME_CREDENTIAL_MISSING: the source is not there, so the next one may be looked at.
 */
#ifndef CEXLUKS_OP_CREDENTIAL_SOURCE_H
#define CEXLUKS_OP_CREDENTIAL_SOURCE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/deadline.h"
#include "base/secret.h"
#include "op/carried.h"
#include "op/verdict.h"

/* A regular file that nobody but its owner can read; @ret: the caller's to close. */
enum outcome credential_open_file(const char *path, int *ret, struct verdict *v) _must_check_;

/* "file:" - a file that nobody but its owner can read. */
enum outcome credential_from_file(const char *path, struct secret **ret, struct verdict *v) _must_check_;

/*
 * "credential:" - what systemd passed to this unit as @name. Its folder is private to the unit, and shows a mask of
 * group permissions where the unit has a user of its own.
 */
enum outcome credential_from_systemd(const char *name, struct secret **ret, struct verdict *v) _must_check_;

/*
 * "tpm:" - a file made by tpm_sealdata, through tpm_unsealdata and tcsd, with the well-known SRK secret. Waits for
 * both, also for a tcsd that is not there yet, but no longer than LIMIT_UNSEAL_MS. As that secret protects nothing, the
 * file is for its owner alone; at the Python tool's own path (CONFIG_OLD_BLOB) others are only warned of.
 */
enum outcome credential_from_tpm(const char *path, deadline_t deadline, struct secret **ret,
				 struct verdict *v) _must_check_;

/*
 * "sealed:" - a file of op/sealed-key.h. Not secret where there is no card, but every user of a machine with one may
 * have it used: for its owner alone. @ret_old: only an old master key fits.
 */
enum outcome credential_from_sealed(const char *path, const char *profile, const char *sysroot, bool *ret_old,
				    struct secret **ret, struct verdict *v) _must_check_;

/* The same as far as it goes without a card. */
enum outcome credential_look_at_sealed(const char *path, const char *profile, struct verdict *v) _must_check_;

/* "header:" - what one volume's header carries, bound to that header's UUID. */
enum outcome credential_from_header(const struct carried_key *carried, const char *profile, const char *sysroot,
				    bool *ret_old, struct secret **ret, struct verdict *v) _must_check_;

/* Takes the end of the line away, and refuses what is no API key; @what goes into the message. */
enum outcome credential_check_key(struct secret *key, const char *what, struct verdict *v) _must_check_;

/* OUTCOME_CREDENTIAL_UNUSABLE: what was found in place of a key. */
enum outcome credential_no_key(const char *what, struct verdict *v);

/* For tests: in place of TrouSerS' own program. NULL restores it. Borrowed. */
void credential_set_unseal_program(const char *path);

#endif
