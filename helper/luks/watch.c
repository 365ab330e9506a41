/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/watch.h"

#include <errno.h>
#include <sys/inotify.h>

#include "base/log.h"

/* Folders come and go while udev starts, so each parent is watched for the next one. */
static const char *const places[] = { "/dev", "/dev/disk", "/dev/disk/by-uuid", "/run", "/run/udev" };

struct luks_watch {
	int fd;
};

static void watch_places(int fd)
{
	uint32_t events = IN_CREATE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM | IN_ONLYDIR;

	/* Watching again what is watched already changes nothing; absent ones come with a later event. */
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (inotify_add_watch(fd, places[i], events) < 0 && errno != ENOENT)
			log_debug("luks: cannot watch %s: %m", places[i]);
}

int luks_watch_new(struct luks_watch **ret)
{
	_cleanup_(luks_watch_freep) struct luks_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return -ENOMEM;
	watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (watch->fd < 0)
		return -errno;
	watch_places(watch->fd);
	*ret = take_ptr(watch);
	return 0;
}

void luks_watch_free(struct luks_watch *watch)
{
	if (!watch)
		return;
	cleanup_close(&watch->fd);
	free(watch);
}

int luks_watch_fd(const struct luks_watch *watch)
{
	return watch->fd;
}

void luks_watch_drain(struct luks_watch *watch)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	while (read(watch->fd, buf, sizeof(buf)) > 0)
		; /* what happened does not matter: the caller looks again */
	watch_places(watch->fd);
}

bool luks_watch_udev_settled(const struct luks_watch *watch _unused_)
{
	return access("/run/udev/queue", F_OK) < 0 || access("/run/udev/control", F_OK) < 0;
}
