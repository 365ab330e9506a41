/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the images know that this machine can boot, the one to roll back to among them: before something old is taken away,
 * none of them may depend on it. An image without configuration of ours depends on nothing, nor does one that is gone.
 */
#ifndef CEXLUKS_OP_BOOTABLE_H
#define CEXLUKS_OP_BOOTABLE_H

#include "op/verdict.h"

/**
 * bootable_know_profile() - no image has the old service only
 * @sysroot: "" or a tree in place of /
 * @uuid:    of a volume, whose bindings in the image's configuration count too; NULL: it is about the keys directory
 * @old:     profile; NULL: whichever the image has
 * @new:     profile
 *
 * Unpacks them, which needs root where there are any, and leaves this process in a mount namespace of its own.
 *
 * Return: OUTCOME_OK; OUTCOME_IMAGE_STALE with the image's name; OUTCOME_IMAGE_INCOMPLETE when one can't be read;
 * OUTCOME_NO_PERMISSION; OUTCOME_INTERNAL.
 */
enum outcome bootable_know_profile(const char *sysroot, const char *uuid, const char *old, const char *new,
				   struct verdict *v);

/* The same for a file, such as an API key: each image that has it has it as it is installed. */
enum outcome bootable_know_file(const char *sysroot, const char *path, struct verdict *v);

#endif
