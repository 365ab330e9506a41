/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Private to cex/: one call to the pkey device, and its errno in our terms.
 */
#ifndef CEXLUKS_CEX_PKEY_DEVICE_H
#define CEXLUKS_CEX_PKEY_DEVICE_H

#include "base/attributes.h"
#include "cex/pkey.h"

struct cex_pkey {
	const struct cex_pkey_calls *calls;
	int fd;
};

/**
 * pkey_call() - one ioctl, named for the debug log
 *
 * Return: 0; CEX_NOT_SUPPORTED (ENOTTY), CEX_NO_QUEUE (ENODEV), CEX_BUSY (EBUSY, EAGAIN),
 * CEX_REFUSED (EINVAL), CEX_CARD_ERROR (EIO, ENXIO …); any other -errno.
 */
int pkey_call(struct cex_pkey *pkey, const char *name, unsigned long request, void *arg)
	_must_check_;

/* The kernel's number for a kind of secure key; 0 when it is none. */
uint32_t pkey_type_of(enum cex_key_kind kind);

/* AES bits to the keytype of the old calls; 0: none. */
uint32_t pkey_keytype_of(unsigned bits);

#endif
