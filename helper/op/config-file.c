/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/config-file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static enum outcome check_mode(int fd, const char *path, mode_t secret, struct verdict *v)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return verdict_errno(v, errno, path);
	if (!S_ISREG(st.st_mode))
		return verdict_set(v, OUTCOME_CONFIG_ERROR, "%s is not a regular file", path);
	if (st.st_mode & secret) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "others can read the API key in %s (mode %04o)", path,
			    st.st_mode & 07777u);
		return verdict_hint(v, "chmod 0600 %s", path);
	}
	if (st.st_mode & 022) {
		verdict_set(v, OUTCOME_CONFIG_ERROR, "%s can be changed by others", path);
		return verdict_hint(v, "chmod go-w %s", path);
	}
	return OUTCOME_OK;
}

enum outcome config_file_open(const char *path, mode_t secret, int *ret, struct verdict *v)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum outcome o;

	if (fd < 0 && errno == ENOENT)
		return verdict_set(v, OUTCOME_NOTHING_TO_DO, "%s does not exist", path);
	if (fd < 0)
		return verdict_errno(v, errno, path);
	o = check_mode(fd, path, secret, v);
	if (o == OUTCOME_OK)
		*ret = take_fd(&fd);
	return o;
}
