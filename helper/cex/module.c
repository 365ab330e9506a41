/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/module.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "cex/attribute.h"

static const char *const names[CEX_MODULES] = {
	[CEX_MODULE_ZCRYPT_CEX4] = "zcrypt_cex4", [CEX_MODULE_PKEY] = "pkey",
	[CEX_MODULE_PKEY_CCA] = "pkey_cca",	  [CEX_MODULE_PKEY_EP11] = "pkey_ep11",
	[CEX_MODULE_PAES_S390] = "paes_s390",
};

/* The four folders that tell. */
struct places {
	struct cex_place modules, drivers, dev, proc;
};

static int find_places(const char *sysroot, struct places *p)
{
	int r = cex_place_make(&p->modules, sysroot, "/sys/module");

	if (r == 0)
		r = cex_place_make(&p->drivers, sysroot, "/sys/bus/ap/drivers");
	if (r == 0)
		r = cex_place_make(&p->dev, sysroot, "/dev");
	if (r == 0)
		r = cex_place_make(&p->proc, sysroot, "/proc");
	return r;
}

static enum cex_module_state handler(const struct places *p, enum cex_module module)
{
	if (cex_place_has(&p->modules, names[module]))
		return CEX_MODULE_PRESENT;
	/* Without pkey there is nothing to handle; with pkey built in, handlers may be as well. */
	if (!cex_place_has(&p->modules, "pkey"))
		return CEX_MODULE_UNKNOWN;
	/* Only the pkey of before the split needs zcrypt itself. */
	if (cex_place_has(&p->modules, "zcrypt/holders/pkey"))
		return CEX_MODULE_MONOLITHIC;
	if (cex_place_has(&p->modules, "zcrypt/holders") ||
	    cex_place_has(&p->modules, "pkey_cca") || cex_place_has(&p->modules, "pkey_ep11") ||
	    cex_place_has(&p->modules, "pkey_pckmo"))
		return CEX_MODULE_ABSENT;
	return CEX_MODULE_UNKNOWN;
}

static enum cex_module_state paes(const struct places *p)
{
	_cleanup_free_ char *text = NULL;

	if (cex_place_has(&p->modules, names[CEX_MODULE_PAES_S390]))
		return CEX_MODULE_PRESENT;
	if (cex_attribute_all(&p->proc, "crypto", LIMIT_PROC_CRYPTO, &text) < 0)
		return CEX_MODULE_UNKNOWN;
	return strstr(text, ": xts(paes)\n") ? CEX_MODULE_PRESENT : CEX_MODULE_ABSENT;
}

static enum cex_module_state either(bool present)
{
	return present ? CEX_MODULE_PRESENT : CEX_MODULE_ABSENT;
}

int cex_modules_load(const char *sysroot, struct cex_modules *ret)
{
	struct places p;
	int r = find_places(sysroot, &p);

	if (r < 0)
		return r;
	/* A driver or a device node is proof, wherever the code came from. */
	ret->states[CEX_MODULE_ZCRYPT_CEX4] =
		either(cex_place_has(&p.modules, names[CEX_MODULE_ZCRYPT_CEX4]) ||
		       cex_place_has(&p.drivers, "cex4queue"));
	ret->states[CEX_MODULE_PKEY] = either(cex_place_has(&p.modules, names[CEX_MODULE_PKEY]) ||
					      cex_place_has(&p.dev, "pkey"));
	ret->states[CEX_MODULE_PKEY_CCA] = handler(&p, CEX_MODULE_PKEY_CCA);
	ret->states[CEX_MODULE_PKEY_EP11] = handler(&p, CEX_MODULE_PKEY_EP11);
	ret->states[CEX_MODULE_PAES_S390] = paes(&p);
	return 0;
}

const char *cex_module_name(enum cex_module module)
{
	return names[module];
}

const char *cex_module_state_text(enum cex_module_state state)
{
	static const char *const texts[] = {
		[CEX_MODULE_UNKNOWN] = "unknown",
		[CEX_MODULE_ABSENT] = "absent",
		[CEX_MODULE_PRESENT] = "present",
		[CEX_MODULE_MONOLITHIC] = "part of pkey",
	};

	return texts[state];
}

bool cex_modules_missing(const struct cex_modules *modules, enum cex_mode mode, enum cex_module *ret)
{
	const enum cex_module needed[] = {
		CEX_MODULE_ZCRYPT_CEX4,
		CEX_MODULE_PKEY,
		mode == CEX_MODE_EP11 ? CEX_MODULE_PKEY_EP11 : CEX_MODULE_PKEY_CCA,
	};
	size_t n = mode == CEX_MODE_CCA || mode == CEX_MODE_EP11 ? 3 : 2;

	for (size_t i = 0; i < n; i++)
		if (modules->states[needed[i]] == CEX_MODULE_ABSENT) {
			*ret = needed[i];
			return true;
		}
	return false;
}
