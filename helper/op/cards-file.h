/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cards of another machine, out of what "cexluks cards --json" printed there: a disaster site, or the partition that
 * takes over.
 */
#ifndef CEXLUKS_OP_CARDS_FILE_H
#define CEXLUKS_OP_CARDS_FILE_H

#include "cex/bus.h"
#include "op/verdict.h"

/**
 * cards_file_read() - as if they were here
 * @ret: owned by the caller; only what cex_queue_judge() looks at is filled in, so that a domain nobody can use there
 *       for another reason than its master key counts as offline
 *
 * Return: OUTCOME_OK; OUTCOME_USAGE when the file can't be read or is something else; OUTCOME_INTERNAL.
 */
enum outcome cards_file_read(const char *path, struct cex_bus **ret, struct verdict *v) _must_check_;

#endif
