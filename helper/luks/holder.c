/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/holder.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"

static const char *sysfs = "/sys/dev/block";

void luks_holder_set_sysfs(const char *directory)
{
	sysfs = directory ? directory : "/sys/dev/block";
}

static char *read_line(const char *directory, const char *holder, const char *attribute)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_free_ char *text = NULL;

	if (asprintf(&path, "%s/%s/%s", directory, holder, attribute) < 0) {
		path = NULL;
		return NULL;
	}
	if (file_read(path, 4096, &text, NULL) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return take_ptr(text);
}

static bool begins(const char *text, const char *prefix)
{
	return text && !strncmp(text, prefix, strlen(prefix));
}

/* Calls @found for each holder with its kernel name and dm uuid (or NULL) until that says true. */
static bool each_holder(dev_t devno, bool (*found)(const char *directory, const char *holder,
						   const char *uuid, void *userdata),
			void *userdata)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *path = NULL;
	const struct dirent *entry;

	if (!devno)
		return false;
	if (asprintf(&path, "%s/%u:%u/holders", sysfs, major(devno), minor(devno)) < 0) {
		path = NULL;
		return false;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *uuid = NULL;

		if (entry->d_name[0] == '.')
			continue;
		uuid = read_line(path, entry->d_name, "dm/uuid");
		if (found(path, entry->d_name, uuid, userdata))
			return true;
	}
	return false;
}

static bool take_name(const char *directory, const char *holder, const char *uuid, void *userdata)
{
	char **ret = userdata;
	char *name;

	if (*ret && !begins(uuid, "CRYPT-"))
		return false;
	name = read_line(directory, holder, "dm/name");
	free(*ret);
	*ret = name ? name : strdup(holder);
	return begins(uuid, "CRYPT-");
}

char *luks_holder_name(dev_t devno)
{
	char *name = NULL;

	(void)each_holder(devno, take_name, &name); /* the name itself tells whether there is one */
	return name;
}

static bool is_multipath(const char *directory _unused_, const char *holder _unused_,
			 const char *uuid, void *userdata _unused_)
{
	return begins(uuid, "mpath-");
}

bool luks_holder_is_multipath(dev_t devno)
{
	return each_holder(devno, is_multipath, NULL);
}

char *luks_holder_partition(dev_t devno)
{
	_cleanup_closedir_ DIR *dir = NULL;
	_cleanup_free_ char *path = NULL;
	const struct dirent *entry;

	if (asprintf(&path, "%s/%u:%u", sysfs, major(devno), minor(devno)) < 0) {
		path = NULL;
		return NULL;
	}
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *number = NULL;

		if (entry->d_name[0] == '.')
			continue;
		number = read_line(path, entry->d_name, "partition");
		if (number)
			return strdup(entry->d_name);
	}
	return NULL;
}

bool luks_holder_is_loop_of(dev_t devno, const char *path)
{
	_cleanup_free_ char *file = NULL;
	char device[32];

	(void)snprintf(device, sizeof(device), "%u:%u", major(devno), minor(devno));
	file = read_line(sysfs, device, "loop/backing_file");
	return file && !strcmp(file, path);
}

char *luks_holder_path(dev_t devno)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_free_ char *text = NULL;
	char *path, *name;

	if (asprintf(&file, "%s/%u:%u/uevent", sysfs, major(devno), minor(devno)) < 0) {
		file = NULL;
		return NULL;
	}
	if (file_read(file, 4096, &text, NULL) < 0)
		return NULL;
	name = begins(text, "DEVNAME=") ? text : strstr(text, "\nDEVNAME=");
	if (!name)
		return NULL;
	name = strchr(name, '=') + 1;
	name[strcspn(name, "\n")] = '\0';
	return asprintf(&path, "/dev/%s", name) < 0 ? NULL : path;
}

/* "8:5", as sysfs and mountinfo write it; 0 for anything else. */
static dev_t parse_devno(const char *text)
{
	unsigned long major_number, minor_number;
	char *end;

	major_number = strtoul(text, &end, 10);
	if (end == text || *end != ':')
		return 0;
	text = end + 1;
	minor_number = strtoul(text, &end, 10);
	if (end == text || (*end && *end != ' '))
		return 0;
	return makedev((unsigned)major_number, (unsigned)minor_number);
}

char *luks_holder_loop(const char *path)
{
	_cleanup_closedir_ DIR *dir = opendir(sysfs);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		dev_t devno = parse_devno(entry->d_name);

		if (devno && luks_holder_is_loop_of(devno, path))
			return luks_holder_path(devno);
	}
	return NULL;
}

/* Fields of a line: id, parent, device number, root, mount point, and more. */
static char *mount_point(char *line, dev_t devno)
{
	char *field = NULL;

	for (int i = 0; i < 5; i++) {
		field = strsep(&line, " ");
		if (!field || (i == 2 && parse_devno(field) != devno))
			return NULL;
	}
	return strdup(field);
}

char *luks_holder_mount(dev_t devno)
{
	_cleanup_free_ char *text = NULL;
	char *rest, *line;

	if (!devno || file_read("/proc/self/mountinfo", 4 << 20, &text, NULL) < 0)
		return NULL;
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		char *found = mount_point(line, devno);

		if (found)
			return found;
	}
	return NULL;
}
