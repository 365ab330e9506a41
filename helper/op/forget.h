/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the image must not outlive it. Its files are pages of memory that are given back as they are when the real
 * root takes over.
 */
#ifndef CEXLUKS_OP_FORGET_H
#define CEXLUKS_OP_FORGET_H

#include "op/verdict.h"

/**
 * op_forget_files() - overwrites, in place, the files that profiles name
 * @sysroot: "" or the tree that the files lie in
 *
 * Only in an initramfs, and only where the file system is memory: elsewhere it would destroy the credentials of
 * the machine, and is OUTCOME_USAGE. A file that is not there is fine. Afterwards no kms binding works any more.
 */
enum outcome op_forget_files(const char *sysroot, struct verdict *v);

#endif
