/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crypttab(5): which volumes the image's own machinery knows, under which names, with which
 * options. And the options themselves, which rd.luks.options and the configuration share.
 */
#ifndef CEXLUKS_OP_CRYPTTAB_H
#define CEXLUKS_OP_CRYPTTAB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "luks/volume.h"

struct crypttab_options {
	struct luks_open_flags flags;
	bool nofail;
	bool noauto;
	bool netdev;	   /* _netdev: its device comes with the network */
	bool not_luks;	   /* plain, swap, tcrypt …: there is no header to look for */
	char header[256];  /* header=PATH, or "" */
	char unknown[64];  /* the first option that we leave to systemd, or "" */
};

/* Adds what @text says ("discard,nofail") to @options; NULL, "none" and "-" say nothing. */
void crypttab_options_add(struct crypttab_options *options, const char *text);

struct crypttab_line {
	const char *name;
	const char *source; /* UUID=…, /dev/… as written, without quotes */
	const char *uuid;   /* when the source names one, else "" */
	bool has_key;	    /* a file or socket has its key, so systemd asks nobody */
	const char *options;
};

struct crypttab {
	char *text; /* the lines point into it */
	struct crypttab_line lines[LIMIT_VOLUMES];
	size_t n_lines;
};

/**
 * crypttab_source_path() - where udev puts the device that @source names
 * @ret: owned by the caller
 *
 * An absolute path is itself; LABEL=, PARTUUID=, PARTLABEL= and ID= are links below /dev/disk,
 * with udev's escapes. Source: fstab_node_to_udev_node() of systemd 252.
 *
 * Return: 0, -EINVAL for anything else, -ENOMEM.
 */
int crypttab_source_path(const char *source, char **ret) _must_check_;

/* Reads @sysroot/etc/crypttab; a missing file is an empty one. Return: 0, -errno. */
int crypttab_load(const char *sysroot, struct crypttab **ret) _must_check_;
void crypttab_free(struct crypttab *crypttab);
DEFINE_CLEANUP(struct crypttab *, crypttab_free);
#define _cleanup_crypttab_ _cleanup_(crypttab_freep)

#endif
