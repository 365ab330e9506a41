/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte buffer, always followed by a NUL that does not count. Running out of memory
 * ends the process: a simulator has nobody to report it to.
 */
#ifndef SIM_BUFFER_H
#define SIM_BUFFER_H

#include <stddef.h>

struct buffer {
	char *data;
	size_t length;
	size_t capacity;
};

void buffer_done(struct buffer *b);
void buffer_clear(struct buffer *b);
void buffer_append(struct buffer *b, const void *data, size_t length);
void buffer_fill(struct buffer *b, char c, size_t count);
void buffer_printf(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** buffer_read_file() - replace the content with a file's; returns 0 or -errno */
int buffer_read_file(struct buffer *b, const char *path);

/* allocation that cannot fail */
void *must_calloc(size_t count, size_t size);
char *must_strdup(const char *s);

#endif
