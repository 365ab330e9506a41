/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * requests.jsonl: what arrived, one JSON object a line, flushed at once. It holds keys, tokens
 * and bodies in clear, as tests need them; the folder is 0700 and the secrets are throw-away.
 */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include "buffer.h"

#include <cjson/cJSON.h>

/** log_open() - start an empty log; returns 0 or -errno */
int log_open(const char *path);
void log_close(void);
/** log_event() - a new line's object with event, listener, time and connection filled in */
cJSON *log_event(const char *event, const char *listener, unsigned long connection);
/** log_write() - write the line; takes @line */
void log_write(cJSON *line);
/** log_add_body() - add body, body_length and, for a long one, body_truncated */
void log_add_body(cJSON *line, const void *data, size_t length);
/** log_as_array() - the whole log as the text of one JSON array */
void log_as_array(struct buffer *ret);

#endif
