/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/credential-source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "op/credential.h"

static char *directory;

void credential_set_directory(const char *path)
{
	free(directory);
	directory = path ? strdup(path) : NULL;
}

/* An API key file usually ends with a newline that is not part of the key. */
static void trim(struct secret *key)
{
	const unsigned char *p = secret_bytes(key);
	size_t len = secret_len(key);

	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r' || p[len - 1] == ' '))
		len--;
	secret_shorten(key, len);
}

enum outcome credential_no_key(const char *what, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s does not hold an API key", what);
	return verdict_hint(v, "put the key alone on one line of that file");
}

enum outcome credential_check_key(struct secret *key, const char *what, struct verdict *v)
{
	const unsigned char *p = secret_bytes(key);
	bool good;

	trim(key);
	good = secret_len(key) > 0;
	for (size_t i = 0; i < secret_len(key); i++)
		good = good && p[i] > 0x20 && p[i] < 0x7f;
	return good ? OUTCOME_OK : credential_no_key(what, v);
}

/* Gives a descriptor of a regular file; -ENOENT is the caller's to explain. */
static int open_regular(const char *path, int *ret, struct stat *ret_st)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0 || fstat(fd, ret_st) < 0)
		return -errno;
	*ret = take_fd(&fd);
	return 0;
}

static enum outcome read_key(int fd, const char *path, struct secret **ret, struct verdict *v)
{
	_cleanup_secret_ struct secret *key = NULL;
	enum outcome o;
	int r;

	r = secret_read_fd(fd, LIMIT_API_KEY_MAX, &key);
	if (r == -EFBIG || r == -ENODATA)
		return credential_no_key(path, v);
	if (r < 0)
		return verdict_errno(v, r, path);
	o = credential_check_key(key, path, v);
	if (o == OUTCOME_OK)
		*ret = take_ptr(key);
	return o;
}

static enum outcome refuse_kind(const char *path, struct verdict *v)
{
	return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "%s is not a regular file", path);
}

enum outcome credential_open_file(const char *path, int *ret, struct verdict *v)
{
	_cleanup_close_ int fd = -1;
	struct stat st = { 0 };
	int r = open_regular(path, &fd, &st);

	if (r == -ENOENT)
		return verdict_set(v, OUTCOME_CREDENTIAL_MISSING, "%s does not exist", path);
	if (r < 0)
		return verdict_errno(v, r, path);
	if (!S_ISREG(st.st_mode))
		return refuse_kind(path, v);
	if (st.st_mode & 077) {
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "others can read %s (mode %04o)", path,
			    st.st_mode & 07777u);
		return verdict_hint(v, "chmod 0600 %s", path);
	}
	*ret = take_fd(&fd);
	return OUTCOME_OK;
}

enum outcome credential_from_file(const char *path, struct secret **ret, struct verdict *v)
{
	_cleanup_close_ int fd = -1;
	enum outcome o = credential_open_file(path, &fd, v);

	return o == OUTCOME_OK ? read_key(fd, path, ret, v) : o;
}

static enum outcome not_passed(const char *name, struct verdict *v)
{
	verdict_set(v, OUTCOME_CREDENTIAL_MISSING, "systemd passed no credential for credential:%s", name);
	return verdict_hint(v, "write LoadCredential=%s:FILE or LoadCredentialEncrypted=%s:FILE below [Service] "
			       "in the unit", name, name);
}

enum outcome credential_from_systemd(const char *name, struct secret **ret, struct verdict *v)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st = { 0 };
	int r;

	if (strchr(name, '/') || !*name)
		return verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "credential:%s is not a credential's name",
				   name);
	if (!directory)
		return not_passed(name, v);
	if (asprintf(&path, "%s/%s", directory, name) < 0)
		return verdict_errno(v, ENOMEM, name);
	r = open_regular(path, &fd, &st);
	if (r == -ENOENT)
		return not_passed(name, v);
	if (r < 0)
		return verdict_errno(v, r, path);
	if (!S_ISREG(st.st_mode))
		return refuse_kind(path, v);
	if (st.st_mode & 037) {
		verdict_set(v, OUTCOME_CREDENTIAL_UNUSABLE, "others can read %s (mode %04o)", path,
			    st.st_mode & 07777u);
		return verdict_hint(v, "systemd makes credentials with mode 0400; let LoadCredential= make this one");
	}
	return read_key(fd, path, ret, v);
}
