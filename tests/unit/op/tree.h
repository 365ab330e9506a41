/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A throw-away tree below /tmp, to stand for a root file system. */
#ifndef CEXLUKS_TESTS_OP_TREE_H
#define CEXLUKS_TESTS_OP_TREE_H

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct tree {
	char root[64];
	char path[PATH_MAX]; /* what tree_path() returned last */
};

static inline struct tree *tree_new(void)
{
	struct tree *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	strcpy(t->root, "/tmp/cexluks-op-XXXXXX");
	assert_non_null(mkdtemp(t->root));
	return t;
}

static inline int tree_forget(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

static inline void tree_free(struct tree *t)
{
	assert_int_equal(nftw(t->root, tree_forget, 16, FTW_DEPTH | FTW_PHYS), 0);
	free(t);
}

/* Borrowed until the next call. */
static inline const char *tree_path(struct tree *t, const char *name)
{
	(void)snprintf(t->path, sizeof(t->path), "%s%s", t->root, name);
	return t->path;
}

/* Writes @len bytes to the file @name, with its folders. */
static inline void tree_put_bytes(struct tree *t, const char *name, const void *data, size_t len,
				  mode_t mode)
{
	_cleanup_close_ int fd = -1;
	char *slash;

	(void)tree_path(t, name);
	slash = strrchr(t->path, '/');
	*slash = '\0';
	assert_int_equal(file_make_dirs(t->path, 0755), 0);
	*slash = '/';
	(void)unlink(t->path);
	fd = open(t->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, data, len), 0);
	assert_int_equal(fchmod(fd, mode), 0);
}

static inline void tree_put(struct tree *t, const char *name, const char *text)
{
	tree_put_bytes(t, name, text, strlen(text), 0644);
}

static inline int tree_setup(void **state)
{
	*state = tree_new();
	return 0;
}

static inline int tree_teardown(void **state)
{
	tree_free(*state);
	return 0;
}

#endif
