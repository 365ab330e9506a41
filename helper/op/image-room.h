/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An initramfs, unpacked in memory into a mount namespace of its own, and the helper in it at work: with the
 * configuration, trust anchors and libraries of the image. Of the running system it sees devices, kernel and network, as
 * it will at boot, and no file.
 *
 * What runs there is what the image holds, as root, as the next boot would run it; without the capabilities that a check
 * does not need. It can reach disks. Who can write the image has the next boot anyway.
 */
#ifndef CEXLUKS_OP_IMAGE_ROOM_H
#define CEXLUKS_OP_IMAGE_ROOM_H

#include "base/attributes.h"
#include "base/deadline.h"
#include "op/verdict.h"

struct image_room {
	int root;    /* the top of the image, a directory; -1: there is none */
	int outside; /* what was / before */
	char place[64];
};

#define IMAGE_ROOM_NONE { .root = -1, .outside = -1 }

/* Unpacks. Leaves this process in the mount namespace. OUTCOME_OK, OUTCOME_IMAGE_INCOMPLETE, OUTCOME_NO_PERMISSION, OUTCOME_INTERNAL. */
enum outcome image_room_open(const char *image, struct image_room *room, struct verdict *v) _must_check_;
void image_room_close(struct image_room *room);
#define _cleanup_image_room_ _cleanup_(image_room_close)

/* In between, every path is one of the image, and no link leads out of it. Return: 0 or -errno. */
int image_room_enter(const struct image_room *room) _must_check_;
int image_room_leave(const struct image_room *room) _must_check_;

/* How a program in the image ended. */
struct image_answer {
	int status; /* exit status, or 128 and the signal's number; -1: killed at the deadline */
	char *out;  /* what it printed, NUL-terminated */
	size_t out_len;
	char error[160]; /* the last line of what it complained about, printable */
};

/**
 * image_room_run() - start a program of the image, wait for its end
 * @cmdline: a file outside that it finds as /proc/cmdline; NULL: this machine's own
 * @ret:     to be released with image_answer_done(), whatever is returned
 *
 * It has no environment and no input.
 *
 * Return: 0, or -errno when it could not be started.
 */
int image_room_run(const struct image_room *room, const char *const argv[], const char *cmdline, deadline_t deadline,
		   struct image_answer *ret) _must_check_;
void image_answer_done(struct image_answer *answer);

#endif
