/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A reply onto the wire, in the manner that reply.h's enum delivery names. */
#ifndef SIM_DELIVER_H
#define SIM_DELIVER_H

#include "listener.h"
#include "reply.h"

#include <microhttpd.h>

/** deliver() - what libmicrohttpd's request callback should return; may take the body */
enum MHD_Result deliver(struct listener *l, struct MHD_Connection *connection, struct reply *reply);

#endif
