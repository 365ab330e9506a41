/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills in what a profile only names: the API keys and the CA. Called when a profile is used, so
 * that a broken spare profile does not stop a boot that does not need it.
 */
#ifndef CEXLUKS_OP_CREDENTIAL_H
#define CEXLUKS_OP_CREDENTIAL_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/deadline.h"
#include "op/carried.h"
#include "op/config.h"
#include "op/verdict.h"

#define CREDENTIAL_SPARE ".old"

struct credential_source {
	char *text; /* "file:/etc/…" */
	bool spare; /* of the one before it: what "credential set" replaced, if that is there */
	const struct carried_key *carried; /* "header:": this one, borrowed from the profile */
};

struct credential_sources {
	struct credential_source list[2 * LIMIT_API_KEYS + LIMIT_CARRIED_KEYS];
	size_t n;
};

/*
 * In the order in which they count. "header:" stands for as many as carried_find() found. @ret: release with
 * credential_sources_done(), also after a failure.
 */
enum outcome credential_sources(const struct config_profile *profile, struct credential_sources *ret,
				struct verdict *v) _must_check_;
void credential_sources_done(struct credential_sources *sources);
#define _cleanup_credential_sources_ _cleanup_(credential_sources_done)

/* Of "file:" and "sealed:", which this program keeps itself: the path in @source; else NULL. */
const char *credential_source_path(const char *source);
bool credential_source_is_sealed(const char *source);
bool credential_source_is_header(const char *source);

/**
 * credential_read() - one API key
 * @source:  one of credential_sources()
 * @ret_old: sealed with the card's old master key
 *
 * OUTCOME_CREDENTIAL_MISSING when it is not there; else as credential_load().
 */
enum outcome credential_read(const char *sysroot, const struct config_profile *profile,
			     const struct credential_source *source,
			     deadline_t deadline, bool *ret_old, struct secret **ret,
			     struct verdict *v) _must_check_;

/* systemd's directory for "credential:", remembered before main clears the environment. */
void credential_set_directory(const char *directory);

/**
 * credential_load() - API keys and CA of one profile
 * @sysroot:  "" or the tree that the files lie in
 * @deadline: for the sources that have to be waited for
 *
 * A source that is absent is skipped as long as another one is there; a spare, for whatever reason. A file with secrets that
 * others can read is refused, with the chmod to type. A source that is there and refuses, such as a TPM
 * whose PCRs changed or a card with another master key, is not replaced by a later one; behind another one it is only warned of.
 * Of headers it is enough that one opens; the others are passed over.
 */
enum outcome credential_load(const char *sysroot, struct config_profile *profile, deadline_t deadline,
			     struct verdict *v) _must_check_;

/*
 * The same look at files, modes and contents, for an image that another machine may boot: no card is asked to open what
 * it sealed.
 */
enum outcome credential_look(const char *sysroot, struct config_profile *profile, struct verdict *v) _must_check_;

/**
 * credential_each_file() - the absolute paths that one profile needs in an image
 * @visit: a return other than OUTCOME_OK ends the walk and is returned; @spare: the file may be missing
 *
 * OUTCOME_CREDENTIAL_UNUSABLE when a source cannot work in an initramfs, OUTCOME_CONFIG_ERROR when
 * there is no CA.
 */
enum outcome credential_each_file(const struct config_profile *profile,
				  enum outcome (*visit)(const char *path, bool spare, void *userdata),
				  void *userdata, struct verdict *v) _must_check_;

#endif
