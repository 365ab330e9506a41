/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UUIDs as text: LUKS volumes, KMS instances and keys, correlation ids.
 */
#ifndef CEXLUKS_BASE_UUID_H
#define CEXLUKS_BASE_UUID_H

#include <stdbool.h>

#include "base/attributes.h"

#define UUID_SIZE 37 /* 36 characters and the NUL */

/* 8-4-4-4-12 hexadecimal digits, either case. */
bool uuid_is_valid(const char *text);

/* Case does not matter. */
bool uuid_equal(const char *a, const char *b);

/**
 * uuid_matches() - a UUID as people abbreviate it on the kernel command line
 * @uuid:    whole
 * @pattern: whole or beginning, with or without "luks-"
 *
 * Source: dracut.cmdline(7), rd.luks.uuid: the beginning is enough if it is unambiguous.
 */
bool uuid_matches(const char *uuid, const char *pattern);

/* A fresh version 4 UUID. Return: 0 or -errno of getrandom(2). */
int uuid_random(char ret[static UUID_SIZE]) _must_check_;

#endif
