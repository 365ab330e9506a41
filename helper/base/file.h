/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files, read whole within a limit, and written whole or not at all.
 */
#ifndef CEXLUKS_BASE_FILE_H
#define CEXLUKS_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/attributes.h"

/**
 * file_read() - a whole file of at most @max bytes
 * @ret: NUL-terminated, owned by the caller (free())
 * @ret_len: without the NUL; may be NULL
 *
 * Not for secrets: see secret_read_fd().
 *
 * Return: 0; -EFBIG; -errno of open(2) or read(2).
 */
int file_read(const char *path, size_t max, char **ret, size_t *ret_len) _must_check_;

/* The same for an open descriptor, from where it stands to the end. */
int file_read_fd(int fd, size_t max, char **ret, size_t *ret_len) _must_check_;

/**
 * file_write_atomic() - create or replace @path with mode @mode
 *
 * Written beside @path, synced, renamed, and the folder synced: after 0 a loss of power takes neither the file nor its
 * name. An interruption leaves the old file or none, and perhaps a part of the new one under a name that begins with a
 * dot; so does an error, but that of the last sync, after which the new file is in place for as long as power lasts.
 */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode) _must_check_;

/* The same for a file that must not be there yet: -EEXIST, and what is there stays as it is. After an error there is none. */
int file_write_new(const char *path, const void *data, size_t len, mode_t mode) _must_check_;

/* All of @len bytes, however often write(2) returns early. */
int file_write_all(int fd, const void *data, size_t len) _must_check_;

/* mkdir -p with @mode for what is made. */
int file_make_dirs(const char *path, mode_t mode) _must_check_;

#endif
