/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An image by its helper: the same check, with what the image holds. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "op/boot-entries.h"
#include "op/boot-next.h"
#include "op/check-find.h"
#include "op/image-room.h"

#define HELPER	    "/usr/sbin/cexluks"
#define RESOLV_CONF "/etc/resolv.conf"

/* The network of the boot writes it; here that of the running system stands for it. */
static int lend_resolver(const struct checker *c, const struct image_room *room)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t len = 0;
	int r, back;

	if (asprintf(&path, "%s%s", c->request->sysroot, RESOLV_CONF) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	if (file_read(path, LIMIT_CONFIG_FILE, &text, &len) < 0)
		return 0;
	r = image_room_enter(room);
	if (r < 0)
		return r;
	if (access(RESOLV_CONF, R_OK) < 0) {
		(void)unlink(RESOLV_CONF); /* a link to what is made at boot */
		r = file_write_atomic(RESOLV_CONF, text, len, 0644);
		if (r == -ENOENT)
			r = 0; /* no /etc: other findings say so */
	}
	back = image_room_leave(room);
	return back < 0 ? back : r;
}

/* Of a tree in place of /; the next boot's own is not known. */
static const char *cmdline_of(const struct checker *c, char *to, size_t size)
{
	if (!c->request->sysroot[0])
		return NULL;
	(void)snprintf(to, size, "%s/proc/cmdline", c->request->sysroot);
	return access(to, R_OK) == 0 ? to : NULL;
}

/* Each service, the keys directory and each volume have the timeout for themselves. */
static deadline_t patience(const struct checker *c)
{
	size_t steps = c->setup.config->n_profiles + c->setup.plan->n_volumes + 1;

	return deadline_after(c->request->timeout_ms * steps + LIMIT_CONNECT_MS);
}

static int run(const struct checker *c, const struct image_room *room, struct image_answer *ret)
{
	const char *argv[8] = { HELPER, "check", "--json", "--timeout" };
	uint64_t seconds = c->request->timeout_ms / 1000;
	char cmdline[PATH_MAX], timeout[24];
	size_t n = 4;
	int r = lend_resolver(c, room);

	if (r < 0)
		return r;
	(void)snprintf(timeout, sizeof(timeout), "%" PRIu64, seconds ? seconds : 1);
	argv[n++] = timeout;
	if (c->request->offline)
		argv[n++] = "--offline";
	if (c->request->device)
		argv[n++] = c->request->device;
	return image_room_run(room, argv, cmdline_of(c, cmdline, sizeof(cmdline)), patience(c), ret);
}

/* Nothing to be understood came back: a loader that misses a library, a helper of another age, or of another machine. */
static void complain(struct checker *c, const struct image_answer *answer)
{
	struct verdict v = { 0 };

	if (answer->status < 0)
		(void)verdict_set(&v, OUTCOME_TIMEOUT, "the helper in the image does not end");
	else if (answer->status == outcome_exit_code(OUTCOME_USAGE))
		(void)verdict_set(&v, OUTCOME_IMAGE_STALE, "the helper in the image is older: %s", answer->error);
	else
		(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "the helper in the image does not work: status %d%s%s",
				  answer->status, answer->error[0] ? ": " : "", answer->error);
	check_found(c, "", HELPER, &v);
}

static int ask_helper(struct checker *c, const struct image_room *room, enum outcome *ret)
{
	_cleanup_(image_answer_done) struct image_answer answer = { 0 };
	int r = run(c, room, &answer);

	if (r < 0)
		return r;
	r = check_take(c, answer.out, answer.out_len, ret);
	if (r != -EBADMSG)
		return r;
	complain(c, &answer);
	return 0;
}

static enum outcome look_inside(struct checker *c, const char *image, struct verdict *v)
{
	_cleanup_image_room_ struct image_room room = IMAGE_ROOM_NONE;
	enum outcome said = OUTCOME_OK, o = image_room_open(image, &room, v);
	int r;

	if (o == OUTCOME_IMAGE_INCOMPLETE) {
		check_found(c, "", "image", v);
		return OUTCOME_OK;
	}
	if (o != OUTCOME_OK)
		return o;
	if (!check_image_files(c, image, &room))
		return OUTCOME_OK;
	r = ask_helper(c, &room, &said);
	if (r < 0)
		return verdict_errno(v, r, image);
	if (c->first == OUTCOME_OK)
		c->first = outcome_exit_code(said) ? said : OUTCOME_OK;
	return OUTCOME_OK;
}

static enum outcome check_image(struct checker *c, const char *image, struct verdict *v)
{
	const char *slash = strrchr(image, '/');

	c->image = slash ? slash + 1 : image;
	check_image_place(c, image);
	return look_inside(c, image, v);
}

/* Somebody who wanted to know about all of them is not told that none is a good number. */
static void check_number(struct checker *c, const struct boot_entries *entries)
{
	struct verdict v = { 0 };

	c->image = NULL;
	if (entries->n && !entries->n_left)
		return;
	if (!entries->n)
		(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "none names an image, in /boot/loader/entries, zipl.conf or grub.cfg");
	else
		(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "%zu images were not looked at", entries->n_left);
	(void)verdict_hint(&v, "cexluks check --initramfs IMAGE looks at one");
	check_found(c, "", "boot entries", &v);
}

static enum outcome check_each(struct checker *c, struct verdict *v)
{
	_cleanup_(boot_entries_done) struct boot_entries entries = { .n = 0 };
	enum outcome o = OUTCOME_OK;
	int r = boot_entries_read(c->request->sysroot, &entries);

	if (r < 0)
		return verdict_errno(v, r, "boot entries");
	for (size_t i = 0; i < entries.n && o == OUTCOME_OK; i++)
		o = check_image(c, entries.images[i], v);
	check_number(c, &entries);
	return o;
}

static enum outcome check_next(struct checker *c, struct verdict *v)
{
	_cleanup_(boot_next_done) struct boot_next next = { .image = NULL };
	struct verdict said = { 0 };
	enum outcome o;
	int r = boot_next_find(c->request->sysroot, &next);

	if (r < 0 && r != -ENOENT)
		return verdict_errno(v, r, "boot loader");
	if (r == 0) {
		(void)verdict_set(&said, OUTCOME_OK, "the next boot takes %s: %s", next.image, next.why);
		check_found(c, "", "boot loader", &said);
		c->options = next.options;
		o = check_image(c, next.image, v);
		c->options = NULL;
		return o;
	}
	(void)verdict_set(&said, OUTCOME_IMAGE_INCOMPLETE, "neither boot loader nor /boot tells which image the next boot takes");
	(void)verdict_hint(&said, "cexluks check --initramfs IMAGE looks at one");
	check_found(c, "", "boot loader", &said);
	return OUTCOME_OK;
}

static enum outcome check_those(struct checker *c, struct verdict *v)
{
	if (c->request->all_images)
		return check_each(c, v);
	return c->request->next_image ? check_next(c, v) : check_image(c, c->request->initramfs, v);
}

enum outcome check_images(struct checker *c, struct verdict *v)
{
	enum outcome o = check_those(c, v);

	return o == OUTCOME_OK ? check_conclude(c, v) : o;
}
