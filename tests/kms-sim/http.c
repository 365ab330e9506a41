/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"
#include "cleanup.h"
#include "deliver.h"
#include "faults.h"
#include "lock.h"
#include "log.h"
#include "peer.h"

#include <ctype.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <string.h>

/* big enough for the "big-headers" fault; pages that are not touched cost nothing */
#define CONNECTION_MEMORY (2u * 1024 * 1024)
#define REQUEST_MAX (16u * 1024 * 1024)

struct exchange {
	char *raw;		/* request target as sent */
	char *method;
	struct buffer body;
	bool started, logged;
};

const char *request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *request_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

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
				MHD_OPTION_NOTIFY_CONNECTION, peer_notify, l,
				MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
				MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
				MHD_OPTION_ARRAY, secure ? with_tls : without_tls,
				MHD_OPTION_END);
}
