/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the configuration wants done when volumes stay closed: marks that keep a refused volume
 * shut, the wish to go on behind the prompt, or the end of this boot.
 */
#ifndef CEXLUKS_OP_AFTERMATH_H
#define CEXLUKS_OP_AFTERMATH_H

#include <stdbool.h>

#include "base/attributes.h"
#include "op/config.h"
#include "op/round.h"

/* The volume stays shut in this boot, also for a typed passphrase, under each name that somebody may
 * use for it: the image's drop-in for systemd-cryptsetup@.service and the hook without systemd look
 * for these marks. -errno; -EINVAL while the volume has no name yet. */
int aftermath_refuse(const struct plan_volume *volume) _must_check_;

/* Whether such a mark was made in this boot. */
bool aftermath_is_refused(const struct plan_volume *volume);

/**
 * aftermath_refuse_pending() - a refusal while systemd's question is already on the screen
 *
 * Marks the volume, takes the question away, and closes a mapping that is not what was checked. A
 * mapping that cannot be closed any more (it is mounted) ends the boot: fail closed.
 */
void aftermath_refuse_pending(const struct config *config, const struct attempt *attempt);

/**
 * aftermath_drop_decided() - leaves out of @plan what is done with in this boot
 *
 * What was refused stays so, whatever the disk says now. What is open is done with if it is what it
 * should be, by whomever it was opened; else the next round refuses it.
 */
void aftermath_drop_decided(struct config *config, const struct cmdline *cmdline, struct plan *plan);

/* Sets or removes the mark that starts the retrier behind the prompt. -errno. */
int aftermath_want_retry(bool wanted) _must_check_;

/* What will happen now, for the console's last line; after a refusal "" means: as the hint says. */
const char *aftermath_words(const struct config *config);
const char *aftermath_refusal_words(const struct config *config);

/* Whether somebody is asked afterwards, or we keep trying: the machine does not end here. */
bool aftermath_goes_on(const struct config *config);

/* Seam for tests: folder in place of RUN_DIR; NULL restores it. */
void aftermath_set_run_dir(const char *directory);

/* Whether some volume that the boot needs stays closed. */
bool aftermath_is_failure(const struct round *round);

/**
 * aftermath_follow() - marks, and the end of the boot when that is wanted
 *
 * Returns unless the policy is to reboot, power off or halt.
 */
void aftermath_follow(const struct config *config, const struct round *round);

#endif
