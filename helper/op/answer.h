/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answering systemd's pending passphrase question, so that a volume is never opened behind a
 * running systemd-cryptsetup. Source: systemd.io/PASSWORD_AGENTS (files ask.* with Id= and Socket=;
 * the answer is one datagram "+passphrase"), read with systemd 252 to 257.
 */
#ifndef CEXLUKS_OP_ANSWER_H
#define CEXLUKS_OP_ANSWER_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "luks/device.h"

enum answer_condition {
	ANSWER_SENT = 0,
	ANSWER_NO_QUESTION, /* nothing is asked for this device now */
};

/* Return: 0, ANSWER_NO_QUESTION, -errno of socket(2) or sendmsg(2). */
int answer_question(const struct luks_device *device, const struct secret *passphrase) _must_check_;

/* Takes the pending question away: systemd-cryptsetup gives up on the device. Same returns. */
int answer_cancel(const struct luks_device *device) _must_check_;

/* inotify on the directory of questions; the caller closes it. -errno. */
int answer_watch(void) _must_check_;

/* Seam for tests: folder of the questions in place of systemd's; borrowed; NULL restores it. */
void answer_set_directory(const char *directory);

/* Whether systemd runs here at all. */
bool answer_systemd_runs(void);

#endif
