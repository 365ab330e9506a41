/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct network_watch {
	int fd;
};

int network_watch_new(struct network_watch **ret)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK,
				       .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
						    RTMGRP_IPV6_IFADDR };
	_cleanup_(network_watch_freep) struct network_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (w->fd < 0)
		return -errno;
	if (bind(w->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret = take_ptr(w);
	return 0;
}

void network_watch_free(struct network_watch *watch)
{
	if (!watch)
		return;
	cleanup_close(&watch->fd);
	free(watch);
}

int network_watch_fd(const struct network_watch *watch)
{
	return watch->fd;
}

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
	while (recv(watch->fd, notice, sizeof(notice), MSG_DONTWAIT) > 0 || errno == ENOBUFS)
		errno = 0;
	if (getifaddrs(&list) < 0)
		return false;
	for (const struct ifaddrs *i = list; i && !up; i = i->ifa_next)
		up = is_usable(i);
	freeifaddrs(list);
	return up;
}
