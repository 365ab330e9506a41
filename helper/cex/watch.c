/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cex/watch.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include "base/limits.h"
#include "base/log.h"

#define KERNEL_GROUP 1 /* of NETLINK_KOBJECT_UEVENT; udev repeats events in group 2 */

struct cex_watch {
	const char *sysroot;
	int events;
	int timer;
	int all; /* epoll over both */
};

static const char *value_of(const char *entry, const char *key)
{
	size_t len = strlen(key);

	return !strncmp(entry, key, len) && entry[len] == '=' ? entry + len + 1 : NULL;
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* DEVPATH of something that changes what a card can do for us. */
static bool concerns_path(const char *path)
{
	static const char *const starts[] = {
		"/devices/ap", "/bus/ap", "/devices/virtual/misc/pkey", "/module/pkey",
		"/module/zcrypt", "/module/ap", "/module/paes_s390", "/module/vfio_ap",
	};

	for (size_t i = 0; i < ARRAY_SIZE(starts); i++)
		if (starts_with(path, starts[i]))
			return true;
	return false;
}

bool cex_uevent_concerns(const char *message, size_t len)
{
	const char *end = message + len;

	if (!len || end[-1] != '\0' || !strchr(message, '@'))
		return false;
	for (const char *entry = message; entry < end; entry += strlen(entry) + 1) {
		const char *path = value_of(entry, "DEVPATH");
		const char *subsystem = value_of(entry, "SUBSYSTEM");

		if ((path && concerns_path(path)) || (subsystem && !strcmp(subsystem, "ap")))
			return true;
	}
	return false;
}

static int open_netlink(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = KERNEL_GROUP };
	_cleanup_close_ int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
					NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return take_fd(&fd);
}

static int start_timer(unsigned ms)
{
	struct timespec period = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
	struct itimerspec spec = { .it_interval = period, .it_value = period };
	_cleanup_close_ int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &spec, NULL) < 0)
		return -errno;
	return take_fd(&fd);
}

static int join(struct cex_watch *watch)
{
	const int fds[] = { watch->events, watch->timer };

	watch->all = epoll_create1(EPOLL_CLOEXEC);
	if (watch->all < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fds[i] };

		if (epoll_ctl(watch->all, EPOLL_CTL_ADD, fds[i], &event) < 0)
			return -errno;
	}
	return 0;
}

int cex_watch_new_from(const char *sysroot, int fd, unsigned rescan_ms, struct cex_watch **ret)
{
	_cleanup_cex_watch_ struct cex_watch *watch = calloc(1, sizeof(*watch));
	int r;

	if (!watch) {
		(void)close(fd); /* it is ours from the call on */
		return -ENOMEM;
	}
	*watch = (struct cex_watch){ .sysroot = sysroot, .events = fd, .timer = -1, .all = -1 };
	watch->timer = start_timer(rescan_ms);
	if (watch->timer < 0)
		return watch->timer;
	r = join(watch);
	if (r < 0)
		return r;
	*ret = take_ptr(watch);
	return 0;
}

int cex_watch_new(const char *sysroot, struct cex_watch **ret)
{
	int fd = open_netlink();

	if (fd < 0)
		return fd;
	return cex_watch_new_from(sysroot, fd, LIMIT_AP_RESCAN_S * 1000u, ret);
}

void cex_watch_free(struct cex_watch *watch)
{
	if (!watch)
		return;
	cleanup_close(&watch->all);
	cleanup_close(&watch->timer);
	cleanup_close(&watch->events);
	free(watch);
}

int cex_watch_fd(const struct cex_watch *watch)
{
	return watch->all;
}

/* Messages of other processes have their port id as sender; the kernel's is 0. */
static bool from_kernel(const struct sockaddr_storage *from)
{
	struct sockaddr_nl sender;

	if (from->ss_family != AF_NETLINK)
		return true; /* a test's socket; netlink always says that it is netlink */
	memcpy(&sender, from, sizeof(sender));
	return sender.nl_pid == 0;
}

static bool drain_events(struct cex_watch *watch)
{
	char buf[LIMIT_UEVENT];
	bool relevant = false;

	for (unsigned i = 0; i < LIMIT_UEVENTS; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(watch->events, buf, sizeof(buf), MSG_DONTWAIT,
				     (struct sockaddr *)&from, &from_len);

		if (n == 0 || (n < 0 && errno != ENOBUFS && errno != EINTR))
			return relevant;
		if (n < 0)
			relevant = relevant || errno == ENOBUFS; /* events were lost, so look */
		else if (from_kernel(&from))
			relevant = cex_uevent_concerns(buf, (size_t)n) || relevant;
	}
	return relevant;
}

static bool drain_timer(struct cex_watch *watch)
{
	uint64_t times;
	int r;

	if (read(watch->timer, &times, sizeof(times)) != sizeof(times))
		return false;
	r = cex_bus_rescan(watch->sysroot);
	if (r < 0)
		log_debug("cex: no scan of the AP bus on request: errno %d", -r);
	return true;
}

bool cex_watch_drain(struct cex_watch *watch)
{
	bool timer = drain_timer(watch); /* first: what its scan finds is among the events */

	return drain_events(watch) || timer;
}

static int look(struct cex_watch *watch, const struct cex_want *want, struct cex_apqn *ret,
		struct cex_reason *reason)
{
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_modules modules;
	int r = cex_bus_load(watch->sysroot, &bus);

	if (r < 0)
		return r;
	r = cex_modules_load(watch->sysroot, &modules);
	if (r < 0)
		return r;
	return (int)cex_find(bus, &modules, want, ret, reason);
}

int cex_watch_wait(struct cex_watch *watch, const struct cex_want *want, deadline_t deadline,
		   struct cex_apqn *ret, struct cex_reason *reason)
{
	struct pollfd poll_fd = { .fd = watch->all, .events = POLLIN };
	struct cex_apqn found = { 0 };
	bool worth_looking = true;
	int r = 0;

	for (;;) {
		if (worth_looking)
			r = look(watch, want, &found, reason);
		if (r == CEX_OK || r == CEX_MASTER_KEY_OLD)
			*ret = found;
		if (r <= 0 || r == CEX_MASTER_KEY_OLD || deadline_over(deadline))
			return r;
		if (poll(&poll_fd, 1, deadline_poll_ms(deadline)) < 0 && errno != EINTR)
			return -errno;
		worth_looking = cex_watch_drain(watch);
	}
}
