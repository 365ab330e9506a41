/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "http.h"
#include "cleanup.h"
#include "faults.h"
#include "lock.h"
#include "log.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* big enough for the "big-headers" fault; pages that are not touched cost nothing */
#define CONNECTION_MEMORY (2u * 1024 * 1024)
#define REQUEST_MAX (16u * 1024 * 1024)

struct peer {
	struct listener *listener;
	unsigned long id;
	char name[80];
	unsigned requests;
	gnutls_session_t tls;
	bool tls_done;
	struct peer *next;
};

struct exchange {
	char *raw;		/* request target as sent */
	char *method;
	struct buffer body;
	bool started, logged;
};

static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;
static _Atomic unsigned long peers_count;

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* ---- connections ---- */

/* The client's Finished message is the last thing that can go wrong in a handshake. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
		       const gnutls_datum_t *message)
{
	(void)type;
	(void)when;
	(void)message;
	pthread_mutex_lock(&peers_lock);
	for (struct peer *p = peers; p; p = p->next)
		if (p->tls == session && incoming)
			p->tls_done = true;
	pthread_mutex_unlock(&peers_lock);
	return 0;
}

static void peer_name(struct MHD_Connection *connection, char *ret, size_t size)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	char host[64] = "?", service[16] = "?";

	if (address)
		(void)getnameinfo(address, address->sa_family == AF_INET6 ?
				  sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in),
				  host, sizeof(host), service, sizeof(service),
				  NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(ret, size, address && address->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		 service);
}

static void peer_arrived(struct listener *l, struct MHD_Connection *connection, void **context)
{
	const union MHD_ConnectionInfo *info;
	struct peer *p = must_calloc(1, sizeof(*p));
	cJSON *line;

	p->listener = l;
	p->id = atomic_fetch_add(&peers_count, 1) + 1;
	peer_name(connection, p->name, sizeof(p->name));
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	p->tls = info ? info->tls_session : NULL;
	if (p->tls)
		gnutls_handshake_set_hook_function(p->tls, GNUTLS_HANDSHAKE_FINISHED,
						   GNUTLS_HOOK_POST, on_finished);
	pthread_mutex_lock(&peers_lock);
	p->next = peers;
	peers = p;
	pthread_mutex_unlock(&peers_lock);
	*context = p;

	line = log_event("connection", listener_name(l), p->id);
	cJSON_AddStringToObject(line, "peer", p->name);
	log_write(line);
}

static void peer_left(struct peer *p)
{
	cJSON *line = log_event("closed", listener_name(p->listener), p->id);

	pthread_mutex_lock(&peers_lock);
	for (struct peer **at = &peers; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	pthread_mutex_unlock(&peers_lock);
	cJSON_AddStringToObject(line, "peer", p->name);
	cJSON_AddNumberToObject(line, "requests", p->requests);
	cJSON_AddStringToObject(line, "tls", !p->tls ? "none" : p->tls_done ? "ok" : "failed");
	log_write(line);
	free(p);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = context;

	if (listener_setup_get(l)->unlogged)
		return;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		peer_arrived(l, connection, socket_context);
	else if (*socket_context)
		peer_left(*socket_context);
}

static struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* ---- log ---- */

static enum MHD_Result add_header(void *context, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	_cleanup_free_ char *lower = must_strdup(name);
	_cleanup_buffer_ struct buffer joined = { 0 };
	cJSON *headers = context;
	const char *before;

	(void)kind;
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	before = cJSON_GetStringValue(cJSON_GetObjectItem(headers, lower));
	buffer_printf(&joined, "%s%s%s", before ? before : "", before ? ", " : "",
		      value ? value : "");
	cJSON_DeleteItemFromObject(headers, lower);
	cJSON_AddStringToObject(headers, lower, joined.data);
	return MHD_YES;
}

static void add_tls(cJSON *line, gnutls_session_t session)
{
	char sni[256] = "";
	size_t size = sizeof(sni) - 1;
	unsigned type;

	if (!session)
		return;
	cJSON_AddStringToObject(line, "tls",
				gnutls_protocol_get_name(gnutls_protocol_get_version(session)));
	if (gnutls_server_name_get(session, sni, &size, &type, 0) == 0)
		cJSON_AddStringToObject(line, "sni", sni);
}

static void log_request(struct listener *l, struct MHD_Connection *connection,
			struct exchange *x, unsigned status, const struct fault *fault)
{
	struct peer *p = peer_of(connection);
	cJSON *line;

	if (listener_setup_get(l)->unlogged || !p)
		return;
	p->requests++;
	x->logged = true;
	line = log_event("request", listener_name(l), p->id);
	cJSON_AddStringToObject(line, "peer", p->name);
	add_tls(line, p->tls);
	cJSON_AddStringToObject(line, "method", x->method);
	cJSON_AddStringToObject(line, "path", x->raw);
	MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header,
				  cJSON_AddObjectToObject(line, "headers"));
	log_add_body(line, x->body.data, x->body.length);
	if (status)
		cJSON_AddNumberToObject(line, "status", status);
	else
		cJSON_AddNullToObject(line, "status");
	if (fault)
		cJSON_AddStringToObject(line, "fault", fault_name(fault));
	else
		cJSON_AddNullToObject(line, "fault");
	log_write(line);
}

/* ---- delivery ---- */

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

static enum MHD_Result deliver(struct listener *l, struct MHD_Connection *connection,
			       struct reply *reply)
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

/* ---- requests ---- */

static enum MHD_Result answer(struct listener *l, struct MHD_Connection *connection,
			      const char *path, struct exchange *x)
{
	const struct listener_setup *setup = listener_setup_get(l);
	_cleanup_(reply_done) struct reply reply = { .status = 500 };
	struct request request = {
		.listener = setup->name, .method = x->method, .path = path,
		.body = x->body.data, .length = x->body.length, .connection = connection,
	};
	struct fault *fault = NULL;
	bool stays;

	if (setup->unlocked) {
		setup->answer(&request, setup->context, &reply);
		return deliver(l, connection, &reply);
	}
	lock_take();
	fault = faults_match(&request);
	if (!fault_replaces(fault, &request, &reply)) {
		setup->answer(&request, setup->context, &reply);
		fault_spoils(fault, &reply);
	}
	lock_give();

	log_request(l, connection, x,
		    reply.delivery == DELIVER_RESET ? 0 : reply.status, fault);
	stays = listener_pause(l, fault_delay_ms(fault));
	fault_free(fault);
	return stays ? deliver(l, connection, &reply) : MHD_NO;
}

static void *on_target(void *context, const char *raw, struct MHD_Connection *connection)
{
	struct exchange *x = must_calloc(1, sizeof(*x));

	(void)context;
	(void)connection;
	x->raw = must_strdup(raw);
	return x;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request_context)
{
	struct exchange *x = *request_context;

	(void)version;
	if (!x->started) {
		x->started = true;
		x->method = must_strdup(method);
		return MHD_YES;
	}
	if (*upload_size) {
		if (x->body.length + *upload_size > REQUEST_MAX)
			return MHD_NO;
		buffer_append(&x->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return answer(context, connection, url, x);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request_context,
			 enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *request_context;

	(void)how;
	if (!x)
		return;
	/* headers came, the body did not: a test must see that too */
	if (x->started && !x->logged)
		log_request(context, connection, x, 0, NULL);
	free(x->raw);
	free(x->method);
	buffer_done(&x->body);
	free(x);
	*request_context = NULL;
}

static void stay_silent(void *context, const char *format, va_list arguments)
{
	(void)context;
	(void)format;
	(void)arguments;
}

struct MHD_Daemon *http_start(struct listener *l, int fd)
{
	const struct tls_material *tls = &listener_setup_get(l)->tls;
	bool secure = tls->certificate && !tls->plain;
	struct MHD_OptionItem with_tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, tls->certificate },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, tls->key },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)tls->priorities },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem without_tls[] = { { MHD_OPTION_END, 0, NULL } };
	unsigned flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
			 MHD_USE_POLL | MHD_USE_ITC | (secure ? (unsigned)MHD_USE_TLS : 0);

	/* the log callback must come first, or the library speaks before it hears of it */
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, l,
				MHD_OPTION_EXTERNAL_LOGGER, stay_silent, NULL,
				MHD_OPTION_LISTEN_SOCKET, fd,
				MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
				MHD_OPTION_NOTIFY_CONNECTION, on_connection, l,
				MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
				MHD_OPTION_ARRAY, secure ? with_tls : without_tls,
				MHD_OPTION_END);
}
