/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules of an image, while it is the root directory. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/limits.h"
#include "op/check-find.h"

#define MODULES	  "usr/lib/modules"
#define LOAD_LIST "usr/lib/modules-load.d/cexluks.conf"

struct modules {
	const char *version;
	char *dep;     /* "path.ko: needs" */
	char *builtin; /* "path.ko" */
};

static void modules_done(struct modules *m)
{
	free(m->dep);
	free(m->builtin);
}

/* Dashes and underscores are the same in names of modules. */
static bool same_name(const char *name, const char *text, size_t len)
{
	if (strlen(name) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] != (text[i] == '-' ? '_' : text[i]))
			return false;
	return true;
}

/* The line of a list that is about the module, or NULL. */
static const char *find_line(const char *list, const char *name)
{
	for (const char *line = list; line && *line;) {
		size_t len = strcspn(line, ":\n"), begin = len;
		const char *ko;

		while (begin && line[begin - 1] != '/')
			begin--;
		ko = memmem(line + begin, len - begin, ".ko", 3);
		if (ko && same_name(name, line + begin, (size_t)(ko - line) - begin))
			return line;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return NULL;
}

/* Its file is there too, not only its line. */
static bool has_module(const struct modules *m, const char *name)
{
	const char *line = find_line(m->dep, name);
	char path[512];

	if (find_line(m->builtin, name))
		return true;
	if (!line)
		return false;
	(void)snprintf(path, sizeof(path), MODULES "/%s/%.*s", m->version, (int)strcspn(line, ":\n"), line);
	return access(path, F_OK) == 0;
}

static int read_list(const struct modules *m, const char *name, char **ret)
{
	char path[512];
	int r;

	(void)snprintf(path, sizeof(path), MODULES "/%s/%s", m->version, name);
	r = file_read(path, LIMIT_MODULES_DEP, ret, NULL);
	return r == -ENOENT ? 0 : r;
}

static void require(struct checker *c, const struct modules *m, const char *name)
{
	struct verdict v = { 0 };

	if (has_module(m, name))
		return;
	(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "%s is not in the image, for Linux %s", name, m->version);
	check_found(c, "", "kernel modules", &v);
}

/* Those that are loaded by name, because the module's installkernel() found them in the kernel's own tree. */
static void check_list(struct checker *c, const struct modules *m)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (file_read(LOAD_LIST, LIMIT_CONFIG_FILE, &text, NULL) < 0) {
		struct verdict v = { 0 };

		(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "/" LOAD_LIST " is not in the image");
		check_found(c, "", "kernel modules", &v);
		return;
	}
	for (char *name = strtok_r(text, "\n", &save); name; name = strtok_r(NULL, "\n", &save))
		if (strcmp(name, "dm_crypt") != 0 && strcmp(name, "algif_skcipher") != 0)
			require(c, m, name);
}

static void check_version(struct checker *c, const char *version)
{
	_cleanup_(modules_done) struct modules m = { .version = version };
	struct verdict v = { 0 };
	int r;

	r = read_list(&m, "modules.dep", &m.dep);
	if (r == 0)
		r = read_list(&m, "modules.builtin", &m.builtin);
	if (r < 0) {
		(void)verdict_errno(&v, r, m.version);
		check_found(c, "", "kernel modules", &v);
		return;
	}
	require(c, &m, "dm_crypt");
	require(c, &m, "algif_skcipher");
	check_list(c, &m);
}

/* Other folders are of nobody's kernel, such as Debian's for keys. */
static bool is_version(const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), MODULES "/%s/modules.dep", name);
	return name[0] != '.' && access(path, F_OK) == 0;
}

void check_image_modules(struct checker *c)
{
	_cleanup_closedir_ DIR *dir = opendir(MODULES);
	const struct dirent *entry;
	struct verdict v = { 0 };
	size_t n = 0;

	while (dir && (entry = readdir(dir)))
		if (is_version(entry->d_name) && ++n <= LIMIT_BOOT_ENTRIES)
			check_version(c, entry->d_name);
	if (n)
		return;
	(void)verdict_set(&v, OUTCOME_IMAGE_INCOMPLETE, "no kernel modules are in the image");
	check_found(c, "", "kernel modules", &v);
}
