/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text from strangers made fit for a log line or a console: printable ASCII only.
 */
#ifndef CEXLUKS_KMS_TEXT_H
#define CEXLUKS_KMS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * kms_text_clean() - copy, with every byte that is not printable ASCII made a '?'
 * @dst: @size bytes, at least 1; always NUL-terminated, longer text is cut
 * @src: @len bytes; NUL bytes among them are replaced like any other
 */
void kms_text_clean(char *dst, size_t size, const char *src, size_t len);

/* Whether kms_text_clean() would leave @text as it is. */
bool kms_text_is_clean(const char *text);

#endif
