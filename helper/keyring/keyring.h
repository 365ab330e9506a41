/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keys in root's user keyring (@u), where systemd-cryptsetup, cryptsetup and dm-crypt look.
 *
 * A fresh session keyring does not link @u, and a key nobody possesses can neither be read nor
 * given an expiry (permissions 0x3f010000): keyring_setup() links @u first, into the process keyring,
 * which goes with us. Never into the session's: under sudo(8) and su(1) that is the one of the user who
 * called, and with the link every process of that user would possess root's keys. The expiry is set
 * before permissions are narrowed (afterwards it could not be), and both are read back. Source:
 * keyrings(7), process-keyring(7), keyctl_set_timeout(3); measured on Linux 6.1, 6.12, 6.18.
 */
#ifndef CEXLUKS_KEYRING_KEYRING_H
#define CEXLUKS_KEYRING_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/secret.h"

enum keyring_condition {
	KEYRING_OK = 0,
	KEYRING_ABSENT, /* no such key */
	KEYRING_UNAVAILABLE, /* the kernel or a seccomp filter offers no keyrings here */
};

enum keyring_type {
	KEYRING_USER,  /* readable by its possessor: passphrases */
	KEYRING_LOGON, /* for the kernel only; description needs a "prefix:" */
};

/* Makes sure that we, and nobody else, possess @u. Return: 0, KEYRING_UNAVAILABLE, -errno. */
int keyring_setup(void) _must_check_;

/**
 * keyring_add() - add or replace a key, with an expiry that was read back
 * @description: no secret in it; /proc/keys shows it to everybody
 * @payload:     at most 32767 bytes
 * @expiry_s:    seconds from now, at least 1
 *
 * On any failure the key is gone again.
 *
 * Return: 0, KEYRING_UNAVAILABLE, -EINVAL, -EDQUOT, other -errno of the kernel.
 */
int keyring_add(enum keyring_type type, const char *description, const struct secret *payload,
		unsigned expiry_s) _must_check_;

/**
 * keyring_put() - add or update a key as "keyctl padd" does, for others to use, see and revoke
 * @payload:  at most 32767 bytes
 * @expiry_s: seconds from now; 0: it stays
 * @ret_id:   its serial number; may be NULL
 *
 * Unlike keyring_add() it leaves the permissions that the kernel gives (its possessor may do anything, its owner
 * see it), and a key that is there gets the new payload in place: nobody finds it missing in between.
 *
 * Return: 0, KEYRING_UNAVAILABLE, -EINVAL (also: a logon key without "prefix:"), -EDQUOT, other -errno of the kernel.
 */
int keyring_put(enum keyring_type type, const char *description, const struct secret *payload, unsigned expiry_s,
		long *ret_id) _must_check_;

/* Whether @u holds an unexpired key of that type and description. */
bool keyring_has(enum keyring_type type, const char *description);

/* Seconds until it expires in *@ret (0: never). Return: 0, KEYRING_ABSENT, -errno. */
int keyring_expiry(enum keyring_type type, const char *description, unsigned *ret) _must_check_;

/* Revokes and unlinks; an absent key is KEYRING_ABSENT. */
int keyring_forget(enum keyring_type type, const char *description) _must_check_;

/**
 * keyring_forget_prefix() - every user and logon key in @u whose description begins with @prefix
 * @ret_count: how many went; may be NULL
 */
int keyring_forget_prefix(const char *prefix, size_t *ret_count) _must_check_;

#endif
