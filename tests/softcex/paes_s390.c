// SPDX-License-Identifier: GPL-2.0
/* Switches a part of softcex.ko on; see parts.h. */
#include <crypto/algapi.h>

#include "parts.h"

static void *needs __used = softcex_need_pkey;

SOFTCEX_PART(PART_PAES_S390, "paes ciphers");
MODULE_ALIAS_CRYPTO("paes");
MODULE_ALIAS_CRYPTO("ecb(paes)");
MODULE_ALIAS_CRYPTO("cbc(paes)");
MODULE_ALIAS_CRYPTO("ctr(paes)");
MODULE_ALIAS_CRYPTO("xts(paes)");
/* so that an initramfs holds the inner ciphers too */
MODULE_SOFTDEP("pre: xts cbc ecb ctr");
