/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of the keys directory. What is taken for a ciphertext is one word, and what is not says why. */
#include "fuzz-folder.h"

#include <string.h>

#include "base/limits.h"
#include "op/keys-directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	const struct key_file *file;

	folder_put("etc/cexluks/keys.d/user/key", data, len);
	PROMISE(keys_directory_read(folder(), &dir) == 0);
	PROMISE(dir.n == 1);
	file = &dir.files[0];
	PROMISE(file->type == KEYRING_USER && !strcmp(file->name, "key"));
	if (!file->ciphertext) {
		PROMISE(file->verdict.outcome == OUTCOME_CONFIG_ERROR && file->verdict.cause[0]);
		return 0;
	}
	PROMISE(file->ciphertext[0] && strlen(file->ciphertext) <= LIMIT_CIPHERTEXT && strlen(file->ciphertext) <= len);
	for (const char *p = file->ciphertext; *p; p++)
		PROMISE(*p > ' ' && *p < 0x7f);
	return 0;
}
