/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/pkey-device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "cex/pkey-abi.h"

static int real_ioctl(void *userdata _unused_, int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static const struct cex_pkey_calls real_calls = { .ioctl = real_ioctl };
static const struct cex_pkey_calls *calls_of_tests;

void cex_pkey_set_calls(const struct cex_pkey_calls *calls)
{
	calls_of_tests = calls;
}

static int real_open(const char *sysroot)
{
	char path[PATH_MAX];
	int fd, n = snprintf(path, sizeof(path), "%s/dev/pkey", sysroot);

	if (n < 0 || n >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int cex_pkey_open(const char *sysroot, const struct cex_pkey_calls *calls, struct cex_pkey **ret)
{
	_cleanup_cex_pkey_ struct cex_pkey *pkey = calloc(1, sizeof(*pkey));

	if (!pkey)
		return -ENOMEM;
	if (!calls)
		calls = calls_of_tests;
	pkey->calls = calls ? calls : &real_calls;
	pkey->fd = calls ? calls->open(calls->userdata) : real_open(sysroot);
	if (pkey->fd == -ENOENT || pkey->fd == -ENXIO || pkey->fd == -ENODEV)
		return CEX_MODULE_MISSING;
	if (pkey->fd < 0)
		return pkey->fd;
	*ret = take_ptr(pkey);
	return 0;
}

void cex_pkey_free(struct cex_pkey *pkey)
{
	if (!pkey)
		return;
	cleanup_close(&pkey->fd);
	free(pkey);
}

static int condition_of(int r)
{
	switch (-r) {
	case ENOTTY:
		return CEX_NOT_SUPPORTED;
	case ENODEV:
		return CEX_NO_QUEUE;
	case EBUSY:
	case EAGAIN:
		return CEX_BUSY;
	case EINVAL:
		return CEX_REFUSED;
	case EIO:
	case ENXIO:
	case EKEYREJECTED:
		return CEX_CARD_ERROR;
	default:
		return r;
	}
}

int pkey_call(struct cex_pkey *pkey, const char *name, unsigned long request, void *arg)
{
	int r;

	do
		r = pkey->calls->ioctl(pkey->calls->userdata, pkey->fd, request, arg);
	while (r == -EINTR);
	if (r == 0)
		return 0;
	log_debug("cex: %s: errno %d (%s)", name, -r, strerror(-r));
	return condition_of(r);
}

uint32_t pkey_type_of(enum cex_key_kind kind)
{
	switch (kind) {
	case CEX_KEY_CCA_AESDATA:
		return PKEY_TYPE_CCA_DATA;
	case CEX_KEY_CCA_AESCIPHER:
		return PKEY_TYPE_CCA_CIPHER;
	case CEX_KEY_EP11_AES:
		return PKEY_TYPE_EP11;
	case CEX_KEY_EP11_AES_HEADER:
		return PKEY_TYPE_EP11_AES;
	case CEX_KEY_PROTECTED:
	case CEX_KEY_CLEAR:
	case CEX_KEY_PVSECRET:
		break;
	}
	return 0;
}

uint32_t pkey_keytype_of(unsigned bits)
{
	switch (bits) {
	case 128:
		return PKEY_KEYTYPE_AES_128;
	case 192:
		return PKEY_KEYTYPE_AES_192;
	case 256:
		return PKEY_KEYTYPE_AES_256;
	default:
		return 0;
	}
}
