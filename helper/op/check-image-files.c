/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must be in an image, so that its helper gets as far as to be asked. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/secret.h"
#include "op/check-find.h"
#include "op/image-room.h"
#include "op/image.h"

#define FROM_DRACUT "usr/lib/dracut"

struct looker {
	struct checker *c;
	const char *image;
	const struct image_room *room;
};

void check_image_missing(struct checker *c, const char *subject, const char *what)
{
	struct verdict v = { 0 };

	(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "%s is not in the image", what);
	check_found(c, "", subject, &v);
}

/* --- as it is installed --------------------------------------------------------------------- */

/* Contents of a descriptor, which may be secret; NULL for none. */
static int read_all(int fd, struct secret **ret)
{
	int r = secret_read_fd(fd, LIMIT_CA_FILE, ret);

	return r == -ENODATA ? 0 : r;
}

static int differ(int one, int other, bool *ret)
{
	_cleanup_secret_ struct secret *a = NULL, *b = NULL;
	int r = read_all(one, &a);

	if (r == 0)
		r = read_all(other, &b);
	*ret = !a != !b || (a && !secret_equal(a, b));
	return r;
}

static int open_installed(const struct checker *c, const char *path)
{
	_cleanup_free_ char *whole = NULL;
	bool is_config = !strcmp(path, CONFIG_PATH) && c->request->config_path;
	int fd;

	if (asprintf(&whole, "%s%s", c->request->sysroot, path) < 0) {
		whole = NULL;
		return -ENOMEM;
	}
	fd = open(is_config ? c->request->config_path : whole, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_in_image(const struct image_room *room, const char *path)
{
	int r = image_room_enter(room), fd = -1;

	if (r == 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		r = fd < 0 ? -errno : fd;
	}
	return image_room_leave(room) < 0 ? -EIO : r;
}

static void compare(const char *path, void *userdata)
{
	struct looker *l = userdata;
	_cleanup_close_ int installed = open_installed(l->c, path);
	_cleanup_close_ int inside = open_in_image(l->room, path);
	struct verdict v = { 0 };
	bool other = false;
	int r = 0;

	if (installed < 0) /* the list that it came from says so */
		return;
	if (inside < 0) {
		check_image_missing(l->c, path, "it");
		return;
	}
	r = differ(installed, inside, &other);
	if (r < 0)
		(void)verdict_errno(&v, r, path);
	else if (other)
		(void)verdict_set(&v, OUTCOME_IMAGE_STALE, "it is another one in the image");
	else
		return;
	check_found(l->c, "", path, &v);
}

static void check_freshness(struct looker *l)
{
	const struct boot_request request = {
		.sysroot = l->c->request->sysroot,
		.config_path = l->c->request->config_path,
	};
	struct verdict v = { 0 };

	if (outcome_exit_code(op_image_files(&request, compare, l, &v)))
		check_found(l->c, "", "configuration", &v);
}

/* --- by itself ------------------------------------------------------------------------------ */

bool check_image_has(const char *path)
{
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool check_image_has_any(const char *const *paths)
{
	for (; *paths; paths++)
		if (check_image_has(*paths))
			return true;
	return false;
}

bool check_image_has_hook(const char *name)
{
	static const char *const dirs[] = { "var/lib/dracut/hooks", "usr/lib/dracut/hooks", "lib/dracut/hooks" };
	char path[160];

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], name);
		if (check_image_has(path))
			return true;
	}
	return false;
}

void check_image_hooks(struct checker *c, const char *subject, const char *const *hooks)
{
	for (; *hooks; hooks++)
		if (!check_image_has_hook(*hooks))
			check_image_missing(c, subject, *hooks);
}

static void check_units(struct checker *c)
{
	static const char *const units[] = { "cexluks-boot.service", "cexluks-retry.service", "cexluks-forget.service",
					     "cexluks-refused.service", "cryptsetup-pre.target" };
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		(void)snprintf(path, sizeof(path), "usr/lib/systemd/system/%s", units[i]);
		if (!check_image_has(path) && !check_image_has(path + strlen("usr/")))
			check_image_missing(c, "units", units[i]);
	}
	for (size_t i = 0; i < 2; i++) {
		(void)snprintf(path, sizeof(path), "etc/systemd/system/initrd.target.wants/%s", units[i]);
		if (!check_image_has(path))
			check_image_missing(c, "units", path);
	}
}

static void check_starters(struct checker *c)
{
	static const char *const systemd[] = { "usr/lib/systemd/systemd", "lib/systemd/systemd", NULL };
	static const char *const hooks[] = { "pre-trigger/20-cexluks-modules.sh", "initqueue/20-cexluks-start.sh",
					     "initqueue/settled/10-cexluks-park.sh",
					     "initqueue/finished/10-cexluks-decided.sh", "emergency/10-cexluks-forget.sh",
					     NULL };

	if (check_image_has_any(systemd))
		check_units(c);
	else
		check_image_hooks(c, "hooks", hooks);
}

/* What all the rest depends on; false when there is nothing else to say. */
static bool is_ours(struct checker *c)
{
	struct verdict v = { 0 };

	if (check_image_has("scripts/functions") && check_image_has("conf/initramfs.conf") && !check_image_has(FROM_DRACUT)) {
		(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "initramfs-tools made it, which does not know cexluks");
		(void)verdict_hint(&v, "install dracut in its place, and make the image with it");
		check_found(c, "", "image", &v);
		return false;
	}
	if (!check_image_has("usr/sbin/cexluks") && !check_image_has("sbin/cexluks")) {
		check_image_missing(c, "image", "/usr/sbin/cexluks");
		return false;
	}
	return true;
}

/* Everything below sees the image as /. */
static bool look_inside(struct checker *c)
{
	if (!is_ours(c))
		return false;
	check_starters(c);
	check_image_network(c);
	return true;
}

bool check_image_files(struct checker *c, const char *image, const struct image_room *room)
{
	struct looker l = { .c = c, .image = image, .room = room };
	struct verdict v = { 0 };
	bool ours = false;
	int r, back;

	check_image_network_outside(c);
	r = image_room_enter(room);
	if (r == 0) {
		ours = look_inside(c);
		if (ours)
			check_image_modules(c);
		back = image_room_leave(room);
		r = back;
	}
	if (r < 0) {
		(void)verdict_errno(&v, r, image);
		check_found(c, "", "image", &v);
		return false;
	}
	if (ours)
		check_freshness(&l);
	return ours;
}
