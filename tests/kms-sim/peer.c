/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"
#include "cleanup.h"
#include "log.h"

#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>

static pthread_mutex_t peers_lock = PTHREAD_MUTEX_INITIALIZER;
static struct peer *peers;
static _Atomic unsigned long peers_count;

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

void peer_notify(void *listener, struct MHD_Connection *connection, void **socket_context,
		 enum MHD_ConnectionNotificationCode code)
{
	struct listener *l = listener;

	if (listener_setup_get(l)->unlogged)
		return;
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		peer_arrived(l, connection, socket_context);
	else if (*socket_context)
		peer_left(*socket_context);
}

struct peer *peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}
