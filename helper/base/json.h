/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Strict reading of JSON that strangers wrote. A scanner of our own looks at the whole text before
 * cJSON does: RFC 8259 grammar, depth, no duplicate member names, no NUL (raw or escaped), valid
 * UTF-8 and surrogates, nothing behind the value. cJSON then builds the tree; all its memory is
 * wiped when freed, because trees here may hold secrets.
 *
 * Getters return false when the member is absent, has another type or breaks its limit.
 */
#ifndef CEXLUKS_BASE_JSON_H
#define CEXLUKS_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/attributes.h"
#include "base/cleanup.h"

/* Makes cJSON use wiping memory. Call once, before any other function here. */
void json_setup(void);

/**
 * json_parse() - check, then build the tree
 * @text:  @len bytes, need not be NUL-terminated
 * @depth: most levels of objects and arrays
 * @ret:   owned by the caller, release with json_free()
 *
 * Return: 0; -EBADMSG when the text breaks a rule above; -ENOMEM.
 */
int json_parse(const char *text, size_t len, unsigned depth, cJSON **ret) _must_check_;

/* The scanner alone: 0 or -EBADMSG. */
int json_check(const char *text, size_t len, unsigned depth) _must_check_;

/* Wipes and releases a tree; NULL is fine. */
void json_free(cJSON *tree);
DEFINE_CLEANUP(cJSON *, json_free);
#define _cleanup_json_ _cleanup_(json_freep)

/* Compact text of @tree, owned by the caller, to be released with json_free_text(); NULL: no memory. */
char *json_text(const cJSON *tree);
void json_free_text(char *text);
DEFINE_CLEANUP(char *, json_free_text);
#define _cleanup_json_text_ _cleanup_(json_free_textp)

/* Borrowed from @object: a string of @min to @max bytes, or NULL. */
const char *json_string(const cJSON *object, const char *name, size_t min, size_t max);

bool json_bool(const cJSON *object, const char *name, bool *ret);

/* A number without fraction in [@min, @max]. */
bool json_integer(const cJSON *object, const char *name, int64_t min, int64_t max, int64_t *ret);

/* True when every member of @object is one of the @n @names. */
bool json_only_members(const cJSON *object, const char *const *names, size_t n);

#endif
