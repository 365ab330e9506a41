/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard base64 with padding, strict: no white space, no missing padding, no other alphabet, and
 * the unused bits of the last group must be zero. The work is mbedTLS's.
 */
#ifndef CEXLUKS_BASE_BASE64_H
#define CEXLUKS_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"

/* Characters for @len bytes, with the final NUL. */
#define BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)

/* Whether @text of @len characters is strict base64 of at least one byte. */
bool base64_is_valid(const char *text, size_t len);

/**
 * base64_decode_secret() - into locked memory
 * @text: @len characters, borrowed
 * @max:  most bytes accepted
 * @ret:  owned by the caller
 *
 * Return: 0; -EBADMSG when it is not strict base64 or decodes to nothing; -EFBIG beyond @max;
 * -ENOMEM.
 */
int base64_decode_secret(const char *text, size_t len, size_t max, struct secret **ret) _must_check_;

/**
 * base64_decode_lines() - public text in lines, as in PEM
 * @ret: owned by the caller, free(3)
 *
 * Return: 0; -EBADMSG; -EFBIG beyond @max; -ENOMEM.
 */
int base64_decode_lines(const char *text, size_t len, size_t max, unsigned char **ret, size_t *ret_len) _must_check_;

/**
 * base64_encode_secret() - the text of a secret is a secret: NUL-terminated, in locked memory
 * @ret: owned by the caller; secret_len() does not count the final NUL
 */
int base64_encode_secret(const struct secret *in, struct secret **ret) _must_check_;

#endif
