/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-256: header checksums, fingerprints, derived keys. The work is mbedTLS's, which wipes its state. */
#ifndef CEXLUKS_BASE_SHA256_H
#define CEXLUKS_BASE_SHA256_H

#include <stddef.h>

#include "base/attributes.h"

#define SHA256_SIZE 32

/* Return: 0 or -EIO when the crypto library fails. */
int sha256(const void *data, size_t len, unsigned char ret[static SHA256_SIZE]) _must_check_;

#endif
