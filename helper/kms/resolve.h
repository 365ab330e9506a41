/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names to addresses, each look-up in a thread of its own that nobody ever waits for: a resolver
 * that does not answer costs a thread, not the budget. libcurl's own look-up is not used, because
 * it joins its thread when a transfer ends, and the static build's has no thread at all.
 *
 * Source: Curl_resolver_kill() in libcurl's lib/asyn-thread.c (7.88.1).
 */
#ifndef CEXLUKS_KMS_RESOLVE_H
#define CEXLUKS_KMS_RESOLVE_H

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/deadline.h"

struct resolver;

enum resolve_state {
	RESOLVE_BUSY,
	RESOLVE_DONE,
	RESOLVE_FAILED,
};

/* Return: 0 or -errno of eventfd(2). */
int resolver_new(struct resolver **ret) _must_check_;

/* Readable when a look-up ended; resolver_collect() takes the notices. */
int resolver_fd(const struct resolver *resolver);
void resolver_collect(struct resolver *resolver);

/**
 * resolver_get() - what is known about a host; starts a look-up if nothing recent is
 * @host:          a DNS name
 * @since:         a failure older than this does not count
 * @ret_addresses: when DONE: comma separated, IPv6 in brackets; borrowed until the next call
 * @ret_error:     when FAILED: words of the system's resolver; static
 */
enum resolve_state resolver_get(struct resolver *resolver, const char *host, uint64_t since,
				const char **ret_addresses, const char **ret_error);

#endif
