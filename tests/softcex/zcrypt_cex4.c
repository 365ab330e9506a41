// SPDX-License-Identifier: GPL-2.0
/* Switches a part of softcex.ko on; see parts.h. */
#include "parts.h"

SOFTCEX_PART(PART_ZCRYPT_CEX4, "drivers of CEX4 to CEX8 cards");
MODULE_ALIAS("ap:t0A*");
MODULE_ALIAS("ap:t0B*");
MODULE_ALIAS("ap:t0C*");
MODULE_ALIAS("ap:t0D*");
MODULE_ALIAS("ap:t0E*");
