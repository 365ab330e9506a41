/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an initramfs made from this tree must hold. Called by the dracut module.
 */
#ifndef CEXLUKS_OP_IMAGE_H
#define CEXLUKS_OP_IMAGE_H

#include "op/boot.h"

/* Calls @print with each file's path inside the tree; fails when the image could not work. */
enum outcome op_image_files(const struct boot_request *request,
			    void (*print)(const char *line, void *userdata), void *userdata,
			    struct verdict *v);

/*
 * Whether an image made from this tree needs a network: OUTCOME_OK when a profile is configured, else
 * OUTCOME_NOTHING_TO_DO. The command line of this machine's boot does not count, as it does for
 * op_boot_needs_network().
 */
enum outcome op_image_needs_network(const struct boot_request *request, struct verdict *v);

/*
 * Whether a boot of such an image must look names up: OUTCOME_NOTHING_TO_DO when each service and each proxy is an address,
 * or has one configured.
 */
enum outcome op_image_needs_names(const struct boot_request *request, struct verdict *v);

/* Calls @print with a crypttab line for each configured volume that none names yet. */
enum outcome op_image_crypttab(const struct boot_request *request,
			       void (*print)(const char *line, void *userdata), void *userdata,
			       struct verdict *v);

#endif
