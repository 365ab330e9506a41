/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source: the Boot Loader Specification, type 1; zipl.conf(5); grub.cfg as grub-mkconfig(8) writes it. */
#include "op/boot-entries.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Whether the line is about @key; *ret is then its value, cut behind its first word. */
static bool is_key(char *line, const char *key, const char *ends, char **ret)
{
	size_t len = strlen(key);

	line += strspn(line, " \t");
	if (strncmp(line, key, len) != 0 || !strchr(ends, line[len]) || !line[len])
		return false;
	line += len;
	line += strspn(line, ends);
	line[strcspn(line, " \t,")] = '\0';
	*ret = line;
	return *line == '/';
}

/* Takes over @path. */
static void add(struct boot_entries *e, char *path)
{
	for (size_t i = 0; i < e->n; i++)
		if (!strcmp(e->images[i], path)) {
			free(path);
			return;
		}
	if (e->n == ARRAY_SIZE(e->images)) {
		e->n_left++;
		free(path);
		return;
	}
	e->images[e->n++] = path;
}

/* Paths of entries begin at the file system of /boot, which need not be another one than that of /. */
static int add_entry(struct boot_entries *e, const char *sysroot, const char *path)
{
	char *whole = NULL;

	if (asprintf(&whole, "%s%s%s", sysroot, strncmp(path, "/boot/", 6) != 0 ? "/boot" : "", path) < 0)
		return -ENOMEM;
	add(e, whole);
	return 0;
}

static int add_from(struct boot_entries *e, const char *sysroot, const char *file, const char *key, const char *ends,
		    bool all)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL, *value = NULL;
	int r = file_read(file, LIMIT_BOOT_ENTRY, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &save); line && r == 0; line = strtok_r(NULL, "\n", &save)) {
		if (!is_key(line, key, ends, &value))
			continue;
		r = add_entry(e, sysroot, value);
		if (!all)
			break;
	}
	return r;
}

int boot_entries_is_one(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 5 && !strcmp(entry->d_name + len - 5, ".conf");
}

static int add_all(struct boot_entries *e, const char *sysroot, const char *folder, struct dirent **list, int n)
{
	int r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", folder, list[i]->d_name) < (int)sizeof(path))
			r = add_from(e, sysroot, path, "initrd", " \t", false);
	}
	return r;
}

/* Menus of grub that has no entries, as on Debian. */
static int add_menus(struct boot_entries *e, const char *sysroot)
{
	static const char *const files[] = { "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg" };
	char path[PATH_MAX];
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(files) && r == 0; i++) {
		(void)snprintf(path, sizeof(path), "%s%s", sysroot, files[i]);
		r = add_from(e, sysroot, path, "initrd", " \t", true);
	}
	return r;
}

int boot_entries_read(const char *sysroot, struct boot_entries *ret)
{
	_cleanup_free_ char *folder = NULL;
	struct dirent **list = NULL;
	char zipl[PATH_MAX];
	int n, r = 0;

	*ret = (struct boot_entries){ .n = 0 };
	if (asprintf(&folder, "%s" BOOT_ENTRIES, sysroot) < 0) {
		folder = NULL;
		return -ENOMEM;
	}
	n = scandir(folder, &list, boot_entries_is_one, alphasort);
	if (n < 0 && errno != ENOENT)
		return -errno;
	if (n >= 0)
		r = add_all(ret, sysroot, folder, list, n);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	(void)snprintf(zipl, sizeof(zipl), "%s/etc/zipl.conf", sysroot);
	if (r == 0)
		r = add_from(ret, sysroot, zipl, "ramdisk", " \t=", true);
	return r == 0 ? add_menus(ret, sysroot) : r;
}

void boot_entries_done(struct boot_entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		free(entries->images[i]);
	*entries = (struct boot_entries){ .n = 0 };
}
