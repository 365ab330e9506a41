/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

struct network_watch {
	int fd;	   /* readable when one of the others is */
	int links; /* rtnetlink */
	int names; /* inotify */
};

/* --- what is watched ------------------------------------------------------------------------ */

static int watch_links(struct network_watch *w)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
						    RTMGRP_IPV6_IFADDR };

	w->links = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (w->links < 0)
		return -errno;
	return bind(w->links, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
}

static int add(struct network_watch *w, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(w->fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/*
 * Name servers become known a moment after an address: without this notice a look-up in that moment
 * would cost a whole pause. The folder is watched, because files in it are replaced.
 */
static int watch_names(struct network_watch *w)
{
	_cleanup_free_ char *file = realpath("/etc/resolv.conf", NULL);
	const char *folder = "/etc";
	char *slash = file ? strrchr(file, '/') : NULL;

	if (slash && slash != file) {
		*slash = '\0';
		folder = file;
	}
	w->names = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->names < 0)
		return -errno;
	if (inotify_add_watch(w->names, folder, IN_MOVED_TO | IN_CLOSE_WRITE) < 0)
		return -errno;
	return add(w, w->names);
}

int network_watch_new(struct network_watch **ret)
{
	_cleanup_(network_watch_freep) struct network_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->links = w->names = -1;
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->fd < 0)
		return -errno;
	r = watch_links(w);
	if (r == 0)
		r = add(w, w->links);
	if (r < 0)
		return r;
	r = watch_names(w);
	if (r < 0)
		log_debug("cannot watch resolv.conf, only interfaces: %s", strerror(-r));
	*ret = take_ptr(w);
	return 0;
}

void network_watch_free(struct network_watch *watch)
{
	if (!watch)
		return;
	cleanup_close(&watch->fd);
	cleanup_close(&watch->links);
	cleanup_close(&watch->names);
	free(watch);
}

int network_watch_fd(const struct network_watch *watch)
{
	return watch->fd;
}

/* --- what is there -------------------------------------------------------------------------- */

static bool is_global_v4(const struct sockaddr *address)
{
	struct sockaddr_in in;
	uint32_t a;

	memcpy(&in, address, sizeof(in));
	a = ntohl(in.sin_addr.s_addr);
	/* Neither 0/8, nor loopback, nor link-local 169.254/16 (which says "no DHCP server"). */
	return a >> 24 != 0 && a >> 24 != 127 && a >> 16 != 0xa9fe && !IN_MULTICAST(a);
}

static bool is_global_v6(const struct sockaddr *address)
{
	struct sockaddr_in6 in6;

	memcpy(&in6, address, sizeof(in6));
	return !IN6_IS_ADDR_UNSPECIFIED(&in6.sin6_addr) && !IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) &&
	       !IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) && !IN6_IS_ADDR_MULTICAST(&in6.sin6_addr);
}

/* IFF_RUNNING is the kernel's "carrier and not dormant" (operational state up or unknown). */
static bool is_usable(const struct ifaddrs *i)
{
	const unsigned need = IFF_UP | IFF_RUNNING;

	if (!i->ifa_addr || (i->ifa_flags & need) != need || i->ifa_flags & IFF_LOOPBACK)
		return false;
	if (i->ifa_addr->sa_family == AF_INET)
		return is_global_v4(i->ifa_addr);
	return i->ifa_addr->sa_family == AF_INET6 && is_global_v6(i->ifa_addr);
}

bool network_watch_up(struct network_watch *watch)
{
	struct ifaddrs *list = NULL;
	char notice[8192];
	bool up = false;

	/* What a notice says does not matter, nor that some were lost: the look below is whole. */
	while (recv(watch->links, notice, sizeof(notice), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	while (read(watch->names, notice, sizeof(notice)) > 0)
		;
	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !up; i = i->ifa_next)
		up = is_usable(i);
	freeifaddrs(list);
	return up;
}
