/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/unwrap.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "luks/library.h"

void luks_unwrap_done(struct luks_unwrap *unwrap)
{
	secret_free(unwrap->passphrase);
	unwrap->passphrase = NULL;
}

static int unwrap_token(struct crypt_device *cd, int id, struct luks_unwrap *unwrap)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;
	const char *json;
	int r;

	r = crypt_token_json_get(cd, id, &json);
	if (r < 0)
		return r;
	r = luks_token_parse(json, id, &token, NULL);
	if (r)
		return r;
	r = unwrap->fn(token, unwrap->userdata, &unwrap->passphrase);
	if (!r && !secret_len(unwrap->passphrase))
		return -ENODATA;
	return r;
}

/* Whatever goes wrong is kept for bind; the library only needs to know that there is nothing. */
static int open_token(struct crypt_device *cd, int id, char **ret, size_t *ret_len, void *userdata)
{
	struct luks_unwrap *unwrap = userdata;
	size_t len;

	if (!unwrap)
		return -ENOENT; /* nobody here asked for our tokens */
	unwrap->result = unwrap_token(cd, id, unwrap);
	if (unwrap->result)
		return -ENOENT;
	len = secret_len(unwrap->passphrase);
	*ret = crypt_safe_alloc(len);
	if (!*ret)
		return -ENOMEM;
	memcpy(*ret, secret_bytes(unwrap->passphrase), len);
	*ret_len = len;
	return 0;
}

static void free_buffer(void *buffer, size_t len _unused_)
{
	crypt_safe_free(buffer); /* wipes as well */
}

static int validate_token(struct crypt_device *cd _unused_, const char *json)
{
	_cleanup_luks_token_ struct luks_token *token = NULL;

	return luks_token_parse(json, -1, &token, NULL) ? -EINVAL : 0;
}

int luks_unwrap_setup(void)
{
	static const crypt_token_handler handler = {
		.name = LUKS_TOKEN_TYPE,
		.open = open_token,
		.buffer_free = free_buffer,
		.validate = validate_token,
	};
	static bool done;
	int r;

	if (done)
		return 0;
	r = crypt_token_register(&handler);
	if (r < 0) {
		log_debug("libcryptsetup: crypt_token_register: %s", strerror(-r));
		return r;
	}
	done = true;
	return 0;
}
