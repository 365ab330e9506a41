/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One listening port: its socket, TLS, threads, and being up, down or hanging. The port number
 * stays ours in every state, so a service can come back where it was.
 */
#ifndef SIM_LISTENER_H
#define SIM_LISTENER_H

#include "certs.h"
#include "reply.h"
#include "request.h"

#include <stdint.h>

enum listener_state {
	LISTENER_UP,
	LISTENER_DOWN,		/* connection refused */
	LISTENER_HANG,		/* connections open, and nothing ever comes back */
};

struct listener_setup {
	const char *name;		/* borrowed for the listener's life */
	const char *address;		/* "127.0.0.1", "::1", … */
	uint16_t port;			/* 0: any */
	struct tls_material tls;	/* taken; empty for plain HTTP */
	/* fills the answer; called under the lock of lock.h unless @unlocked */
	void (*answer)(const struct request *request, void *context, struct reply *reply);
	void *context;
	bool unlocked;
	bool unlogged;			/* no log lines, no faults: the control port */
};

struct listener;

/** listener_new() - bind and go up; ends the process with a message when it cannot */
struct listener *listener_new(const struct listener_setup *setup);
void listener_free(struct listener *l);
const char *listener_name(const struct listener *l);
uint16_t listener_port(const struct listener *l);
/** listener_state_set() - never call it under the lock: it waits for running requests */
int listener_state_set(struct listener *l, enum listener_state state);

/** listener_pause() - wait, but not longer than the listener stays up; false if it went away */
bool listener_pause(struct listener *l, unsigned ms);
const struct listener_setup *listener_setup_get(const struct listener *l);

#endif
