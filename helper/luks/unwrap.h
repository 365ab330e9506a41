/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to luks/: our LUKS2 token handler inside this process. libcryptsetup calls it while it adds
 * a keyslot through a token context; it reads the token as stored and asks bind's caller to unwrap.
 */
#ifndef CEXLUKS_LUKS_UNWRAP_H
#define CEXLUKS_LUKS_UNWRAP_H

#include "base/attributes.h"
#include "base/secret.h"
#include "luks/bind.h"

/* Passed through the library as the token context's user pointer. */
struct luks_unwrap {
	luks_bind_unwrap_fn fn;
	void *userdata;
	int result;		   /* what @fn returned when it failed */
	struct secret *passphrase; /* what it gave; owned here */
};

void luks_unwrap_done(struct luks_unwrap *unwrap);

/* Registers the handler; once is enough, more do no harm. Return: 0 or -errno. */
int luks_unwrap_setup(void) _must_check_;

#endif
