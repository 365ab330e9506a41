/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keyring/keyring.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <keyutils.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"

#define RING KEY_SPEC_USER_KEYRING
#define PROC_KEYS_MAX (1u << 20)

static const char *type_name(enum keyring_type type)
{
	return type == KEYRING_LOGON ? "logon" : "user";
}

/* What errno of a keyutils call means; the only place that looks at it. */
static int translate(const char *what)
{
	int e = errno;

	log_debug("keyring: %s: %s", what, strerror(e));
	switch (e) {
	case ENOKEY:
	case EKEYEXPIRED:
	case EKEYREVOKED:
		return KEYRING_ABSENT;
	case ENOSYS:
	case EPERM: /* what seccomp filters of containers say; the kernel itself says EACCES */
		return KEYRING_UNAVAILABLE;
	default:
		return e ? -e : -EIO;
	}
}

int keyring_setup(void)
{
	/* Linking what is linked already changes nothing. No other process has this keyring, children neither. */
	if (keyctl_link(RING, KEY_SPEC_PROCESS_KEYRING) < 0)
		return translate("linking the user keyring");
	return 0;
}

static int find(enum keyring_type type, const char *description, key_serial_t *ret)
{
	long id = keyctl_search(RING, type_name(type), description, 0);

	if (id < 0)
		return translate("search");
	*ret = (key_serial_t)id;
	return 0;
}

/* Invalidation needs no more than the search permission that our keys keep, and wipes at once. */
static int drop(key_serial_t id)
{
	int r = 0;

	if (keyctl_invalidate(id) < 0 && keyctl_revoke(id) < 0)
		r = translate("revoking a key");
	if (keyctl_unlink(id, RING) < 0 && errno != ENOENT && errno != ENOKEY)
		return translate("unlinking a key");
	return r == KEYRING_ABSENT ? 0 : r;
}

/* "perm" is 0; 59s, 4m, 3h, 2d, 1w are rounded down by the kernel. */
static int parse_expiry(const char *text, unsigned *ret)
{
	static const struct {
		char letter;
		unsigned seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	unsigned long n;
	char *end;

	if (!strcmp(text, "perm")) {
		*ret = 0;
		return 0;
	}
	if (!strcmp(text, "expd"))
		return KEYRING_ABSENT;
	n = strtoul(text, &end, 10);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (end != text && *end == units[i].letter && n <= UINT32_MAX / units[i].seconds) {
			*ret = (unsigned)n * units[i].seconds;
			if (!*ret)
				*ret = 1; /* the last second: not the same as never */
			return 0;
		}
	return -EBADMSG;
}

/* keyctl(2) does not tell the expiry; /proc/keys does. Source: proc_keys_show(), security/keys/proc.c */
static int read_expiry(key_serial_t id, unsigned *ret)
{
	_cleanup_free_ char *text = NULL;
	int r;

	r = file_read("/proc/keys", PROC_KEYS_MAX, &text, NULL);
	if (r < 0)
		return r;
	for (char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		char expiry[8], *rest;
		unsigned long serial = strtoul(line, &rest, 16);

		if ((key_serial_t)serial == id && sscanf(rest, " %*s %*s %7s", expiry) == 1)
			return parse_expiry(expiry, ret);
	}
	return KEYRING_ABSENT;
}

/* In this order: once the permission to set attributes is gone, so is the expiry. */
static int limit_key(enum keyring_type type, key_serial_t id, unsigned expiry_s)
{
	key_perm_t perm = KEY_POS_VIEW | KEY_POS_SEARCH;
	unsigned seen = 0;
	int r;

	if (type == KEYRING_USER)
		perm |= KEY_POS_READ;
	if (keyctl_set_timeout(id, expiry_s) < 0)
		return translate("setting the expiry");
	if (keyctl_setperm(id, perm) < 0)
		return translate("narrowing permissions");
	r = read_expiry(id, &seen);
	if (r)
		return r < 0 ? r : -EIO;
	if (!seen || seen > expiry_s) {
		log_debug("keyring: asked for an expiry of %u s, got %u", expiry_s, seen);
		return -EIO;
	}
	return 0;
}

/*
 * An expired key cannot be found, yet stays linked until the kernel collects it (minutes), and with
 * the permissions we leave it, add_key() may not replace it. Unlinking dead keys helps nobody but us
 * and takes nothing from anybody.
 */
static void sweep_dead_keys(void)
{
	_cleanup_free_ void *ids = NULL;
	long len = keyctl_read_alloc(RING, &ids);

	for (long i = 0; i < len / (long)sizeof(key_serial_t); i++) {
		key_serial_t id = ((const key_serial_t *)ids)[i];

		if (keyctl_describe(id, NULL, 0) < 0 && (errno == EKEYEXPIRED || errno == EKEYREVOKED) &&
		    keyctl_unlink(id, RING) < 0)
			log_debug("keyring: cannot unlink the expired key %d: %m", id);
	}
}

static long add(enum keyring_type type, const char *description, const struct secret *payload)
{
	return add_key(type_name(type), description, secret_bytes(payload), secret_len(payload), RING);
}

int keyring_add(enum keyring_type type, const char *description, const struct secret *payload,
		unsigned expiry_s)
{
	long id;
	int r;

	if (!expiry_s || !*description)
		return -EINVAL;
	/* A key with narrowed permissions cannot be updated, so the old one goes first. */
	r = keyring_forget(type, description);
	if (r && r != KEYRING_ABSENT)
		return r;
	id = add(type, description, payload);
	if (id < 0 && errno == EACCES) {
		sweep_dead_keys();
		id = add(type, description, payload);
	}
	if (id < 0) {
		r = translate("add_key");
		return r == KEYRING_ABSENT ? -EIO : r;
	}
	r = limit_key(type, (key_serial_t)id, expiry_s);
	if (r)
		(void)drop((key_serial_t)id); /* the first error is the one worth telling */
	return r == KEYRING_ABSENT ? -EIO : r;
}

/* One of ours stands there, which nobody may update, or a dead one: out of the way, once. */
static long add_instead(enum keyring_type type, const char *description, const struct secret *payload)
{
	sweep_dead_keys();
	if (keyring_forget(type, description) < 0)
		log_debug("keyring: '%s' cannot be removed", description);
	return add(type, description, payload);
}

int keyring_put(enum keyring_type type, const char *description, const struct secret *payload, unsigned expiry_s,
		long *ret_id)
{
	long id;
	int r;

	if (!*description)
		return -EINVAL;
	id = add(type, description, payload);
	if (id < 0 && errno == EACCES)
		id = add_instead(type, description, payload);
	if (id < 0) {
		r = translate("add_key");
		return r == KEYRING_ABSENT ? -EIO : r;
	}
	/* Also with 0: a key that was there may have one. */
	if (keyctl_set_timeout((key_serial_t)id, expiry_s) < 0) {
		r = translate("setting the expiry");
		(void)drop((key_serial_t)id); /* the first error is the one worth telling */
		return r == KEYRING_ABSENT ? -EIO : r;
	}
	if (ret_id)
		*ret_id = id;
	return 0;
}

bool keyring_has(enum keyring_type type, const char *description)
{
	key_serial_t id;

	return find(type, description, &id) == 0;
}

int keyring_expiry(enum keyring_type type, const char *description, unsigned *ret)
{
	key_serial_t id = 0;
	int r = find(type, description, &id);

	return r ? r : read_expiry(id, ret);
}

int keyring_forget(enum keyring_type type, const char *description)
{
	key_serial_t id = 0;
	int r = find(type, description, &id);

	return r ? r : drop(id);
}

/* "type;uid;gid;perm;description" */
static bool is_ours(const char *entry, const char *prefix)
{
	const char *p = entry;

	if (strncmp(entry, "user;", 5) != 0 && strncmp(entry, "logon;", 6) != 0)
		return false;
	for (int i = 0; i < 4; i++) {
		p = strchr(p, ';');
		if (!p)
			return false;
		p++;
	}
	return !strncmp(p, prefix, strlen(prefix));
}

int keyring_forget_prefix(const char *prefix, size_t *ret_count)
{
	_cleanup_free_ void *ids = NULL;
	size_t count = 0;
	int r = 0;
	long len = keyctl_read_alloc(RING, &ids);

	if (len < 0)
		return translate("reading the user keyring");
	for (long i = 0; i < len / (long)sizeof(key_serial_t); i++) {
		key_serial_t id = ((const key_serial_t *)ids)[i];
		_cleanup_free_ char *entry = NULL;
		int s;

		if (keyctl_describe_alloc(id, &entry) < 0) {
			entry = NULL;
			/* Expired meanwhile: nothing left to forget. Ours can be looked at. */
			s = errno == EACCES ? 0 : translate("describing a key");
			if (s && s != KEYRING_ABSENT)
				r = s;
			continue;
		}
		if (!is_ours(entry, prefix))
			continue;
		s = drop(id);
		if (s)
			r = s; /* go on: the others must go in any case */
		else
			count++;
	}
	if (ret_count)
		*ret_count = count;
	return r;
}
