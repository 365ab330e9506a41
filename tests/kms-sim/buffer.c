/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "buffer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
	fputs("kms-sim: out of memory\n", stderr);
	abort();
}

void *must_calloc(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		out_of_memory();
	return p;
}

char *must_strdup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		out_of_memory();
	return copy;
}

static void reserve(struct buffer *b, size_t more)
{
	size_t wanted = b->length + more + 1;
	char *p;

	if (wanted <= b->capacity)
		return;
	if (wanted < 2 * b->capacity)
		wanted = 2 * b->capacity;
	p = realloc(b->data, wanted);
	if (!p)
		out_of_memory();
	b->data = p;
	b->capacity = wanted;
}

void buffer_done(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){ 0 };
}

void buffer_clear(struct buffer *b)
{
	b->length = 0;
	if (b->data)
		b->data[0] = '\0';
}

void buffer_append(struct buffer *b, const void *data, size_t length)
{
	reserve(b, length);
	if (length)
		memcpy(b->data + b->length, data, length);
	b->length += length;
	b->data[b->length] = '\0';
}

void buffer_fill(struct buffer *b, char c, size_t count)
{
	reserve(b, count);
	memset(b->data + b->length, c, count);
	b->length += count;
	b->data[b->length] = '\0';
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		out_of_memory();
	buffer_append(b, text, (size_t)n);
	free(text);
}

int buffer_read_file(struct buffer *b, const char *path)
{
	FILE *f = fopen(path, "re");
	char chunk[16384];
	size_t n;
	int r;

	if (!f)
		return -errno;
	buffer_clear(b);
	buffer_append(b, "", 0);
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		buffer_append(b, chunk, n);
	r = ferror(f) ? -EIO : 0;
	fclose(f);
	return r;
}
