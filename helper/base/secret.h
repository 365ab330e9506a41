/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A secret: passphrase, API key, bearer token. Fixed size at creation, own pages, locked and kept
 * out of core dumps, wiped on release. It cannot grow, cannot be copied, and nothing prints it.
 *
 * Copies that this type cannot reach, and what shortens their life:
 *  - libcurl's send buffer and header list (net child only; the child is neither dumpable nor
 *    traceable, and overwrites its memory when it ends, see kms/scrub.h; killed it can't)
 *  - cJSON strings of a reply that holds a plaintext: json_free() wipes them (base/json.h)
 *  - TLS library record buffers (net child only)
 *  - libcryptsetup's own key buffers: wiped by it (crypt_safe_free)
 *  - socket buffers between core and net child: gone when read; AF_UNIX, never on a disk
 */
#ifndef CEXLUKS_BASE_SECRET_H
#define CEXLUKS_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"

struct secret;

/**
 * secret_new() - pages for one secret
 * @capacity: bytes, at least 1; the length starts equal to it and may only shrink
 * @ret:      owned by the caller, release with secret_free()
 *
 * Locking refused (RLIMIT_MEMLOCK) is a debug line and no error: an initramfs has no swap.
 *
 * Return: 0, -EINVAL, -ENOMEM.
 */
int secret_new(size_t capacity, struct secret **ret) _must_check_;

/* Wipes and releases; NULL is fine. */
void secret_free(struct secret *s);
DEFINE_CLEANUP(struct secret *, secret_free);
#define _cleanup_secret_ _cleanup_(secret_freep)

/* Borrowed until secret_free(). */
unsigned char *secret_data(struct secret *s);
const unsigned char *secret_bytes(const struct secret *s);
size_t secret_len(const struct secret *s);

/* Shortens the length to @len, which must not exceed it, and wipes what lies behind. */
void secret_shorten(struct secret *s, size_t len);

/* Constant time in the contents; lengths are not secret. */
bool secret_equal(const struct secret *a, const struct secret *b);

/**
 * secret_random_passphrase() - full-entropy bytes from the kernel, none of them NUL
 *
 * NUL is left out because systemd's ask-password protocol carries strings; 32 such bytes hold
 * 255.8 bits. Source: ask_password_agent() in systemd's src/shared/ask-password-api.c parses the
 * answer as a NUL-separated list.
 *
 * Return: 0 or -errno of getrandom(2).
 */
int secret_random_passphrase(size_t len, struct secret **ret) _must_check_;

/**
 * secret_read_fd() - all of a descriptor, up to @max bytes
 *
 * Return: 0; -EFBIG when there is more; -ENODATA when there is nothing; -errno of read(2).
 */
int secret_read_fd(int fd, size_t max, struct secret **ret) _must_check_;

/* Wipes @len bytes in a way the compiler keeps. */
void secret_wipe(void *p, size_t len);

#endif
