/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which volumes this boot is about, under which names: the union of the configuration,
 * rd.luks.uuid and rd.luks.name, and the image's crypttab, narrowed by rd.cexluks.uuid. When these
 * name nothing, boot scans for volumes that carry our token (plan.scan).
 *
 * crypttab's name counts more than the command line's, the last rd.luks.name more than earlier ones,
 * as in systemd-cryptsetup-generator (add_crypttab_devices(), systemd 252 to 257) and dracut's
 * cryptroot-ask.
 */
#ifndef CEXLUKS_OP_PLAN_H
#define CEXLUKS_OP_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "base/limits.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/crypttab.h"

#define PLAN_NAME_SIZE 128 /* DM_NAME_LEN */
#define PLAN_ALIASES   3

struct plan_volume {
	char name[PLAN_NAME_SIZE];  /* mapper name; "" until the UUID is whole */
	char uuid[64];		    /* whole or a beginning, as rd.luks.uuid allows; "" : by source */
	char source[256];	    /* device path from crypttab, or "" */
	char aliases[PLAN_ALIASES][PLAN_NAME_SIZE]; /* other names somebody may open it by, or "" */
	struct crypttab_options options;
	bool has_key;		    /* crypttab names a file with its key */
	bool asked_elsewhere;	    /* systemd or dracut knows it, so a prompt exists */
	bool optional;		    /* where its device is not there at once, nobody waits for it */
	bool stranger;		    /* found by scanning and refused before its bindings could be read */
	const struct config_volume *pin; /* its [volume …] section, or NULL */
};

struct plan {
	struct plan_volume volumes[LIMIT_VOLUMES];
	size_t n_volumes;
	bool scan;
};

/* Return: 0 or -ENOMEM. @ret: owned by the caller (free()); it borrows from @config. */
int plan_make(const struct config *config, const struct cmdline *cmdline,
	      const struct crypttab *crypttab, struct plan **ret) _must_check_;

/* The same, with what rd.cexluks.uuid leaves out and what is not to be opened at boot. */
int plan_make_all(const struct config *config, const struct cmdline *cmdline,
		  const struct crypttab *crypttab, struct plan **ret) _must_check_;

/* Everything that configuration and crypttab name, whatever the kernel's command line says. Return: 0, -errno. */
int plan_make_for_machine(const struct config *config, struct plan **ret) _must_check_;

static inline void plan_free(struct plan *plan)
{
	free(plan);
}
DEFINE_CLEANUP(struct plan *, plan_free);
#define _cleanup_plan_ _cleanup_(plan_freep)

/**
 * plan_add_found() - a scanned device, or the whole UUID of an abbreviated one
 *
 * Return: the volume, or NULL when rd.cexluks.uuid excludes it or there is no room.
 */
struct plan_volume *plan_add_found(struct plan *plan, const struct config *config,
				   const struct cmdline *cmdline, const char *uuid);

/* Completes an abbreviated UUID and with it name, options and pin. */
void plan_complete(struct plan_volume *volume, const struct config *config,
		   const struct cmdline *cmdline, const char *uuid);

/* Whether rd.cexluks.uuid, if there is one, leaves this volume in. */
bool plan_selects(const struct cmdline *cmdline, const char *uuid);

/* No automatic unlock in this boot: rd.cexluks=0, rd.luks=0, or a word that asks for a shell. */
bool plan_is_off(const struct config *config, const struct cmdline *cmdline);

/* Whether this boot loads the keys directory: configured, and neither it nor its profile left out. */
bool plan_wants_keys(const struct config *config, const struct cmdline *cmdline);

/* Whether any volume, or the keys directory, may need a KMS in this boot: what "boot --needs-network" answers. */
bool plan_needs_network(const struct plan *plan, const struct config *config,
			const struct cmdline *cmdline);

#endif
