/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/library.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <libdevmapper.h>

#include "base/limits.h"
#include "base/log.h"

/* Since luks_library_forget_errors(). The first tells the cause, later ones what failed by it. */
static char first_error[128];

static void crypt_message(int level, const char *text, void *userdata _unused_)
{
	size_t len = strcspn(text, "\n");

	if (level == CRYPT_LOG_DEBUG_JSON)
		return;
	if (level == CRYPT_LOG_ERROR && !first_error[0])
		(void)snprintf(first_error, sizeof(first_error), "%.*s", (int)(len > 500 ? 500 : len),
			       text);
	log_debug("libcryptsetup: %.*s", (int)(len > 500 ? 500 : len), text);
}

static _printf_(5, 6) void mapper_message(int level _unused_, const char *file _unused_,
					  int line _unused_, int number _unused_,
					  const char *format, ...)
{
	char text[256];
	va_list args;

	if (!log_enabled(LOG_LEVEL_DEBUG))
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long message is cut */
	va_end(args);
	log_debug("libdevmapper: %s", text);
}

void luks_library_quiet_mapper(void)
{
	dm_log_with_errno_init(mapper_message);
}

/* A full-entropy secret gains nothing from a slow function; 1000 is the library's minimum. */
const struct crypt_pbkdf_type luks_library_cheap_kdf = {
	.type = CRYPT_KDF_PBKDF2,
	.hash = "sha256",
	.iterations = 1000,
	.flags = CRYPT_PBKDF_NO_BENCHMARK,
};

void luks_library_setup(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	crypt_set_log_callback(NULL, crypt_message, NULL);
	if (log_enabled(LOG_LEVEL_DEBUG))
		crypt_set_debug_level(CRYPT_DEBUG_ALL);
	crypt_token_external_disable();
	luks_library_quiet_mapper();
}

void luks_library_forget_errors(void)
{
	first_error[0] = '\0';
}

const char *luks_library_first_error(void)
{
	return first_error;
}

static const char *fd_path(int fd, char *buf, size_t size)
{
	if (fd < 0)
		return NULL;
	(void)snprintf(buf, size, "/proc/self/fd/%d", fd); /* always fits */
	return buf;
}

int luks_library_init(int fd, int data_fd, struct crypt_device **ret)
{
	char path[32], data[32];

	luks_library_setup();
	return luks_library_result("crypt_init",
				   crypt_init_data_device(ret, fd_path(fd, path, sizeof(path)),
							  fd_path(data_fd, data, sizeof(data))));
}

int luks_library_load(int fd, int data_fd, struct crypt_device **ret)
{
	_cleanup_crypt_ struct crypt_device *cd = NULL;
	int r;

	r = luks_library_init(fd, data_fd, &cd);
	if (r)
		return r;
	r = crypt_load(cd, CRYPT_LUKS2, NULL);
	if (r == -EINVAL) {
		log_debug("libcryptsetup: crypt_load: %s", strerror(EINVAL));
		return LUKS_NOT_LUKS2;
	}
	if (r == -ENOSYS && (access("/dev/urandom", R_OK) < 0 || access("/dev/random", R_OK) < 0))
		return LUKS_NO_ENTROPY;
	if (r < 0)
		return luks_library_result("crypt_load", r);
	*ret = take_ptr(cd);
	return 0;
}

int luks_library_result(const char *what, int r)
{
	if (r >= 0)
		return 0;
	log_debug("libcryptsetup: %s: %s", what, strerror(-r));
	switch (r) {
	case -EPERM:
		return LUKS_WRONG_PASSPHRASE;
	case -ENOENT:
		return LUKS_NOT_BOUND;
	case -EEXIST:
		return LUKS_ACTIVE;
	case -EBUSY:
		return LUKS_BUSY;
	case -ENOSPC:
		return LUKS_NO_SPACE;
	case -ENOTSUP:
		return LUKS_NO_MAPPER;
	case -ENODEV:
		return LUKS_NO_DEVICE;
	default:
		return r;
	}
}

bool luks_library_token(struct crypt_device *cd, int id, const char *type, cJSON **ret)
{
	_cleanup_json_ cJSON *tree = NULL;
	const char *json, *text;

	if (crypt_token_json_get(cd, id, &json) < 0 ||
	    json_parse(json, strlen(json), LIMIT_HEADER_DEPTH, &tree) < 0)
		return false;
	text = json_string(tree, "type", 1, 64);
	if (!text || strcmp(text, type) != 0)
		return false;
	*ret = take_ptr(tree);
	return true;
}
