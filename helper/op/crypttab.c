/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/crypttab.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/uuid.h"

/* Options that only shape systemd's own waiting and asking; nothing of theirs is lost. */
static bool is_about_prompt(const char *option)
{
	static const char *const prefixes[] = { "tries=", "timeout=", "password-echo=",
						"x-systemd.device-timeout=" };

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (!strncmp(option, prefixes[i], strlen(prefixes[i])))
			return true;
	return !strcmp(option, "luks") || !strcmp(option, "x-initrd.attach") ||
	       !strcmp(option, "password-echo");
}

/* The image says that this was never LUKS: swap with a random key, VeraCrypt, BitLocker … */
static bool is_not_luks(const char *option)
{
	static const char *const words[] = { "plain",	       "swap",	     "tmp",
					     "tcrypt",	       "tcrypt-hidden", "tcrypt-system",
					     "tcrypt-veracrypt", "bitlk",	     "fvault2" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(option, words[i]))
			return true;
	return !strncmp(option, "tmp=", 4);
}

static void take_option(struct crypttab_options *o, const char *option)
{
	if (!strcmp(option, "discard") || !strcmp(option, "allow-discards"))
		o->flags.discard = true;
	else if (!strcmp(option, "no-read-workqueue"))
		o->flags.no_read_workqueue = true;
	else if (!strcmp(option, "no-write-workqueue"))
		o->flags.no_write_workqueue = true;
	else if (!strcmp(option, "same-cpu-crypt"))
		o->flags.same_cpu_crypt = true;
	else if (!strcmp(option, "submit-from-crypt-cpus"))
		o->flags.submit_from_crypt_cpus = true;
	else if (!strcmp(option, "readonly") || !strcmp(option, "read-only"))
		o->flags.read_only = true;
	else if (!strcmp(option, "nofail"))
		o->nofail = true;
	else if (!strcmp(option, "_netdev"))
		o->netdev = true;
	else if (!strcmp(option, "noauto"))
		o->noauto = true;
	/* with ":" the file lies on a file system of its own, which systemd mounts */
	else if (!strncmp(option, "header=/", 8) && !strchr(option, ':') &&
		 strlen(option + 7) < sizeof(o->header))
		memcpy(o->header, option + 7, strlen(option + 7) + 1);
	else if (!is_about_prompt(option) && !o->unknown[0])
		(void)snprintf(o->unknown, sizeof(o->unknown), "%s", option);
	o->not_luks = o->not_luks || is_not_luks(option);
}

void crypttab_options_add(struct crypttab_options *options, const char *text)
{
	_cleanup_free_ char *copy = NULL;
	char *rest = NULL;

	if (!text || !strcmp(text, "none") || !strcmp(text, "-"))
		return;
	copy = strdup(text);
	if (!copy)
		return;
	for (char *p = strtok_r(copy, ",", &rest); p; p = strtok_r(NULL, ",", &rest))
		take_option(options, p);
}

static const char *uuid_of(const char *source)
{
	static const char *const forms[] = { "UUID=", "/dev/disk/by-uuid/" };

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (!strncmp(source, forms[i], strlen(forms[i])) &&
		    uuid_is_valid(source + strlen(forms[i])))
			return source + strlen(forms[i]);
	return "";
}

/* TAG="value" becomes TAG=value, in place. */
static void unquote(char *source)
{
	char *value = strchr(source, '=');
	size_t len = value ? strlen(++value) : 0;

	if (*source == '/' || len < 2 || (*value != '"' && *value != '\'') ||
	    value[len - 1] != *value)
		return;
	value[len - 1] = '\0';
	memmove(value, value + 1, len - 1);
}

/* udev's own escapes: what is neither plain nor UTF-8 becomes \xHH. */
static void escape(const char *value, char *to)
{
	for (; *value; value++)
		if (isalnum((unsigned char)*value) || strchr("#+-.:=@_", *value) ||
		    (unsigned char)*value >= 0x80)
			*to++ = *value;
		else
			to += sprintf(to, "\\x%02x", (unsigned char)*value);
	*to = '\0';
}

int crypttab_source_path(const char *source, char **ret)
{
	static const struct {
		const char *tag, *folder;
	} tags[] = {
		{ "LABEL=", "/dev/disk/by-label/" },
		{ "PARTUUID=", "/dev/disk/by-partuuid/" },
		{ "PARTLABEL=", "/dev/disk/by-partlabel/" },
		{ "ID=", "/dev/disk/by-id/" },
	};

	if (*source == '/') {
		*ret = strdup(source);
		return *ret ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
		const char *value = source + strlen(tags[i].tag);
		size_t folder = strlen(tags[i].folder);

		if (strncmp(source, tags[i].tag, strlen(tags[i].tag)) != 0 || !*value)
			continue;
		*ret = malloc(folder + 4 * strlen(value) + 1);
		if (!*ret)
			return -ENOMEM;
		memcpy(*ret, tags[i].folder, folder);
		escape(value, *ret + folder);
		return 0;
	}
	return -EINVAL;
}

static void take_line(struct crypttab *c, char *line)
{
	char *rest = NULL, *field[4] = { NULL };
	struct crypttab_line *to = &c->lines[c->n_lines];

	for (size_t i = 0; i < ARRAY_SIZE(field); i++) {
		field[i] = strtok_r(i ? NULL : line, " \t\r", &rest);
		if (!field[i])
			break;
	}
	if (!field[0] || *field[0] == '#' || !field[1] || c->n_lines == LIMIT_VOLUMES)
		return;
	unquote(field[1]);
	*to = (struct crypttab_line){
		.name = field[0],
		.source = field[1],
		.uuid = uuid_of(field[1]),
		.has_key = field[2] && strcmp(field[2], "none") != 0 && strcmp(field[2], "-") != 0,
		.options = field[3] ? field[3] : "",
	};
	c->n_lines++;
}

int crypttab_load(const char *sysroot, struct crypttab **ret)
{
	_cleanup_crypttab_ struct crypttab *c = calloc(1, sizeof(*c));
	_cleanup_free_ char *path = NULL;
	char *rest = NULL;
	int r;

	if (!c || asprintf(&path, "%s/etc/crypttab", sysroot) < 0)
		return -ENOMEM;
	r = file_read(path, LIMIT_CRYPTTAB, &c->text, NULL);
	if (r < 0 && r != -ENOENT)
		return r;
	if (c->text)
		for (char *p = strtok_r(c->text, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest))
			take_line(c, p);
	*ret = take_ptr(c);
	return 0;
}

void crypttab_free(struct crypttab *crypttab)
{
	if (!crypttab)
		return;
	free(crypttab->text);
	free(crypttab);
}
