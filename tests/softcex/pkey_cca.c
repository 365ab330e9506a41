// SPDX-License-Identifier: GPL-2.0
/* Switches a part of softcex.ko on; see parts.h. */
#include "parts.h"

static void *needs __used = softcex_need_pkey;

SOFTCEX_PART(PART_PKEY_CCA, "CCA key tokens");
MODULE_ALIAS("ap:t0A*");
MODULE_ALIAS("ap:t0B*");
MODULE_ALIAS("ap:t0C*");
MODULE_ALIAS("ap:t0D*");
MODULE_ALIAS("ap:t0E*");
