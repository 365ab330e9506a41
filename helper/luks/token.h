/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our LUKS2 token, type "cexluks": which keyslot opens in which automatic way. JSON in, struct out,
 * and back. All known members or refusal; it names a profile, never a place. Source: design
 * section 5. Knows nothing of libcryptsetup.
 */
#ifndef CEXLUKS_LUKS_TOKEN_H
#define CEXLUKS_LUKS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/secret.h"
#include "luks/condition.h"

#define LUKS_TOKEN_TYPE "cexluks"

enum luks_token_kind {
	LUKS_TOKEN_KMS,	       /* passphrase wrapped by a KMS root key */
	LUKS_TOKEN_CARD,       /* passphrase in clear, the card is the lock */
	LUKS_TOKEN_CREDENTIAL, /* a profile's API key sealed by the card; no keyslot */
};

struct luks_token {
	enum luks_token_kind kind;
	int id;			   /* token number in the header; -1: not stored yet */
	int keyslot;		   /* -1: none that opens the volume */
	bool superseded;	   /* it names @old_keyslot, which holds another volume key; @keyslot is -1 */
	int old_keyslot;
	char *profile;		   /* kms, credential */
	char *key;		   /* kms: root key id that wrapped */
	char *ciphertext;	   /* kms: the service's text, byte for byte */
	bool aad;		   /* kms: bound with additional data */
	struct secret *passphrase; /* card */
	char *sealed;		   /* credential: base64 */
	int64_t serial;
	char created[21];	   /* 2026-11-22T10:00:00Z */
};

void luks_token_free(struct luks_token *token);
DEFINE_CLEANUP(struct luks_token *, luks_token_free);
#define _cleanup_luks_token_ _cleanup_(luks_token_freep)

/**
 * luks_token_parse() - strict reading of one token
 * @json: text from the header, NUL-terminated, borrowed
 * @id:   its number
 * @ret:  owned by the caller
 * @reason: what broke which rule; names the member
 *
 * Refuses: over 8 KiB, unknown or missing or duplicate members, wrong types, other version, a
 * profile or key that looks like a place (anything outside [A-Za-z0-9_-]), ciphertext that is not
 * base64, more than one keyslot. No keyslot is fine: an interrupted bind leaves that, and a
 * credential has none. Members other than type, keyslots, version, kind are all mandatory:
 * kms: profile, key, ciphertext, aad, serial, created; card: passphrase (base64 of 32 bytes),
 * serial, created; credential: profile, sealed (base64 of LIMIT_SEALED_KEY bytes at most, which
 * op/sealed-key.h judges).
 *
 * Return: 0, LUKS_REFUSED, -ENOMEM.
 */
int luks_token_parse(const char *json, int id, struct luks_token **ret,
		     struct luks_reason *reason) _must_check_;

/**
 * luks_token_build() - the JSON that luks_token_parse() reads back
 * @ret: owned by the caller, release with json_free_text(): of a card binding it is a secret
 *
 * Return: 0; -EINVAL when luks_token_parse() would refuse it; -ENOMEM.
 */
int luks_token_build(const struct luks_token *token, char **ret) _must_check_;

/* "kms:PROFILE", "card" or "credential:PROFILE"; owned by the caller; NULL: no memory. */
char *luks_token_binding(const struct luks_token *token);

#endif
