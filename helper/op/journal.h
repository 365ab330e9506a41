/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports of boots in the systemd journal, where they outlive the boot: one entry for each run, which
 * "cexluks why" finds by its message id. No journal, no entry: other initramfs images have none.
 *
 * Source: the native protocol, https://systemd.io/JOURNAL_NATIVE_PROTOCOL/; journalctl(1) of systemd 252.
 */
#ifndef CEXLUKS_OP_JOURNAL_H
#define CEXLUKS_OP_JOURNAL_H

#include "base/attributes.h"
#include "base/deadline.h"
#include "base/json.h"

#define JOURNAL_RUNS 40 /* most that are looked at, the latest */

/**
 * journal_send() - a run's report
 * @json: without a newline
 *
 * Does not wait. Return: 0; -ENOENT without a journal; -errno.
 */
int journal_send(const char *sysroot, const char *json) _must_check_;

/**
 * journal_read() - what boots before this one reported, the oldest first
 * @ret: array of {"boot": ID, "runs": [report …]}, owned by the caller; empty when nothing is known
 *
 * Return: 0; -ENOENT without journalctl; -ETIMEDOUT; -EIO when it failed; -EBADMSG; -errno.
 */
int journal_read(const char *sysroot, deadline_t deadline, cJSON **ret) _must_check_;

#endif
