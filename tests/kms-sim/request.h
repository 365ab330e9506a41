/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request as handlers see it. Everything is borrowed for the length of the call. */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include <stddef.h>

struct MHD_Connection;

struct request {
	const char *listener;	/* its name */
	const char *method;
	const char *path;	/* percent-decoded, without the query */
	const void *body;
	size_t length;
	struct MHD_Connection *connection;
};

/** request_header() - a header's value or NULL; names match in any case */
const char *request_header(const struct request *request, const char *name);
/** request_query() - a decoded query argument or NULL */
const char *request_query(const struct request *request, const char *name);

#endif
