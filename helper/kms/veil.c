/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/veil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/keystream.h"
#include "kms/message.h"

#define FROM_CORE  0
#define FROM_CHILD (UINT64_C(1) << 63) /* numbers of the two directions never meet */

struct veil {
	struct keystream *stream;
	uint64_t sent, received; /* numbers of the next packets */
	unsigned char *page;	 /* the core's: where the key lies until the child has it */
	int fd;
};

static unsigned char *map_page(int fd)
{
	void *page = mmap(NULL, KEYSTREAM_KEY, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return page == MAP_FAILED ? NULL : page;
}

static void empty_page(unsigned char *page)
{
	secret_wipe(page, KEYSTREAM_KEY);
	(void)munmap(page, KEYSTREAM_KEY);
}

int veil_make(struct veil **ret, int *ret_fd)
{
	_cleanup_veil_ struct veil *veil = calloc(1, sizeof(*veil));
	int r;

	if (!veil)
		return -ENOMEM;
	veil->sent = FROM_CORE;
	veil->received = FROM_CHILD;
	veil->fd = memfd_create("key", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	/* Of fixed size, so that a child cannot take the page away from us. */
	if (veil->fd < 0 || ftruncate(veil->fd, KEYSTREAM_KEY) < 0 ||
	    fcntl(veil->fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW) < 0)
		return -errno;
	veil->page = map_page(veil->fd);
	if (!veil->page)
		return -errno;
	if (getrandom(veil->page, KEYSTREAM_KEY, 0) != KEYSTREAM_KEY)
		return -EIO;
	r = keystream_new(veil->page, &veil->stream);
	if (r < 0)
		return r;
	*ret_fd = veil->fd;
	*ret = take_ptr(veil);
	return 0;
}

int veil_take(int fd, struct veil **ret)
{
	_cleanup_veil_ struct veil *veil = calloc(1, sizeof(*veil));
	unsigned char *page;
	struct stat st;
	int r;

	if (!veil)
		return -ENOMEM;
	veil->fd = -1;
	veil->sent = FROM_CHILD;
	veil->received = FROM_CORE;
	if (fstat(fd, &st) < 0 || st.st_size != KEYSTREAM_KEY)
		return -EBADMSG;
	page = map_page(fd);
	if (!page)
		return -errno;
	r = keystream_new(page, &veil->stream);
	empty_page(page);
	if (r < 0)
		return r;
	*ret = take_ptr(veil);
	return 0;
}

void veil_free(struct veil *veil)
{
	if (!veil)
		return;
	if (veil->page)
		empty_page(veil->page);
	keystream_free(veil->stream);
	cleanup_close(&veil->fd);
	free(veil);
}

int veil_send(struct veil *veil, int fd, const struct secret *message, int attach)
{
	_cleanup_secret_ struct secret *hidden = NULL;
	size_t len = secret_len(message);
	int r;

	if (!veil)
		return message_send(fd, message, attach);
	r = secret_new(len, &hidden);
	if (r < 0)
		return r;
	memcpy(secret_data(hidden), secret_bytes(message), len);
	r = keystream_apply(veil->stream, veil->sent, secret_data(hidden), len);
	if (r == 0)
		r = message_send(fd, hidden, attach);
	if (r == 0)
		veil->sent++; /* one that did not go is the same packet the next time */
	return r;
}

int veil_receive(struct veil *veil, int fd, struct secret *buffer, size_t *ret_len, int *ret_attach)
{
	int r = message_receive(fd, buffer, ret_len, ret_attach);

	if (r < 0 || !veil)
		return r;
	r = keystream_apply(veil->stream, veil->received, secret_data(buffer), *ret_len);
	veil->received++;
	return r;
}
