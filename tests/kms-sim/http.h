/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The meeting place of libmicrohttpd and the simulator: collects a request, lets faults and the
 * listener's handler answer it, writes the log line, delivers. listener.c runs the daemons.
 */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "listener.h"

struct MHD_Daemon;

/** http_start() - serve @fd, a bound listening socket, which is taken; NULL on failure */
struct MHD_Daemon *http_start(struct listener *l, int fd);

#endif
