/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "luks/table.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "luks/reason.h"

static int mismatch(struct luks_reason *reason, const char *what)
{
	luks_reason_set(reason, "the live mapping has another %s than the checked header", what);
	return LUKS_TABLE_MISMATCH;
}

/* Next word of at most @size - 1 bytes; false at the end or when it is longer. */
static bool next_word(const char **p, char *word, size_t size)
{
	size_t len;

	*p += strspn(*p, " ");
	len = strcspn(*p, " ");
	if (!len || len >= size)
		return false;
	memcpy(word, *p, len);
	word[len] = '\0';
	*p += len;
	return true;
}

/* Digits only, so that neither sign nor space nor "0x" gets by. */
static bool to_number(const char *text, uint64_t *ret)
{
	size_t len = strlen(text);

	if (!len || len > 18 || strspn(text, "0123456789") != len)
		return false;
	*ret = strtoull(text, NULL, 10);
	return true;
}

static bool next_number(const char **p, uint64_t *ret)
{
	char word[24];

	return next_word(p, word, sizeof(word)) && to_number(word, ret);
}

/* ":64:logon:cryptsetup:UUID-d0": only logon keys, which nobody can read back. */
static bool keyring_key(const char *text, size_t len, struct luks_table *ret)
{
	static const char type[] = ":logon:";
	char size[8];
	const char *rest;
	uint64_t v;
	size_t digits = strspn(text + 1, "0123456789");

	if (!digits || digits >= sizeof(size))
		return false;
	memcpy(size, text + 1, digits);
	size[digits] = '\0';
	rest = text + 1 + digits;
	if (!to_number(size, &v) || strncmp(rest, type, strlen(type)) != 0)
		return false;
	rest += strlen(type);
	len -= (size_t)(rest - text);
	if (!len || len >= sizeof(ret->key_description))
		return false;
	memcpy(ret->key_description, rest, len);
	ret->key_description[len] = '\0';
	ret->key_size = v;
	return true;
}

static bool next_key(const char **p, struct luks_table *ret)
{
	const char *text = *p + strspn(*p, " ");
	size_t len = strcspn(text, " ");

	*p = text + len;
	if (*text == ':')
		return keyring_key(text, len, ret);
	ret->key_description[0] = '\0';
	ret->key_size = len / 2;
	return len && len % 2 == 0 && strspn(text, "0123456789abcdefABCDEF") >= len;
}

static bool next_device(const char **p, dev_t *ret)
{
	char word[24], *colon;
	uint64_t major, minor;

	if (!next_word(p, word, sizeof(word)))
		return false;
	colon = strchr(word, ':');
	if (!colon)
		return false;
	*colon = '\0';
	if (!to_number(word, &major) || !to_number(colon + 1, &minor) || major > 4095 ||
	    minor > 1048575)
		return false;
	*ret = makedev((unsigned)major, (unsigned)minor);
	return true;
}

static bool keep_option(const char *word, struct luks_table *ret)
{
	static const char *const harmless[] = {
		"allow_discards",	  "same_cpu_crypt",    "high_priority",
		"submit_from_crypt_cpus", "no_read_workqueue", "no_write_workqueue",
	};
	static const char sector[] = "sector_size:";
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (!strcmp(word, harmless[i]))
			return true;
	if (strncmp(word, sector, strlen(sector)) != 0 || !to_number(word + strlen(sector), &v) ||
	    v > 4096)
		return false;
	ret->sector_size = (unsigned)v;
	return true;
}

static bool parse_options(const char *p, struct luks_table *ret)
{
	char word[64];
	uint64_t n;

	ret->sector_size = 512;
	if (!*(p + strspn(p, " ")))
		return true;
	if (!next_number(&p, &n) || n > 16)
		return false;
	for (; n; n--)
		if (!next_word(&p, word, sizeof(word)) || !keep_option(word, ret))
			return false;
	return !*(p + strspn(p, " "));
}

int luks_table_parse(const char *type, const char *params, struct luks_table *ret,
		     struct luks_reason *reason)
{
	struct luks_table table = { 0 };
	const char *p = params;

	if (strcmp(type, "crypt") != 0)
		return mismatch(reason, "target");
	if (!next_word(&p, table.cipher, sizeof(table.cipher)))
		return mismatch(reason, "cipher");
	if (!next_key(&p, &table))
		return mismatch(reason, "kind of key");
	if (!next_number(&p, &table.iv_offset))
		return mismatch(reason, "IV offset");
	if (!next_device(&p, &table.devno))
		return mismatch(reason, "kind of device");
	if (!next_number(&p, &table.offset))
		return mismatch(reason, "data offset");
	if (!parse_options(p, &table))
		return mismatch(reason, "set of options");
	table.start = ret->start;
	table.length = ret->length;
	*ret = table;
	return 0;
}

static bool key_is_ours(const char *description, const char *uuid)
{
	char prefix[64];

	if (!*description)
		return true;
	(void)snprintf(prefix, sizeof(prefix), "cryptsetup:%s-d", uuid);
	return !strncmp(description, prefix, strlen(prefix));
}

int luks_table_compare(const struct luks_table *table, const struct luks_expectation *expected,
		       struct luks_reason *reason)
{
	const struct luks_facts *facts = expected->facts;

	if (strcmp(table->cipher, facts->cipher) != 0)
		return mismatch(reason, "cipher");
	if (table->key_size != facts->key_size)
		return mismatch(reason, "key size");
	if (!key_is_ours(table->key_description, expected->uuid))
		return mismatch(reason, "key");
	if (table->iv_offset != facts->iv_offset)
		return mismatch(reason, "IV offset");
	if (table->devno != expected->devno)
		return mismatch(reason, "device");
	if (table->offset != facts->data_offset / 512)
		return mismatch(reason, "data offset");
	if (table->start || table->length != expected->length)
		return mismatch(reason, "size");
	if (table->sector_size != facts->sector_size)
		return mismatch(reason, "sector size");
	return 0;
}

bool luks_table_uuid_fits(const char *dm_uuid, const char *uuid, const char *name)
{
	char expected[192], plain[UUID_SIZE];
	size_t n = 0;

	for (const char *p = uuid; *p && n < sizeof(plain) - 1; p++)
		if (*p != '-')
			plain[n++] = *p;
	plain[n] = '\0';
	(void)snprintf(expected, sizeof(expected), "CRYPT-LUKS2-%s-%s", plain, name);
	/* Device mapper keeps 128 characters, which cuts the names that are nearly too long. */
	return !strncmp(dm_uuid, expected, 128);
}
