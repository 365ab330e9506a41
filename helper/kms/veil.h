/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Secrets between core and net child pass through buffers of a socket, which the kernel frees unwiped:
 * whoever dumps memory later would find API keys and passphrases there. So all packets after the first
 * are hidden with a key of this pair of processes alone. The key itself travels in a page that both
 * map, the child empties, and the core wipes for certain.
 */
#ifndef CEXLUKS_KMS_VEIL_H
#define CEXLUKS_KMS_VEIL_H

#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/secret.h"

struct veil;

/**
 * veil_make() - the core's end, with a new key
 * @ret_fd: to be sent to the child with the first packet; borrowed from the veil
 *
 * Return: 0 or -errno.
 */
int veil_make(struct veil **ret, int *ret_fd) _must_check_;

/* The child's end, from that descriptor, which stays the caller's. Return: 0, -EBADMSG, -errno. */
int veil_take(int fd, struct veil **ret) _must_check_;

/* Wipes the key everywhere. NULL is fine. */
void veil_free(struct veil *veil);
DEFINE_CLEANUP(struct veil *, veil_free);
#define _cleanup_veil_ _cleanup_(veil_freep)

/* message_send() and message_receive() behind a veil. @veil NULL: without one. */
int veil_send(struct veil *veil, int fd, const struct secret *message, int attach) _must_check_;
int veil_receive(struct veil *veil, int fd, struct secret *buffer, size_t *ret_len, int *ret_attach)
	_must_check_;

#endif
