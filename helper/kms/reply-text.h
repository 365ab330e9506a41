/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First look at the body of an HTTP answer: is it a JSON object at all, and texts out of it that
 * may be shown.
 */
#ifndef CEXLUKS_KMS_REPLY_TEXT_H
#define CEXLUKS_KMS_REPLY_TEXT_H

#include "base/attributes.h"
#include "base/json.h"

/**
 * reply_text_parse() - a JSON object
 * @ret:      owned by the caller, json_free()
 * @ret_what: on -EBADMSG: static words for what it is instead ("HTML", "an empty body", …)
 *
 * Return: 0, -EBADMSG, -ENOMEM.
 */
int reply_text_parse(const char *text, size_t len, cJSON **ret, const char **ret_what) _must_check_;

/* Member @name of @object, blanks around it removed, made printable; "" when it is no text. */
void reply_text_copy(const cJSON *object, const char *name, char *dst, size_t size);

#endif
