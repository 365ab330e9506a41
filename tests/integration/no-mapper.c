/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For LD_AUDIT: where there is no device mapper, a program that would open a volume through a token only tests that
 * it opens. What gets crypt_activate_by_token_pin() from libcryptsetup, by dlsym() too, calls it without a name.
 */
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct crypt_device;
typedef int activate_fn(struct crypt_device *cd, const char *name, const char *type, int token, const char *pin,
			size_t pin_size, void *usrptr, uint32_t flags);

static activate_fn *real;

static int test_only(struct crypt_device *cd, const char *name, const char *type, int token, const char *pin,
		     size_t pin_size, void *usrptr, uint32_t flags)
{
	(void)name;
	(void)flags; /* the name's */
	return real(cd, NULL, type, token, pin, pin_size, usrptr, 0);
}

unsigned int la_version(unsigned int version)
{
	return version;
}

unsigned int la_objopen(struct link_map *map, Lmid_t lmid, uintptr_t *cookie)
{
	(void)map;
	(void)lmid;
	(void)cookie;
	return LA_FLG_BINDTO | LA_FLG_BINDFROM;
}

uintptr_t la_symbind64(Elf64_Sym *sym, unsigned int ndx, uintptr_t *refcook, uintptr_t *defcook, unsigned int *flags,
		       const char *name)
{
	(void)ndx;
	(void)refcook;
	(void)defcook;
	(void)flags;
	if (strcmp(name, "crypt_activate_by_token_pin") != 0)
		return sym->st_value;
	real = (activate_fn *)sym->st_value;
	return (uintptr_t)test_only;
}
