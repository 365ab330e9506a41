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

/* Calls @print with a crypttab line for each configured volume that none names yet. */
enum outcome op_image_crypttab(const struct boot_request *request,
			       void (*print)(const char *line, void *userdata), void *userdata,
			       struct verdict *v);

#endif
