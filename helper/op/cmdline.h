/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel command line, merged from /proc/cmdline, /etc/cmdline, and the .conf files of
 * /etc/cmdline.d and /run/initramfs/cmdline.d, as dracut does. It selects, narrows and adds conditions; nothing
 * here can widen what the configuration allows (design rule 3). See cexluks.cmdline(7).
 */
#ifndef CEXLUKS_OP_CMDLINE_H
#define CEXLUKS_OP_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/limits.h"

struct cmdline_pair {
	const char *uuid; /* or its beginning; "" where none was given */
	const char *value;
};

struct cmdline {
	char *text;		/* merged; everything below points into it */
	char *loose;		/* the same as the loosest reader sees it, for shell_word alone */
	bool off;		/* rd.cexluks=0 */
	bool luks_off;		/* rd.luks=0 */
	bool keys_off;		/* rd.cexluks.keys=0 */
	bool debug;		/* rd.cexluks.debug */
	bool neednet;		/* rd.neednet=1 from somebody else */
	uint64_t timeout_ms;	/* rd.cexluks.timeout, 0: not given */
	const char *shell_word; /* the first word that asks for a shell, whole, or NULL */
	const char *uuids[LIMIT_VOLUMES]; /* rd.cexluks.uuid */
	size_t n_uuids;
	const char *profiles[LIMIT_PROFILES]; /* rd.cexluks.kms */
	size_t n_profiles;
	struct cmdline_pair patterns[LIMIT_VOLUMES]; /* rd.cexluks.pattern=UUID=HEX */
	size_t n_patterns;
	const char *luks_uuids[LIMIT_VOLUMES]; /* rd.luks.uuid */
	size_t n_luks_uuids;
	struct cmdline_pair luks_names[LIMIT_VOLUMES]; /* rd.luks.name=UUID=NAME */
	size_t n_luks_names;
	struct cmdline_pair luks_options[LIMIT_VOLUMES]; /* rd.luks.options=[UUID=]OPTIONS */
	size_t n_luks_options;
	const char *unknown[16]; /* unknown or malformed rd.cexluks. words, to be warned about */
	size_t n_unknown;
};

/* Reads and merges the files below @sysroot. Return: 0 or -ENOMEM; unreadable files count as empty. */
int cmdline_load(const char *sysroot, struct cmdline **ret) _must_check_;

/* Parses one text; for tests and for cmdline_load(). */
int cmdline_parse(const char *text, struct cmdline **ret) _must_check_;

void cmdline_free(struct cmdline *cmdline);
DEFINE_CLEANUP(struct cmdline *, cmdline_free);
#define _cleanup_cmdline_ _cleanup_(cmdline_freep)

/* Whether rd.cexluks.kms allows this configured profile. */
bool cmdline_allows_profile(const struct cmdline *cmdline, const char *profile);

/* The words of ours, for "help --table cmdline" and the manual. */
struct cmdline_word {
	const char *word;
	const char *arg; /* or NULL */
	const char *help;
};
size_t cmdline_words(const struct cmdline_word **ret);

#endif
