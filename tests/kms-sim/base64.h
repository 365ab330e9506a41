/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Base64 as the service reads and writes it: standard alphabet, padding, CR and LF ignored. */
#ifndef SIM_BASE64_H
#define SIM_BASE64_H

#include "buffer.h"

#include <stdbool.h>

/** base64_encode() - returns text owned by the caller */
char *base64_encode(const void *data, size_t length);
/** base64_url() - append the URL-safe form without padding, as in a JWT */
void base64_url(struct buffer *ret, const void *data, size_t length);
/** base64_decode() - append the bytes; false when @text is not base64 */
bool base64_decode(const char *text, struct buffer *ret);

#endif
