/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "deliver.h"
#include "cleanup.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct delivery_state {
	struct listener *listener;
	struct buffer body;
	size_t stop_at;		/* the connection ends before this byte, if there are more */
	unsigned interval_ms;
};

static ssize_t deliver_some(void *context, uint64_t position, char *chunk, size_t max)
{
	struct delivery_state *d = context;
	size_t left = d->stop_at - (size_t)position;

	if (!left)
		return d->stop_at < d->body.length ? MHD_CONTENT_READER_END_WITH_ERROR :
						     MHD_CONTENT_READER_END_OF_STREAM;
	if (d->interval_ms) {
		if (!listener_pause(d->listener, d->interval_ms))
			return MHD_CONTENT_READER_END_WITH_ERROR;
		max = 1;
	}
	if (max > left)
		max = left;
	memcpy(chunk, d->body.data + position, max);
	return (ssize_t)max;
}

static void delivery_free(void *context)
{
	struct delivery_state *d = context;

	buffer_done(&d->body);
	free(d);
}

static struct MHD_Response *response_in_pieces(struct listener *l, struct reply *reply)
{
	struct delivery_state *d = must_calloc(1, sizeof(*d));
	bool open_end = reply->delivery == DELIVER_CHUNKED ||
			reply->delivery == DELIVER_WRONG_LENGTH;
	uint64_t size = open_end ? MHD_SIZE_UNKNOWN : reply->body.length;

	d->listener = l;
	d->body = reply->body;
	reply->body = (struct buffer){ 0 };
	d->stop_at = reply->delivery == DELIVER_HALF ? d->body.length / 2 : d->body.length;
	d->interval_ms = reply->delivery == DELIVER_DRIP ? reply->interval_ms : 0;
	return MHD_create_response_from_callback(size, 4096, deliver_some, d, delivery_free);
}

/*
 * The library adds a Content-Length of its own to every answer whose size it knows. HTTP/1.0
 * answers of unknown size go without one, so there ours is the only one.
 */
static struct MHD_Response *response_of_wrong_length(struct listener *l, struct reply *reply)
{
	long claimed = (long)reply->body.length + reply->length_delta;
	struct MHD_Response *response = response_in_pieces(l, reply);
	char length[32];

	if (!response)
		return NULL;
	snprintf(length, sizeof(length), "%ld", claimed < 0 ? 0 : claimed);
	MHD_set_response_options(response, MHD_RF_INSANITY_HEADER_CONTENT_LENGTH |
				 MHD_RF_HTTP_VERSION_1_0_RESPONSE, MHD_RO_END);
	MHD_add_response_header(response, "Content-Length", length);
	MHD_add_response_header(response, "Connection", "close");
	return response;
}

static struct MHD_Response *response_new(struct listener *l, struct reply *reply)
{
	switch (reply->delivery) {
	case DELIVER_CHUNKED:
	case DELIVER_HALF:
	case DELIVER_DRIP:
		return response_in_pieces(l, reply);
	case DELIVER_WRONG_LENGTH:
		return response_of_wrong_length(l, reply);
	case DELIVER_WHOLE:
	case DELIVER_RESET:
		break;
	}
	return MHD_create_response_from_buffer(reply->body.length, reply->body.data,
					       MHD_RESPMEM_MUST_COPY);
}

/* Linux: connecting to "nowhere" drops a TCP connection at once, with a reset to the peer. */
static void reset(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	struct linger at_once = { .l_onoff = 1 };

	if (!info)
		return;
	(void)setsockopt(info->connect_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	(void)connect(info->connect_fd, &nowhere, sizeof(nowhere)); /* else closing resets it */
}

enum MHD_Result deliver(struct listener *l, struct MHD_Connection *connection, struct reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result r;

	if (reply->delivery == DELIVER_RESET) {
		reset(connection);
		return MHD_NO;
	}
	response = response_new(l, reply);
	if (!response)
		return MHD_NO;
	for (unsigned i = 0; i < reply->headers_count; i++)
		MHD_add_response_header(response, reply->headers[i].name, reply->headers[i].value);
	r = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return r;
}
