/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define BLANKS " \t\n\v\f\r"

static const struct cmdline_word words[] = {
	{ "rd.cexluks", "0", "no automatic unlock in the initramfs" },
	{ "rd.cexluks.uuid", "UUID", "only this volume; may be repeated" },
	{ "rd.cexluks.kms", "PROFILE", "only this configured profile; may be repeated" },
	{ "rd.cexluks.pattern", "UUID=HEX", "an additional verification pattern for one volume" },
	{ "rd.cexluks.timeout", "SECONDS", "shorten the timeout" },
	{ "rd.cexluks.keys", "0", "do not load the keys directory" },
	{ "rd.cexluks.debug", NULL, "debug messages" },
};

size_t cmdline_words(const struct cmdline_word **ret)
{
	*ret = words;
	return ARRAY_SIZE(words);
}

/* dracut's getargbool: absent value means yes. */
static bool is_false(const char *value)
{
	return value && (!strcmp(value, "0") || !strcmp(value, "no") || !strcmp(value, "off") ||
			 !strcmp(value, "false"));
}

static void unknown_word(struct cmdline *c, const char *word)
{
	if (c->n_unknown < ARRAY_SIZE(c->unknown))
		c->unknown[c->n_unknown++] = word;
}

static bool add(const char **list, size_t *n, size_t max, const char *value)
{
	if (!value || *n == max)
		return false;
	list[(*n)++] = value;
	return true;
}

/* Whole, or a beginning, with or without "luks-". */
static bool is_uuid(const char *value)
{
	if (value && !strncmp(value, "luks-", 5))
		value += 5;
	return value && *value && !value[strspn(value, "0123456789abcdefABCDEF-")];
}

/* "UUID=VALUE"; with @optional also "VALUE" alone. */
static bool add_pair(struct cmdline_pair *list, size_t *n, char *value, bool optional)
{
	char *equals;

	if (!value || !*value || *n >= LIMIT_VOLUMES)
		return false;
	equals = strchr(value, '=');
	/* rd.luks.options=header=/x: the part before "=" is a UUID only if it looks like one. */
	if (equals && optional && strspn(value, "0123456789abcdefABCDEF-") != (size_t)(equals - value))
		equals = NULL;
	if (equals == value || (!equals && !optional))
		return false;
	if (equals) {
		*equals = '\0';
		if (!is_uuid(value))
			return false;
		list[(*n)++] = (struct cmdline_pair){ .uuid = value, .value = equals + 1 };
	} else {
		list[(*n)++] = (struct cmdline_pair){ .uuid = "", .value = value };
	}
	return true;
}

static bool parse_timeout(struct cmdline *c, const char *value)
{
	unsigned long s;
	char *end;

	if (!value || !isdigit((unsigned char)*value))
		return false;
	s = strtoul(value, &end, 10);
	if ((*end && strcmp(end, "s") != 0) || s > 86400)
		return false;
	s = s ? s * 1000u : 1;
	if (!c->timeout_ms || s < c->timeout_ms)
		c->timeout_ms = s; /* the shortest of several counts */
	return true;
}

static bool is_true(const char *value)
{
	return !value || !strcmp(value, "1") || !strcmp(value, "yes") || !strcmp(value, "on") ||
	       !strcmp(value, "true");
}

/* What stands behind "rd.cexluks". A narrowing word with a bad value narrows to nothing, and warns. */
static bool take_ours(struct cmdline *c, const char *name, char *value)
{
	if (!*name) {
		c->off = c->off || is_false(value); /* no later word turns it on again */
		return is_false(value) || is_true(value);
	}
	if (!strcmp(name, ".uuid"))
		return add(c->uuids, &c->n_uuids, LIMIT_VOLUMES, value) && is_uuid(value);
	if (!strcmp(name, ".kms"))
		return add(c->profiles, &c->n_profiles, LIMIT_PROFILES, value) && *value;
	if (!strcmp(name, ".pattern"))
		return add_pair(c->patterns, &c->n_patterns, value, false);
	if (!strcmp(name, ".timeout"))
		return parse_timeout(c, value);
	if (!strcmp(name, ".keys"))
		c->keys_off = c->keys_off || is_false(value);
	else if (!strcmp(name, ".debug"))
		c->debug = !is_false(value);
	else
		return false;
	return true;
}

static void take_luks(struct cmdline *c, const char *name, char *value)
{
	if (!*name)
		c->luks_off = is_false(value);
	/* a malformed rd.luks word is systemd's and dracut's to complain about */
	else if (!strcmp(name, ".uuid") && is_uuid(value))
		(void)add(c->luks_uuids, &c->n_luks_uuids, LIMIT_VOLUMES, value);
	else if (!strcmp(name, ".name"))
		(void)add_pair(c->luks_names, &c->n_luks_names, value, false);
	else if (!strcmp(name, ".options"))
		(void)add_pair(c->luks_options, &c->n_luks_options, value, true);
}

/* systemd takes "-" and "_" for the same in the names of its words. */
static bool is_systemd_word(const char *name, const char *word)
{
	while (*name && (*name == *word || (*name == '_' && *word == '-'))) {
		name++;
		word++;
	}
	return !*name && !*word;
}

/*
 * systemd's own, "rd." for the initramfs only: kernel-command-line(7), systemd-debug-generator(8),
 * systemd-run-generator(8), systemd-import-generator(8). Whatever a credential or a unit is for, it counts: there are
 * too many that bring a unit, a file or a rule of udev, or stop one that shuts the volume in.
 */
static bool systemd_asks_for_shell(const char *name, const char *value, bool in_initrd)
{
	static const char *const anywhere[] = { "wants", "run", "set-credential", "set-credential-binary" };
	static const char *const initrd[] = { "unit", "mask", "pull" };

	if (is_systemd_word(name, "break"))
		return true;
	if (is_systemd_word(name, "debug-shell") || is_systemd_word(name, "crash-shell"))
		return !is_false(value);
	for (size_t i = 0; i < ARRAY_SIZE(anywhere); i++)
		if (is_systemd_word(name, anywhere[i]))
			return value;
	for (size_t i = 0; i < ARRAY_SIZE(initrd) && in_initrd; i++)
		if (is_systemd_word(name, initrd[i]))
			return value;
	return false;
}

/* Words that hand somebody a shell, or another program as init, before or beside the root. */
static bool asks_for_shell(const char *name, const char *value)
{
	bool in_initrd = !strncmp(name, "rd.systemd.", 11);

	if (in_initrd || !strncmp(name, "systemd.", 8))
		return systemd_asks_for_shell(name + (in_initrd ? 11 : 8), value, in_initrd);
	if (!strcmp(name, "rd.break") || !strcmp(name, "rdbreak"))
		return true;
	/* kernel-command-line(7): alone they are short for rd.systemd.unit=; with a value dracut's. */
	if (!strcmp(name, "rd.emergency") || !strcmp(name, "rd.rescue"))
		return !value;
	/* without a value they are words for init, and mean nothing there */
	return value && (!strcmp(name, "init") || !strcmp(name, "rdinit"));
}

static void look_for_shell(struct cmdline *c, char *word)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	if (!c->shell_word && asks_for_shell(word, value))
		c->shell_word = word;
	if (value)
		value[-1] = '='; /* the console shows the whole word */
}

static void take_word(struct cmdline *c, char *word)
{
	char *value = strchr(word, '=');
	const char *name = word;

	if (!strncmp(word, "rd.cexluks", 10) && (word[10] == '.' || word[10] == '=' || !word[10])) {
		if (value)
			*value++ = '\0';
		if (!take_ours(c, name + 10, value))
			unknown_word(c, name);
		return;
	}
	look_for_shell(c, word);
	if (value)
		*value++ = '\0';
	if (!strncmp(name, "rd.luks", 7) && (name[7] == '.' || !name[7]))
		take_luks(c, name + 7, value);
	else if (!strcmp(name, "rd.neednet"))
		c->neednet = !is_false(value);
	if (value && c->shell_word == word)
		value[-1] = '=';
}

/* Splits in place at blanks; double quotes protect blanks and are dropped, as the kernel does. */
static char *next_word(char **rest)
{
	char *in = *rest + strspn(*rest, " \t\r\n"), *out = in, *word = in;
	bool quoted = false;

	if (!*in)
		return NULL;
	for (; *in && (quoted || !isspace((unsigned char)*in)); in++) {
		if (*in == '"')
			quoted = !quoted;
		else
			*out++ = *in;
	}
	*rest = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

/*
 * The kernel knows double quotes, systemd single ones as well, dracut's shell none. A word that somebody may see as
 * one for a shell counts: blanks part words here also within quotes, and quotes are dropped. Only for these words.
 */
static char *next_word_of_any_reader(char **rest)
{
	char *in = *rest + strspn(*rest, BLANKS), *out = in, *word = in;

	if (!*in)
		return NULL;
	for (; *in && !strchr(BLANKS, *in); in++)
		if (*in != '"' && *in != '\'')
			*out++ = *in;
	*rest = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

int cmdline_parse(const char *text, struct cmdline **ret)
{
	_cleanup_cmdline_ struct cmdline *c = calloc(1, sizeof(*c));
	char *rest, *word;

	if (!c)
		return -ENOMEM;
	c->text = strdup(text);
	c->loose = strdup(text);
	if (!c->text || !c->loose)
		return -ENOMEM;
	rest = c->text;
	while ((word = next_word(&rest)))
		take_word(c, word);
	rest = c->loose;
	while ((word = next_word_of_any_reader(&rest)))
		look_for_shell(c, word);
	*ret = take_ptr(c);
	return 0;
}

static int append(char **to, const char *path)
{
	_cleanup_free_ char *text = NULL;
	char *joined;

	if (file_read(path, LIMIT_CMDLINE, &text, NULL) < 0)
		return 0;
	if (asprintf(&joined, "%s %s", *to ? *to : "", text) < 0)
		return -ENOMEM;
	free(*to);
	*to = joined;
	return 0;
}

int cmdline_load(const char *sysroot, struct cmdline **ret)
{
	/* dracut's order: files of the image first, the kernel's own line last, so that it counts. */
	static const char *const places[] = { "/etc/cmdline", "/etc/cmdline.d/*.conf",
					      "/run/initramfs/cmdline.d/*.conf", "/proc/cmdline" };
	_cleanup_free_ char *text = NULL;
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++) {
		_cleanup_free_ char *pattern = NULL;
		glob_t found = { 0 };

		if (asprintf(&pattern, "%s%s", sysroot, places[i]) < 0)
			return -ENOMEM;
		if (glob(pattern, 0, NULL, &found) == 0)
			for (size_t k = 0; k < found.gl_pathc && r == 0; k++)
				r = append(&text, found.gl_pathv[k]);
		globfree(&found);
	}
	return r < 0 ? r : cmdline_parse(text ? text : "", ret);
}

void cmdline_free(struct cmdline *cmdline)
{
	if (!cmdline)
		return;
	free(cmdline->text);
	free(cmdline->loose);
	free(cmdline);
}

bool cmdline_allows_profile(const struct cmdline *cmdline, const char *profile)
{
	for (size_t i = 0; i < cmdline->n_profiles; i++)
		if (!strcmp(cmdline->profiles[i], profile))
			return true;
	return !cmdline->n_profiles;
}
