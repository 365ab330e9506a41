/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libcryptsetup-token-cexluks.so: the contract of libcryptsetup's token plug-ins, and nothing else. It runs inside
 * cryptsetup, systemd-cryptsetup and whoever else opens volumes, so it has no network code and keeps no state: it
 * starts "cexluks pass DEVICE BINDING" and reads a pipe.
 *
 * Source: libcryptsetup.h (cryptsetup_token_open and its neighbours), lib/luks2/luks2_token.c, 2.6.1 to 2.8.8.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <libcryptsetup.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/program.h"
#include "base/secret.h"
#include "plugin/answer.h"
#include "plugin/binding.h"

#define SECONDS_TEXT(n) #n
#define SECONDS(n)	SECONDS_TEXT(n) /* of a macro, as an argument */

#define EXPORTED __attribute__((visibility("default")))

EXPORTED const char *cryptsetup_token_version(void);
EXPORTED int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len, void *usrptr);
EXPORTED void cryptsetup_token_buffer_free(void *buffer, size_t buffer_len);
EXPORTED int cryptsetup_token_validate(struct crypt_device *cd, const char *json);
EXPORTED void cryptsetup_token_dump(struct crypt_device *cd, const char *json);

const char *cryptsetup_token_version(void)
{
	return CEXLUKS_VERSION;
}

/* Where the header is. A name of the caller's alone, as /proc/self/fd/3 is, becomes one for everybody. */
static char *header_path(struct crypt_device *cd)
{
	const char *detached = crypt_get_metadata_device_name(cd);
	const char *path = detached ? detached : crypt_get_device_name(cd);

	return path ? realpath(path, NULL) : NULL;
}

/* The helper's own lines, with cause and hint. They are short of control characters already (base/log.h). */
static void repeat(struct crypt_device *cd, const char *said)
{
	while (*said) {
		size_t len = strcspn(said, "\n");

		if (len)
			crypt_logf(cd, CRYPT_LOG_ERROR, "cexluks: %.*s\n", (int)len, said);
		said += len + (said[len] == '\n');
	}
}

static void tell(struct crypt_device *cd, int result, const char *binding, const char *said)
{
	if (*said)
		repeat(cd, said);
	else if (result == PROGRAM_MISSING)
		crypt_logf(cd, CRYPT_LOG_ERROR, "cexluks: cannot use %s: %s cannot be run\n", binding, CEXLUKS_PROGRAM);
	else if (result == PROGRAM_TIMEOUT)
		crypt_logf(cd, CRYPT_LOG_ERROR, "cexluks: cannot use %s: no answer in time\n", binding);
	else
		crypt_logf(cd, CRYPT_LOG_ERROR, "cexluks: cannot use %s: %s ended without a passphrase\n", binding,
			   CEXLUKS_PROGRAM);
}

/* Of a passphrase whose writer's status is lost: it was written at once, after it had been proven. */
static bool is_answer(int result)
{
	return result == 0 || result == PROGRAM_REAPED;
}

static int ask(struct crypt_device *cd, const struct plugin_binding *binding, struct secret **ret)
{
	_cleanup_free_ char *device = header_path(cd);
	const char *const argv[] = { CEXLUKS_PROGRAM, "pass", device, binding->name, "--timeout",
				     SECONDS(LIMIT_PLUGIN_S), NULL };
	char said[LIMIT_PLUGIN_SAID] = "";
	const struct program_run run = {
		.argv = argv,
		.max = LIMIT_PASSPHRASE_MAX,
		.deadline = deadline_after(LIMIT_PLUGIN_S * 1000 + LIMIT_PLUGIN_END_MS),
		.said = said,
		.said_size = sizeof(said),
	};
	int r, status = 0;

	if (!device) {
		crypt_logf(cd, CRYPT_LOG_ERROR, "cexluks: cannot use %s: the device has no name that others know\n",
			   binding->name);
		return -ENOENT;
	}
	r = program_read(&run, ret, &status);
	if (is_answer(r))
		return 0;
	tell(cd, r, binding->name, said);
	return plugin_answer(r, status);
}

/* libcryptsetup's own kind of secret memory, which cryptsetup_token_buffer_free() gets back. */
static int hand_over(const struct secret *passphrase, char **ret, size_t *ret_len)
{
	size_t len = secret_len(passphrase);
	char *buffer = crypt_safe_alloc(len);

	if (!buffer)
		return -ENOENT; /* see plugin/answer.h */
	memcpy(buffer, secret_bytes(passphrase), len);
	*ret = buffer;
	*ret_len = len;
	return 0;
}

int cryptsetup_token_open(struct crypt_device *cd, int token, char **buffer, size_t *buffer_len, void *usrptr)
{
	_cleanup_secret_ struct secret *passphrase = NULL;
	struct plugin_binding binding;
	const char *json;
	int r;

	(void)usrptr; /* there are no options */
	if (crypt_token_json_get(cd, token, &json) < 0 || plugin_binding_parse(json, &binding) < 0 || !binding.opens)
		return -ENOENT;
	r = ask(cd, &binding, &passphrase);
	return r < 0 ? r : hand_over(passphrase, buffer, buffer_len);
}

void cryptsetup_token_buffer_free(void *buffer, size_t buffer_len)
{
	(void)buffer_len; /* the library keeps it beside the buffer, and wipes that much */
	crypt_safe_free(buffer);
}

int cryptsetup_token_validate(struct crypt_device *cd, const char *json)
{
	struct plugin_binding binding;

	(void)cd;
	return plugin_binding_parse(json, &binding);
}

/* Below the token's name and before its keyslots, in the form of luksDump. Nothing of it is a secret. */
void cryptsetup_token_dump(struct crypt_device *cd, const char *json)
{
	struct plugin_binding binding;

	if (plugin_binding_parse(json, &binding) < 0)
		return;
	crypt_logf(cd, CRYPT_LOG_NORMAL, "\tBinding:    %s\n", binding.name);
	if (binding.key[0])
		crypt_logf(cd, CRYPT_LOG_NORMAL, "\tRoot key:   %s\n\tBound to:   %s\n", binding.key,
			   binding.aad ? "volume and serial" : "nothing (no additional data)");
	if (binding.serial)
		crypt_logf(cd, CRYPT_LOG_NORMAL, "\tSerial:     %lld\n\tCreated:    %s\n", (long long)binding.serial,
			   binding.created);
}
