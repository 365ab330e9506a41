/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verbs of the Python tool hpcs-for-luks, which this program has under that name.
 */
#ifndef CEXLUKS_CLI_HPCS_FOR_LUKS_H
#define CEXLUKS_CLI_HPCS_FOR_LUKS_H

#include "cli/verb.h"

#define OLD_PROGRAM "hpcs-for-luks"

/* In the order of its manual; ends with a NULL name. */
extern const struct verb old_verbs[];

#endif
