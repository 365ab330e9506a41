/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is connected. A number for each connection, its first and last line in the log, and whether
 * its TLS handshake was completed.
 */
#ifndef SIM_PEER_H
#define SIM_PEER_H

#include "listener.h"

#include <gnutls/gnutls.h>
#include <microhttpd.h>

struct peer {
	struct listener *listener;
	unsigned long id;
	char name[80];
	unsigned requests;
	gnutls_session_t tls;
	bool tls_done;
	struct peer *next;
};

/** peer_notify() - libmicrohttpd's connection callback; its context is a struct listener */
void peer_notify(void *listener, struct MHD_Connection *connection, void **socket_context,
		 enum MHD_ConnectionNotificationCode code);
/** peer_of() - borrowed; NULL on a port that is not logged */
struct peer *peer_of(struct MHD_Connection *connection);

#endif
