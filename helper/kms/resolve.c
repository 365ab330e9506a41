/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/limits.h"
#include "base/log.h"

/* Two endpoints and a proxy per profile. */
#define HOSTS ((size_t)3 * LIMIT_PROFILES)

#define FRESH_MS      60000u
#define MAX_ADDRESSES 8

/* getaddrinfo(3) and the modules it loads; the default of 8 MiB would only be address space. */
#define STACK_SIZE (512u << 10)

struct lookup {
	char host[256];
	char addresses[MAX_ADDRESSES * (INET6_ADDRSTRLEN + 3)];
	int error;	    /* EAI_… */
	uint64_t ended;	    /* 0: never yet */
	bool busy;
	struct resolver *resolver;
};

/* Never freed: a thread may come back to it at any time. The process ends with _exit(). */
struct resolver {
	pthread_mutex_t lock; /* guards everything in lookups[] */
	int event;
	struct lookup lookups[HOSTS];
	char copy[sizeof(((struct lookup *)0)->addresses)];
};

int resolver_new(struct resolver **ret)
{
	_cleanup_free_ struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	(void)pthread_mutex_init(&r->lock, NULL); /* cannot fail on Linux without attributes */
	r->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->event < 0)
		return -errno;
	*ret = take_ptr(r);
	return 0;
}

int resolver_fd(const struct resolver *resolver)
{
	return resolver->event;
}

void resolver_collect(struct resolver *resolver)
{
	uint64_t n;

	(void)!read(resolver->event, &n, sizeof(n)); /* empty is fine */
}

/* Comma separated list of the addresses found, in the system's order of preference. */
static void join_addresses(const struct addrinfo *found, char *dst, size_t size)
{
	size_t used = 0;
	unsigned n = 0;

	dst[0] = '\0';
	for (; found && n < MAX_ADDRESSES; found = found->ai_next) {
		char text[INET6_ADDRSTRLEN];
		bool v6 = found->ai_family == AF_INET6;

		if (getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				NI_NUMERICHOST) != 0 ||
		    strchr(text, '%'))
			continue; /* a link-local address with its interface cannot be passed on */
		used += (size_t)snprintf(dst + used, size - used, "%s%s%s%s", n ? "," : "",
					 v6 ? "[" : "", text, v6 ? "]" : "");
		n++;
	}
}

static void *run(void *arg)
{
	struct lookup *l = arg;
	struct resolver *resolver = l->resolver;
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	char addresses[sizeof(l->addresses)];
	uint64_t one = 1;
	int error;

	error = getaddrinfo(l->host, NULL, &hints, &found);
	join_addresses(error == 0 ? found : NULL, addresses, sizeof(addresses));
	if (found)
		freeaddrinfo(found);
	if (error == 0 && !addresses[0])
		error = EAI_NONAME;
	(void)pthread_mutex_lock(&resolver->lock);
	(void)snprintf(l->addresses, sizeof(l->addresses), "%s", addresses);
	l->error = error;
	l->ended = deadline_now() + 1; /* never 0 */
	l->busy = false;
	(void)pthread_mutex_unlock(&resolver->lock);
	(void)!write(resolver->event, &one, sizeof(one)); /* cannot be full with one per host */
	return NULL;
}

static int start(struct lookup *l)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	r = pthread_attr_init(&attr);
	if (r != 0)
		return r;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	r = pthread_create(&thread, &attr, run, l);
	(void)pthread_attr_destroy(&attr);
	return r;
}

/* The host's place, or a free one that becomes its. NULL: none left, or a name too long. */
static struct lookup *place(struct resolver *resolver, const char *host)
{
	for (size_t i = 0; i < HOSTS; i++) {
		struct lookup *l = &resolver->lookups[i];

		if (!l->host[0]) {
			if (strlen(host) >= sizeof(l->host))
				return NULL;
			(void)snprintf(l->host, sizeof(l->host), "%s", host);
			l->resolver = resolver;
		}
		if (!strcmp(l->host, host))
			return l;
	}
	return NULL;
}

static enum resolve_state get_locked(struct resolver *resolver, const char *host, uint64_t since,
				     int *ret_error)
{
	struct lookup *l = place(resolver, host);

	*ret_error = EAI_MEMORY;
	if (!l)
		return RESOLVE_FAILED;
	if (l->busy)
		return RESOLVE_BUSY;
	if (l->ended && !l->error && deadline_now() < l->ended + FRESH_MS) {
		(void)snprintf(resolver->copy, sizeof(resolver->copy), "%s", l->addresses);
		return RESOLVE_DONE;
	}
	if (l->ended && l->error && l->ended > since) {
		*ret_error = l->error;
		return RESOLVE_FAILED;
	}
	if (start(l) != 0)
		return RESOLVE_FAILED;
	l->busy = true;
	return RESOLVE_BUSY;
}

enum resolve_state resolver_get(struct resolver *resolver, const char *host, uint64_t since,
				const char **ret_addresses, const char **ret_error)
{
	enum resolve_state state;
	int error;

	(void)pthread_mutex_lock(&resolver->lock);
	state = get_locked(resolver, host, since, &error);
	(void)pthread_mutex_unlock(&resolver->lock);
	if (state == RESOLVE_DONE)
		*ret_addresses = resolver->copy;
	if (state == RESOLVE_FAILED)
		*ret_error = gai_strerror(error);
	return state;
}
