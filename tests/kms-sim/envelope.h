/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wrapped data: AES-GCM under one version of a root key, dressed as the services dress it
 * (base64 of a JSON object; kms-api.md 5.1). The dress is bound into the tag as well.
 */
#ifndef SIM_ENVELOPE_H
#define SIM_ENVELOPE_H

#include "key.h"

/** envelope_seal() - returns text owned by the caller; @aad is an array of strings or NULL */
char *envelope_seal(const struct key_version *version, const cJSON *aad, bool long_iv,
		    const struct buffer *plaintext);

enum envelope_result {
	ENVELOPE_OK,
	ENVELOPE_FORMAT,	/* not base64, or nothing that envelope_seal() ever made */
	ENVELOPE_REFUSED,	/* wrong key, wrong additional data, or a changed byte */
};

/** envelope_open() - try all versions of @key; append the plaintext, tell the version */
enum envelope_result envelope_open(const struct key *key, const char *text, const cJSON *aad,
				   struct buffer *ret_plaintext,
				   const struct key_version **ret_version);

#endif
