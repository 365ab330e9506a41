/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the net child share.
 */
#ifndef CEXLUKS_KMS_NET_H
#define CEXLUKS_KMS_NET_H

#include <curl/curl.h>

#include "kms/client.h"
#include "kms/network.h"
#include "kms/resolve.h"

struct session;
struct job;

struct net {
	int fd;		   /* to the core */
	struct veil *veil; /* over that */
	CURLM *multi;
	struct resolver *resolver;
	struct network_watch *network;	/* NULL: cannot tell */
	struct session *sessions[LIMIT_PROFILES];
	struct job *jobs[LIMIT_JOBS];
};

/* Whether there is a network worth trying; true when nobody can tell. */
bool net_is_up(const struct net *net);

/* Sends one reply; waits while the core is busy, ends the process when the core is gone. */
void net_reply(const struct net *net, const struct kms_reply *reply);

#endif
