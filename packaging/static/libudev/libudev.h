/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of libudev that libdevmapper calls: is udevd running? With it, libdevmapper tells udev
 * who made a device and waits until udev is done with it ("cookies"), as a dynamic program does.
 * Debian has no static libudev.
 */
#ifndef CEXLUKS_STATIC_LIBUDEV_H
#define CEXLUKS_STATIC_LIBUDEV_H

struct udev;
struct udev_queue;

struct udev *udev_new(void);
struct udev *udev_unref(struct udev *udev);
struct udev_queue *udev_queue_new(struct udev *udev);
struct udev_queue *udev_queue_unref(struct udev_queue *queue);

/**
 * udev_queue_get_udev_is_active() - is udevd running?
 *
 * Return: 1 while it is, which systemd's libudev tells from the same path; 0 else.
 * Source: systemd, src/libudev/libudev-queue.c.
 */
int udev_queue_get_udev_is_active(struct udev_queue *queue);

#endif
