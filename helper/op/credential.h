/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills in what a profile only names: the API keys and the CA. Called when a profile is used, so
 * that a broken spare profile does not stop a boot that does not need it.
 */
#ifndef CEXLUKS_OP_CREDENTIAL_H
#define CEXLUKS_OP_CREDENTIAL_H

#include "base/attributes.h"
#include "base/deadline.h"
#include "op/config.h"
#include "op/verdict.h"

/* systemd's directory for "credential:", remembered before main clears the environment. */
void credential_set_directory(const char *directory);

/**
 * credential_load() - API keys and CA of one profile
 * @sysroot:  "" or the tree that the files lie in
 * @deadline: for the sources that have to be waited for
 *
 * A source that is absent is skipped as long as another one is there. A file with secrets that
 * others can read is refused, with the chmod to type. A source that is there and refuses, such as a TPM
 * whose PCRs changed or a card with another master key, is not replaced by a later one; behind another one it is only warned of.
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
 * @visit: a return other than OUTCOME_OK ends the walk and is returned
 *
 * OUTCOME_CREDENTIAL_UNUSABLE when a source cannot work in an initramfs, OUTCOME_CONFIG_ERROR when
 * there is no CA.
 */
enum outcome credential_each_file(const struct config_profile *profile,
				  enum outcome (*visit)(const char *path, void *userdata),
				  void *userdata, struct verdict *v) _must_check_;

#endif
