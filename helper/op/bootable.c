/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/bootable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/secret.h"
#include "op/boot-entries.h"
#include "op/boot-next.h"
#include "op/config.h"
#include "op/image-room.h"

struct question {
	/* Asked while the image is the root directory; sets the verdict, without the image's name, where it is not OUTCOME_OK. */
	enum outcome (*ask)(const struct question *q, struct verdict *v);
	const char *uuid, *old, *new; /* profiles */
	const char *path;
	const struct secret *content; /* of the installed file */
};

/* --- one image ------------------------------------------------------------------------------ */

static enum outcome stale(struct verdict *v, const char *image, const char *why)
{
	(void)verdict_set(v, OUTCOME_IMAGE_STALE, "%s can be booted, and %s", image, why);
	return verdict_hint(v, "rebuild it (dracut --force --regenerate-all), or remove its boot entry; then try again");
}

static enum outcome unreadable(struct verdict *v, const char *why)
{
	(void)verdict_set(v, OUTCOME_IMAGE_INCOMPLETE, "%s", why);
	return verdict_hint(v, "rebuild it, or remove its boot entry; then try again");
}

static enum outcome ask_inside(const char *image, const struct image_room *room, const struct question *q,
			       struct verdict *v)
{
	struct verdict said = { 0 };
	enum outcome o = OUTCOME_OK;
	int r = image_room_enter(room), back;

	if (r < 0)
		return verdict_errno(v, r, image);
	o = q->ask(q, &said);
	back = image_room_leave(room);
	if (back < 0)
		return verdict_errno(v, back, "/");
	return o == OUTCOME_OK ? o : stale(v, image, said.cause);
}

static enum outcome ask_image(const char *image, const struct question *q, struct verdict *v)
{
	_cleanup_image_room_ struct image_room room = IMAGE_ROOM_NONE;
	struct verdict said = { 0 };
	enum outcome o;

	if (access(image, F_OK) < 0 && errno == ENOENT)
		return OUTCOME_OK; /* nobody boots it */
	o = image_room_open(image, &room, &said);
	if (o == OUTCOME_IMAGE_INCOMPLETE)
		return unreadable(v, said.cause);
	if (o != OUTCOME_OK) {
		*v = said;
		return o;
	}
	return ask_inside(image, &room, q, v);
}

/* --- all of them ---------------------------------------------------------------------------- */

/* Where no loader names one, there is the one that it takes by itself. */
static enum outcome ask_next(const char *sysroot, const struct question *q, struct verdict *v)
{
	_cleanup_(boot_next_done) struct boot_next next = { .image = NULL };
	int r = boot_next_find(sysroot, &next);

	if (r == -ENOENT)
		return OUTCOME_OK;
	return r < 0 ? verdict_errno(v, r, "boot loader") : ask_image(next.image, q, v);
}

static enum outcome ask_all(const char *sysroot, const struct question *q, struct verdict *v)
{
	_cleanup_(boot_entries_done) struct boot_entries entries = { .n = 0 };
	enum outcome o = OUTCOME_OK;
	int r = boot_entries_read(sysroot, &entries);

	if (r < 0)
		return verdict_errno(v, r, "boot entries");
	if (!entries.n)
		return ask_next(sysroot, q, v);
	for (size_t i = 0; i < entries.n && o == OUTCOME_OK; i++)
		o = ask_image(entries.images[i], q, v);
	if (o == OUTCOME_OK && entries.n_left)
		return unreadable(v, "there are more boot entries than this looks at");
	return o;
}

/* --- a profile ------------------------------------------------------------------------------ */

static bool names(const struct config_volume *pin, const char *profile)
{
	for (size_t i = 0; i < pin->n_bindings; i++) {
		const char *one = config_binding_profile(pin->bindings[i]);

		if (one && !strcmp(one, profile))
			return true;
	}
	return false;
}

/* The keys directory, which such an image has in it, has one service. */
static enum outcome ask_keys(const struct question *q, struct config *config, struct verdict *v)
{
	const char *now = NULL;
	struct verdict said = { 0 };

	if (!config->keys_at_boot || (config_keys_profile(config, &now, &said) == OUTCOME_OK && !strcmp(now, q->new)))
		return OUTCOME_OK;
	return verdict_set(v, OUTCOME_IMAGE_STALE, "its keys-profile is not %s", q->new);
}

static enum outcome ask_profile(const struct question *q, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	const struct config_volume *pin;
	enum outcome o = config_load("", NULL, &config, v);

	if (o == OUTCOME_NOTHING_TO_DO)
		return OUTCOME_OK;
	if (o != OUTCOME_OK)
		return o;
	if (q->old ? !config_profile_find(config, q->old) : !config->n_profiles)
		return OUTCOME_OK;
	if (!config_profile_find(config, q->new))
		return verdict_set(v, OUTCOME_IMAGE_STALE, "has no [kms %s]", q->new);
	if (!q->uuid)
		return ask_keys(q, config, v);
	pin = config_volume_find(config, q->uuid);
	if (pin && q->old && names(pin, q->old) && !names(pin, q->new))
		return verdict_set(v, OUTCOME_IMAGE_STALE, "its bindings of this volume have no kms:%s", q->new);
	return OUTCOME_OK;
}

enum outcome bootable_know_profile(const char *sysroot, const char *uuid, const char *old, const char *new,
				   struct verdict *v)
{
	return ask_all(sysroot, &(struct question){ .ask = ask_profile, .uuid = uuid, .old = old, .new = new }, v);
}

/* --- a file --------------------------------------------------------------------------------- */

static int read_secret(const char *path, struct secret **ret)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : secret_read_fd(fd, LIMIT_SEALED_KEY, ret);
}

static enum outcome ask_file(const struct question *q, struct verdict *v)
{
	_cleanup_secret_ struct secret *inside = NULL;
	int r = read_secret(q->path, &inside);

	if (r == -ENOENT || (r == 0 && secret_equal(inside, q->content)))
		return OUTCOME_OK;
	if (r == -ENOMEM)
		return verdict_errno(v, r, q->path);
	return verdict_set(v, OUTCOME_IMAGE_STALE, "has another %s", q->path);
}

enum outcome bootable_know_file(const char *sysroot, const char *path, struct verdict *v)
{
	_cleanup_secret_ struct secret *content = NULL;
	_cleanup_free_ char *whole = NULL;
	int r;

	if (asprintf(&whole, "%s%s", sysroot, path) < 0) {
		whole = NULL;
		return verdict_errno(v, ENOMEM, path);
	}
	r = read_secret(whole, &content);
	if (r < 0)
		return verdict_errno(v, r, whole);
	return ask_all(sysroot, &(struct question){ .ask = ask_file, .path = path, .content = content }, v);
}
