/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hexadecimal digits of public things: numbers of cards, verification patterns. Not for keys.
 */
#ifndef CEXLUKS_CEX_HEX_H
#define CEXLUKS_CEX_HEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"

/**
 * cex_hex_parse() - the first 2 * @len characters of @text
 *
 * What follows them is not looked at. @ret may be half written when it fails.
 *
 * Return: whether they are digits, either case, all of them.
 */
bool cex_hex_parse(const char *text, unsigned char *ret, size_t len) _must_check_;

/* 2 * @len lower-case digits and a NUL. */
void cex_hex_text(const unsigned char *bytes, size_t len, char *ret);

#endif
