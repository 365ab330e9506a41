/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/forget.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/attributes.h"
#include "base/file.h"
#include "op/config.h"
#include "op/credential.h"

struct wiper {
	const char *sysroot;
	size_t n;
	struct verdict *v;
};

static bool is_memory(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC);
}

static int write_zeros(int fd, off_t len)
{
	static const char zeros[4096];
	int r = 0;

	for (off_t done = 0; done < len && r == 0; done += (off_t)sizeof(zeros)) {
		off_t left = len - done;

		r = file_write_all(fd, zeros,
				   left < (off_t)sizeof(zeros) ? (size_t)left : sizeof(zeros));
	}
	return r;
}

static enum outcome wipe(const char *path, bool spare _unused_, void *userdata)
{
	struct wiper *w = userdata;
	_cleanup_free_ char *whole = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	if (asprintf(&whole, "%s%s", w->sysroot, path) < 0)
		return verdict_errno(w->v, ENOMEM, path);
	fd = open(whole, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return OUTCOME_OK;
	if (fd < 0 || fstat(fd, &st) < 0)
		return verdict_errno(w->v, errno, whole);
	if (!S_ISREG(st.st_mode) || !is_memory(fd))
		return verdict_set(w->v, OUTCOME_USAGE, "%s is not a file of an initramfs", whole);
	r = write_zeros(fd, st.st_size);
	if (r < 0)
		return verdict_errno(w->v, r, whole);
	w->n++;
	return OUTCOME_OK;
}

enum outcome op_forget_files(const char *sysroot, struct verdict *v)
{
	_cleanup_config_ struct config *config = NULL;
	_cleanup_free_ char *release = NULL;
	struct wiper w = { .sysroot = sysroot, .v = v };
	enum outcome o;

	if (asprintf(&release, "%s/etc/initrd-release", sysroot) < 0)
		return verdict_errno(v, ENOMEM, "initramfs");
	if (access(release, F_OK) < 0)
		return verdict_set(v, OUTCOME_USAGE, "this is not an initramfs: %s", strerror(errno));
	o = config_load(sysroot, NULL, &config, v);
	if (o == OUTCOME_OK && config->old_format)
		o = wipe(CONFIG_OLD_PATH, false, &w); /* the API key may be in it */
	for (size_t i = 0; o == OUTCOME_OK && i < config->n_profiles; i++)
		o = credential_each_file(&config->profiles[i], wipe, &w, v);
	return o == OUTCOME_OK ? verdict_set(v, w.n ? OUTCOME_OK : OUTCOME_NOTHING_TO_DO,
					     "%zu files of the image overwritten", w.n) :
				 o;
}
