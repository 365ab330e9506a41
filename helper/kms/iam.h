/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IBM Cloud IAM: the form that asks for a bearer token, and what comes back.
 * Source: reference/kms-api.md section 1.
 */
#ifndef CEXLUKS_KMS_IAM_H
#define CEXLUKS_KMS_IAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/secret.h"
#include "kms/errors.h"

#define IAM_PATH	 "/identity/token"
#define IAM_CONTENT_TYPE "application/x-www-form-urlencoded"

/* The request body. @ret: owned by the caller. Return: 0, -ENOMEM. */
int iam_build_form(const struct secret *api_key, struct secret **ret) _must_check_;

/**
 * iam_parse_token() - a reply with HTTP 200
 * @ret_token:      owned by the caller
 * @ret_lifetime_s: 0 when the reply gives no usable number
 * @ret_what:       on -EBADMSG: static words for what came instead
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int iam_parse_token(const char *text, size_t len, struct secret **ret_token,
		    uint64_t *ret_lifetime_s, const char **ret_what) _must_check_;

/* An error body, in either of IAM's two shapes or in none. */
void iam_parse_error(const char *text, size_t len, struct service_error *ret);

#endif
