/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kernel modules for secure keys are there. An absent pkey_cca looks like "no card" to every
 * later step, so it is worth saying so; but only what is certain is called absent, because built-in
 * code leaves no folder in /sys/module.
 * Source: drivers/s390/crypto/Makefile before and since Linux 6.12, where pkey was split into handlers
 * (backported to RHEL 9.6: coreos/ignition#2013).
 */
#ifndef CEXLUKS_CEX_MODULE_H
#define CEXLUKS_CEX_MODULE_H

#include <stdbool.h>

#include "base/attributes.h"
#include "cex/mkvp.h"

enum cex_module {
	CEX_MODULE_ZCRYPT_CEX4,
	CEX_MODULE_PKEY,
	CEX_MODULE_PKEY_CCA,
	CEX_MODULE_PKEY_EP11,
	CEX_MODULE_PAES_S390,
};

#define CEX_MODULES (CEX_MODULE_PAES_S390 + 1)

enum cex_module_state {
	CEX_MODULE_UNKNOWN,    /* not loaded, perhaps built in */
	CEX_MODULE_ABSENT,     /* certainly not there */
	CEX_MODULE_PRESENT,
	CEX_MODULE_MONOLITHIC, /* a handler that is part of this kernel's pkey */
};

struct cex_modules {
	enum cex_module_state states[CEX_MODULES];
};

/* Return: 0 or -ENAMETOOLONG. What is unreadable is unknown. */
int cex_modules_load(const char *sysroot, struct cex_modules *ret) _must_check_;

/* "pkey_cca" …, and "absent" …. Static. */
const char *cex_module_name(enum cex_module module);
const char *cex_module_state_text(enum cex_module_state state);

/**
 * cex_modules_missing() - the first module without which keys of @mode cannot be used
 *
 * Return: whether one is certainly absent. An absent paes_s390 alone is none, because the kernel asks
 * for it by itself when a cipher is set up.
 */
bool cex_modules_missing(const struct cex_modules *modules, enum cex_mode mode, enum cex_module *ret)
	_must_check_;

#endif
