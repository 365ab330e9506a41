/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "libudev.h"

#include <unistd.h>

/* Neither has contents, but callers check for NULL. */
struct udev {
	char none;
};

struct udev_queue {
	char none;
};

struct udev *udev_new(void)
{
	static struct udev the_only;

	return &the_only;
}

struct udev *udev_unref(struct udev *udev)
{
	(void)udev;
	return NULL;
}

struct udev_queue *udev_queue_new(struct udev *udev)
{
	static struct udev_queue the_only;

	(void)udev;
	return &the_only;
}

struct udev_queue *udev_queue_unref(struct udev_queue *queue)
{
	(void)queue;
	return NULL;
}

int udev_queue_get_udev_is_active(struct udev_queue *queue)
{
	(void)queue;
	return access("/run/udev/control", F_OK) == 0;
}
