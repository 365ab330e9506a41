// SPDX-License-Identifier: GPL-2.0
/* Switches a part of softcex.ko on; see parts.h. */
#include "parts.h"

static void *needs __used = softcex_need_pkey;

SOFTCEX_PART(PART_PKEY_PCKMO, "clear and protected key tokens");
