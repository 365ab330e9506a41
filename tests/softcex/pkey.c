// SPDX-License-Identifier: GPL-2.0
/* Switches a part of softcex.ko on; see parts.h. */
#include "parts.h"

void softcex_need_pkey(void)
{
}
EXPORT_SYMBOL_GPL(softcex_need_pkey);

SOFTCEX_PART(PART_PKEY, "/dev/pkey");
/* on the real machine a CPU feature loads it; here udev does when a card appears */
MODULE_ALIAS("ap:t0A*");
MODULE_ALIAS("ap:t0B*");
MODULE_ALIAS("ap:t0C*");
MODULE_ALIAS("ap:t0D*");
MODULE_ALIAS("ap:t0E*");
