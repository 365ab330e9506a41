/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source: the Boot Loader Specification, type 1; s390-tools 2.43, zipl/src/scan.c (bls_sort(), scan_build_automenu()) and
 * zipl.conf(5); loader.conf(5) of systemd-boot; grub's environment block as grubby and grub2-reboot write it.
 */
#include "op/boot-next.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "op/boot-entries.h"
#include "op/boot-value.h"

#define ZIPL "/etc/zipl.conf"

/* What a boot loader was told to take: a title, a file's name with or without ".conf", a pattern, or a number. */
struct wish {
	char text[256];
	const char *from; /* the file that says so; NULL: there is none */
};

/* NULL: there is no such file, or none that can be read. */
static char *read_text(const char *sysroot, const char *path)
{
	_cleanup_free_ char *whole = NULL;
	char *text = NULL;

	if (asprintf(&whole, "%s%s", sysroot, path) < 0) {
		whole = NULL;
		return NULL;
	}
	return file_read(whole, LIMIT_BOOT_ENTRY, &text, NULL) == 0 ? text : NULL;
}

static int found(struct boot_next *ret, const char *sysroot, const char *path, const char *format, ...) _printf_(4, 5);
static int found(struct boot_next *ret, const char *sysroot, const char *path, const char *format, ...)
{
	va_list args;

	if (asprintf(&ret->image, "%s%s", sysroot, path) < 0) {
		ret->image = NULL;
		return -ENOMEM;
	}
	va_start(args, format);
	(void)vsnprintf(ret->why, sizeof(ret->why), format, args);
	va_end(args);
	return 0;
}

/* What does not fit is not known, as if there were none. */
static void note_options(struct boot_next *ret, const char *text, const char *section, const char *key)
{
	char line[LIMIT_BOOT_OPTIONS];

	if (boot_value(text, section, key, line, sizeof(line)) && strlen(line) < sizeof(line) - 1)
		ret->options = strdup(line);
}

/* --- zipl.conf ------------------------------------------------------------------------------ */

/* The section that a menu begins with: its default, or its first. */
static bool menu_begins_with(const char *text, const char *menu, char *ret, size_t size)
{
	char heading[258], number[16] = "1";

	(void)snprintf(heading, sizeof(heading), ":%s", menu);
	(void)boot_value(text, heading, "default", number, sizeof(number)); /* optional */
	return boot_value(text, heading, number, ret, size);
}

static bool zipl_default(const char *text, char *ret, size_t size)
{
	char menu[256];

	if (boot_value(text, "[defaultboot]", "defaultmenu", menu, sizeof(menu)))
		return menu_begins_with(text, menu, ret, size);
	return boot_value(text, "[defaultboot]", "default", ret, size);
}

/* A section of the file itself; else it may be the title of an entry. */
static int find_in_zipl(const char *sysroot, struct wish *wish, struct boot_next *ret)
{
	_cleanup_free_ char *text = read_text(sysroot, ZIPL);
	char heading[260], image[PATH_MAX];

	if (!text || !zipl_default(text, wish->text, sizeof(wish->text)))
		return -ENOENT;
	wish->from = ZIPL;
	(void)snprintf(heading, sizeof(heading), "[%s]", wish->text);
	if (!boot_value(text, heading, "ramdisk", image, sizeof(image)) || image[0] != '/')
		return -ENOENT;
	image[strcspn(image, ",")] = '\0'; /* where to load it */
	note_options(ret, text, heading, "parameters");
	return found(ret, sysroot, image, "%s boots section %s by default", ZIPL, wish->text);
}

/* --- entries -------------------------------------------------------------------------------- */

static void find_wish(const char *sysroot, struct wish *wish)
{
	static const struct {
		const char *file, *key;
	} places[] = {
		{ "/boot/grub2/grubenv", "next_entry" },    { "/boot/grub/grubenv", "next_entry" },
		{ "/boot/grub2/grubenv", "saved_entry" },   { "/boot/grub/grubenv", "saved_entry" },
		{ "/boot/loader/loader.conf", "default" },  { "/boot/efi/loader/loader.conf", "default" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places) && !wish->from; i++) {
		_cleanup_free_ char *text = read_text(sysroot, places[i].file);

		if (text && boot_value(text, NULL, places[i].key, wish->text, sizeof(wish->text)))
			wish->from = places[i].file;
	}
}

/* @number: counted from the newest. */
static bool is_wished(const struct wish *wish, const char *name, const char *text, size_t number)
{
	char whole[264], title[256] = "", digits[24];

	(void)snprintf(whole, sizeof(whole), "%s.conf", wish->text);
	(void)snprintf(digits, sizeof(digits), "%zu", number);
	(void)boot_value(text, NULL, "title", title, sizeof(title)); /* an entry need not have one */
	return fnmatch(wish->text, name, 0) == 0 || fnmatch(whole, name, 0) == 0 || !strcmp(wish->text, title) ||
	       !strcmp(wish->text, digits);
}

/* Of several images the first one, as boot_entries_read() counts it. */
static bool image_of(const char *text, char *ret, size_t size)
{
	char image[PATH_MAX];

	if (!boot_value(text, NULL, "initrd", image, sizeof(image)) || image[0] != '/')
		return false;
	image[strcspn(image, " \t")] = '\0';
	return snprintf(ret, size, "%s%s", strncmp(image, "/boot/", 6) != 0 ? "/boot" : "", image) < (int)size;
}

struct entries {
	const char *sysroot;
	struct dirent **list; /* the newest is the last one */
	int n;
};

static void entries_done(struct entries *entries)
{
	for (int i = 0; i < entries->n; i++)
		free(entries->list[i]);
	free(entries->list);
}

/* The newest one that has an image, or with @wish the one that is wished. */
static int find_entry(const struct entries *entries, const struct wish *wish, struct boot_next *ret)
{
	for (int i = entries->n - 1; i >= 0; i--) {
		const char *name = entries->list[i]->d_name;
		_cleanup_free_ char *text = NULL;
		char path[PATH_MAX], image[PATH_MAX];

		(void)snprintf(path, sizeof(path), BOOT_ENTRIES "/%s", name);
		text = read_text(entries->sysroot, path);
		if (!text || !image_of(text, image, sizeof(image)))
			continue;
		if (wish && !is_wished(wish, name, text, (size_t)(entries->n - 1 - i)))
			continue;
		note_options(ret, text, NULL, "options");
		if (!wish)
			return found(ret, entries->sysroot, image, "%s is the newest entry in %s", name, BOOT_ENTRIES);
		return found(ret, entries->sysroot, image, "%s is what %s names", name, wish->from);
	}
	return -ENOENT;
}

static int find_in_entries(const char *sysroot, struct wish *wish, struct boot_next *ret)
{
	_cleanup_(entries_done) struct entries entries = { .sysroot = sysroot };
	_cleanup_free_ char *folder = NULL;
	int r = -ENOENT;

	if (asprintf(&folder, "%s" BOOT_ENTRIES, sysroot) < 0) {
		folder = NULL;
		return -ENOMEM;
	}
	entries.n = scandir(folder, &entries.list, boot_entries_is_one, versionsort);
	if (entries.n < 0) {
		entries.n = 0;
		return -errno;
	}
	find_wish(sysroot, wish);
	if (wish->from)
		r = find_entry(&entries, wish, ret);
	return r == -ENOENT ? find_entry(&entries, NULL, ret) : r;
}

/* --- neither ------------------------------------------------------------------------------- */

static int find_in_grub(const char *sysroot, struct boot_next *ret)
{
	static const char *const files[] = { "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = read_text(sysroot, files[i]);
		char image[PATH_MAX];

		if (text && image_of(text, image, sizeof(image)))
			return found(ret, sysroot, image, "it is in the first entry of %s", files[i]);
	}
	return -ENOENT;
}

static bool is_there(const char *sysroot, const char *path)
{
	char whole[PATH_MAX];

	return snprintf(whole, sizeof(whole), "%s%s", sysroot, path) < (int)sizeof(whole) && access(whole, F_OK) == 0;
}

/* As initramfs-tools and dracut call it on Debian, dracut on Fedora, dracut on SUSE, dracut beside a kernel's modules. */
static int find_by_name(const char *sysroot, struct boot_next *ret)
{
	static const char *const names[][2] = {
		{ "/boot/initrd.img-", "" },
		{ "/boot/initramfs-", ".img" },
		{ "/boot/initrd-", "" },
		{ "/usr/lib/modules/", "/initramfs.img" },
	};
	struct utsname running;
	char path[PATH_MAX];

	if (uname(&running) < 0)
		return -errno;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s%s%s", names[i][0], running.release, names[i][1]);
		if (is_there(sysroot, path))
			return found(ret, sysroot, path, "no boot loader names one, and this one is named after the running "
				     "kernel");
	}
	return -ENOENT;
}

int boot_next_find(const char *sysroot, struct boot_next *ret)
{
	struct wish wish = { .from = NULL };
	int r;

	*ret = (struct boot_next){ .image = NULL };
	r = find_in_zipl(sysroot, &wish, ret);
	if (r == -ENOENT)
		r = find_in_entries(sysroot, &wish, ret);
	if (r == -ENOENT)
		r = find_in_grub(sysroot, ret);
	return r == -ENOENT ? find_by_name(sysroot, ret) : r;
}

void boot_next_done(struct boot_next *next)
{
	free(next->image);
	free(next->options);
	*next = (struct boot_next){ .image = NULL };
}
