/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to hide packets with that pass through memory which nobody wipes: AES-256 in counter mode, one
 * stream per packet number. It hides, it proves nothing: who reads must check what comes out. The work
 * is mbedTLS's.
 */
#ifndef CEXLUKS_BASE_KEYSTREAM_H
#define CEXLUKS_BASE_KEYSTREAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"

#define KEYSTREAM_KEY 32

struct keystream;

/* @key: copied into locked memory, never used for anything else. Return: 0, -ENOMEM, -EIO. */
int keystream_new(const unsigned char key[static KEYSTREAM_KEY], struct keystream **ret) _must_check_;

/* Wipes and releases; NULL is fine. */
void keystream_free(struct keystream *stream);
DEFINE_CLEANUP(struct keystream *, keystream_free);

/**
 * keystream_apply() - hide @data, or show it again
 * @packet: its number; no two packets of one key may have the same
 *
 * Return: 0 or -EIO.
 */
int keystream_apply(struct keystream *stream, uint64_t packet, unsigned char *data, size_t len)
	_must_check_;

#endif
