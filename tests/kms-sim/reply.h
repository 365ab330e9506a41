/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An answer before it is sent: status, headers, body and the manner of delivery. Handlers fill
 * it, faults spoil it, http.c sends it.
 */
#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include "buffer.h"

#include <cjson/cJSON.h>

enum delivery {
	DELIVER_WHOLE,
	DELIVER_CHUNKED,
	DELIVER_HALF,		/* full Content-Length, half the body, then the connection ends */
	DELIVER_DRIP,		/* one byte every interval_ms */
	DELIVER_WRONG_LENGTH,	/* Content-Length is off by length_delta */
	DELIVER_RESET,		/* nothing; the connection is reset */
};

#define REPLY_HEADERS_MAX 32

struct reply {
	unsigned status;
	struct buffer body;
	struct {
		char *name;
		char *value;
	} headers[REPLY_HEADERS_MAX];
	unsigned headers_count;
	enum delivery delivery;
	unsigned interval_ms;
	long length_delta;
};

void reply_done(struct reply *reply);

/** reply_header() - set a header; a value already there under that name is replaced */
void reply_header(struct reply *reply, const char *name, const char *value);
/** reply_json() - set status and body; takes @json, and shuffles the members of its objects */
void reply_json(struct reply *reply, unsigned status, cJSON *json);
void reply_text(struct reply *reply, unsigned status, const char *type, const char *text);
void reply_empty(struct reply *reply, unsigned status);

#endif
