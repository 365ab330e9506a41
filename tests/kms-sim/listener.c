/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE 1
#include "listener.h"
#include "cleanup.h"
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 128

struct listener {
	struct listener_setup setup;
	struct sockaddr_storage address;
	socklen_t address_size;
	enum listener_state state;
	struct MHD_Daemon *daemon;
	int fd;			/* held while no daemon has it */
	pthread_mutex_t lock;	/* guards leaving */
	pthread_cond_t left;
	bool leaving;
};

static int parse_address(struct listener *l)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&l->address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&l->address;

	if (inet_pton(AF_INET, l->setup.address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(l->setup.port);
		l->address_size = sizeof(*v4);
		return ntohl(v4->sin_addr.s_addr) >> 24 == 127 ? 0 : -EINVAL;
	}
	if (inet_pton(AF_INET6, l->setup.address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(l->setup.port);
		l->address_size = sizeof(*v6);
		return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ? 0 : -EINVAL;
	}
	return -EINVAL;
}

/* A bound socket that does not listen keeps the port and has connections refused. */
static int bind_socket(struct listener *l)
{
	int one = 1, r, fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)); /* bind tells */
	if (bind(fd, (struct sockaddr *)&l->address, l->address_size) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

static int go_up(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->leaving = false;
	pthread_mutex_unlock(&l->lock);
	if (listen(l->fd, BACKLOG) < 0)
		return -errno;
	l->daemon = http_start(l, l->fd);
	if (!l->daemon)
		return -EIO;
	l->fd = -1;
	return 0;
}

static void leave(struct listener *l)
{
	pthread_mutex_lock(&l->lock);
	l->leaving = true;
	pthread_cond_broadcast(&l->left);
	pthread_mutex_unlock(&l->lock);
	if (l->daemon)
		MHD_stop_daemon(l->daemon); /* closes the listening socket and all connections */
	l->daemon = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

static void fail(const struct listener *l, const char *what, int r)
{
	fprintf(stderr, "kms-sim: cannot %s '%s' on %s port %u: %s\n", what, l->setup.name,
		l->setup.address, l->setup.port, strerror(-r));
	exit(1);
}

struct listener *listener_new(const struct listener_setup *setup)
{
	struct listener *l = must_calloc(1, sizeof(*l));
	pthread_condattr_t attributes;
	int r;

	l->setup = *setup;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&l->left, &attributes);
	pthread_condattr_destroy(&attributes);

	r = parse_address(l);
	if (r < 0)
		fail(l, "accept a listen address that is not loopback for", r);
	l->fd = bind_socket(l);
	if (l->fd < 0)
		fail(l, "bind", l->fd);
	/* where an ephemeral port was chosen: keep it from now on */
	(void)getsockname(l->fd, (struct sockaddr *)&l->address, &l->address_size);
	r = go_up(l);
	if (r < 0)
		fail(l, "serve", r);
	return l;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	leave(l);
	tls_material_done(&l->setup.tls);
	pthread_cond_destroy(&l->left);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

const char *listener_name(const struct listener *l)
{
	return l->setup.name;
}

uint16_t listener_port(const struct listener *l)
{
	if (l->address.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&l->address)->sin6_port);
	return ntohs(((const struct sockaddr_in *)&l->address)->sin_port);
}

static int change_state(struct listener *l, enum listener_state state)
{
	if (l->state == state)
		return 0;
	leave(l);
	l->state = state;
	l->fd = bind_socket(l);
	if (l->fd < 0)
		return l->fd;
	if (state == LISTENER_UP)
		return go_up(l);
	/* the kernel completes connections for a listening socket that nobody accepts from */
	if (state == LISTENER_HANG && listen(l->fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int listener_state_set(struct listener *l, enum listener_state state)
{
	static pthread_mutex_t one_change_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	int r;

	pthread_mutex_lock(&one_change_at_a_time);
	r = change_state(l, state);
	pthread_mutex_unlock(&one_change_at_a_time);
	return r;
}

bool listener_pause(struct listener *l, unsigned ms)
{
	struct timespec until;
	bool stays;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&l->lock);
	while (ms && !l->leaving)
		if (pthread_cond_timedwait(&l->left, &l->lock, &until) == ETIMEDOUT)
			break;
	stays = !l->leaving;
	pthread_mutex_unlock(&l->lock);
	return stays;
}

const struct listener_setup *listener_setup_get(const struct listener *l)
{
	return &l->setup;
}
