/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/skcipher.h"

#include <errno.h>
#include <linux/if_alg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cex/condition.h"

#ifndef SOL_ALG
#define SOL_ALG 279
#endif

static int (*encrypt_instead)(const char *name, const struct secret *key, const unsigned char *in,
			      unsigned char *out, size_t len);

void cex_skcipher_set(int (*encrypt)(const char *name, const struct secret *key, const unsigned char *in,
				     unsigned char *out, size_t len))
{
	encrypt_instead = encrypt;
}

const char *cex_skcipher_name(enum cex_cipher cipher)
{
	return cipher == CEX_CIPHER_XTS ? "xts(paes)" : "cbc(paes)";
}

static int condition_of(const char *step, const char *name, int error)
{
	log_debug("cex: %s, %s: errno %d (%s)", name, step, error, strerror(error));
	switch (error) {
	case ENOENT:
	case EAFNOSUPPORT:
		return CEX_MODULE_MISSING;
	case ENODEV:
		return CEX_NO_QUEUE;
	case EAGAIN:
	case EBUSY:
		return CEX_BUSY;
	case EINVAL:
		return CEX_REFUSED;
	case EIO:
	case EKEYREJECTED:
		return CEX_CARD_ERROR;
	default:
		return -error;
	}
}

/* A socket of the cipher, keyed. */
static int open_cipher(const char *name, const struct secret *key, int *ret)
{
	struct sockaddr_alg address = { .salg_family = AF_ALG, .salg_type = "skcipher" };
	_cleanup_close_ int fd = -1;

	if (strlen(name) >= sizeof(address.salg_name))
		return -EINVAL;
	memcpy(address.salg_name, name, strlen(name) + 1);
	fd = socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return condition_of("socket", name, errno);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return condition_of("bind", name, errno);
	if (setsockopt(fd, SOL_ALG, ALG_SET_KEY, secret_bytes(key), (socklen_t)secret_len(key)) < 0)
		return condition_of("set key", name, errno);
	*ret = take_fd(&fd);
	return 0;
}

/* The plain text, with operation and a zero IV beside it. */
static int send_text(int fd, const char *name, const unsigned char *in, size_t len)
{
	char control[CMSG_SPACE(sizeof(uint32_t)) +
		     CMSG_SPACE(sizeof(struct af_alg_iv) + SKCIPHER_IV)]
		__attribute__((aligned(__alignof__(struct cmsghdr)))) = { 0 };
	unsigned char text[SKCIPHER_MAX];
	struct iovec iov = { .iov_base = text, .iov_len = len };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *part = CMSG_FIRSTHDR(&message);
	uint32_t operation = ALG_OP_ENCRYPT, iv_len = SKCIPHER_IV;
	ssize_t n;

	memcpy(text, in, len);
	part->cmsg_level = SOL_ALG;
	part->cmsg_type = ALG_SET_OP;
	part->cmsg_len = CMSG_LEN(sizeof(operation));
	memcpy(CMSG_DATA(part), &operation, sizeof(operation));
	part = CMSG_NXTHDR(&message, part);
	part->cmsg_level = SOL_ALG;
	part->cmsg_type = ALG_SET_IV;
	part->cmsg_len = CMSG_LEN(sizeof(struct af_alg_iv) + SKCIPHER_IV);
	memcpy(CMSG_DATA(part), &iv_len, sizeof(iv_len)); /* struct af_alg_iv, whose bytes are zeros */
	n = sendmsg(fd, &message, 0);
	if (n < 0)
		return condition_of("send", name, errno);
	return (size_t)n == len ? 0 : -EIO;
}

int cex_skcipher_encrypt(const char *name, const struct secret *key, const unsigned char *in,
			 unsigned char *out, size_t len)
{
	_cleanup_close_ int cipher = -1;
	_cleanup_close_ int operation = -1;
	ssize_t n;
	int r;

	if (!len || len > SKCIPHER_MAX || len % SKCIPHER_IV)
		return -EINVAL;
	if (encrypt_instead)
		return encrypt_instead(name, key, in, out, len);
	r = open_cipher(name, key, &cipher);
	if (r)
		return r;
	operation = accept4(cipher, NULL, NULL, SOCK_CLOEXEC);
	if (operation < 0)
		return condition_of("accept", name, errno);
	r = send_text(operation, name, in, len);
	if (r)
		return r;
	n = read(operation, out, len);
	if (n < 0)
		return condition_of("encrypt", name, errno);
	return (size_t)n == len ? 0 : -EIO;
}
