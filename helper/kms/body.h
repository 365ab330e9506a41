/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds a request body or header that holds a secret, in locked memory of fixed size. Too little
 * room is remembered and reported once at the end.
 */
#ifndef CEXLUKS_KMS_BODY_H
#define CEXLUKS_KMS_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"

struct body {
	struct secret *s;
	size_t used;
	bool full;
};

/* @capacity includes the final NUL. Return: 0, -ENOMEM. */
int body_init(struct body *b, size_t capacity) _must_check_;
void body_done(struct body *b);
#define _cleanup_body_ _cleanup_(body_done)

void body_add(struct body *b, const void *data, size_t len);
void body_add_text(struct body *b, const char *text);

/* A JSON string with its quotes; @text is UTF-8. */
void body_add_json(struct body *b, const char *text);

/* Percent-encoded: everything but unreserved characters. Source: RFC 3986, section 2.3. */
void body_add_percent(struct body *b, const void *data, size_t len);

/* NUL-terminated; @ret does not count the NUL and is owned by the caller. 0 or -EMSGSIZE. */
int body_take(struct body *b, struct secret **ret) _must_check_;

#endif
