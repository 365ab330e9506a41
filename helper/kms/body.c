/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/body.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

int body_init(struct body *b, size_t capacity)
{
	*b = (struct body){ 0 };
	return secret_new(capacity, &b->s);
}

void body_done(struct body *b)
{
	secret_free(b->s);
	b->s = NULL;
}

void body_add(struct body *b, const void *data, size_t len)
{
	/* One byte stays for the final NUL, which fresh pages already hold. */
	if (b->full || len >= secret_len(b->s) - b->used) {
		b->full = true;
		return;
	}
	memcpy(secret_data(b->s) + b->used, data, len);
	b->used += len;
}

void body_add_text(struct body *b, const char *text)
{
	body_add(b, text, strlen(text));
}

static char hex(unsigned v)
{
	return "0123456789ABCDEF"[v & 15];
}

void body_add_json(struct body *b, const char *text)
{
	body_add(b, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[] = { '\\', 'u', '0', '0', hex(c >> 4), hex(c) };

		if (c == '"' || c == '\\')
			body_add(b, "\\", 1);
		if (c < 0x20)
			body_add(b, escape, sizeof(escape));
		else
			body_add(b, text, 1);
	}
	body_add(b, "\"", 1);
}

void body_add_percent(struct body *b, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++) {
		char escape[] = { '%', hex(p[i] >> 4), hex(p[i]) };

		if (p[i] < 0x80 && (isalnum(p[i]) || strchr("-._~", p[i])) && p[i])
			body_add(b, &p[i], 1);
		else
			body_add(b, escape, sizeof(escape));
		secret_wipe(escape, sizeof(escape));
	}
}

int body_take(struct body *b, struct secret **ret)
{
	if (b->full)
		return -EMSGSIZE;
	secret_shorten(b->s, b->used);
	*ret = take_ptr(b->s);
	return 0;
}
