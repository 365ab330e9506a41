/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /etc/cexluks/cexluks.conf, the only authority there is (design rule 1). Read strictly: unknown
 * sections, keys or values are errors that name file, line and the known words. Credentials and CA
 * files are only named here; op/credential.h reads them when a profile is used.
 */
#ifndef CEXLUKS_OP_CONFIG_H
#define CEXLUKS_OP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/cleanup.h"
#include "kms/profile.h"
#include "luks/volume.h"
#include "op/verdict.h"

#define CONFIG_PATH	"/etc/cexluks/cexluks.conf"
#define CONFIG_OLD_PATH "/etc/hpcs-for-luks.ini"

#define CONFIG_PATTERN_LEN 64 /* hexadecimal digits of a verification pattern */

enum config_on_failure {
	ON_FAILURE_PROMPT,
	ON_FAILURE_RETRY,
	ON_FAILURE_REBOOT,
	ON_FAILURE_POWEROFF,
	ON_FAILURE_HALT,
};

enum config_on_refusal {
	ON_REFUSAL_BLOCK,
	ON_REFUSAL_HALT,
	ON_REFUSAL_PROMPT,
};

struct carried_keys;

struct config_profile {
	struct kms_profile kms;	 /* without credentials and CA until op/credential.h loads them */
	char *crn;		 /* as written, or NULL */
	bool service_given;	 /* by "service", not by the CRN */
	char *api_key_source;	 /* "file:…[, file:…]"; "": the key itself is in kms.api_keys */
	bool old_master_key;	 /* a sealed API key was opened, and is to be renewed */
	struct carried_keys *carried; /* for "header:", as found: op/carried.h; or NULL */
	bool from_old;		 /* of /etc/hpcs-for-luks.ini */
	unsigned line;		 /* of the section */
};

struct config_volume {
	char *name;		 /* of the section */
	char *uuid;		 /* lower case, as udev writes it; never NULL once loaded */
	char *cipher;		 /* pinned, or NULL */
	char *verification_pattern;
	int64_t min_serial;
	bool secure_key;	 /* require = secure-key */
	char *bindings[LIMIT_BINDINGS];
	size_t n_bindings;
	char *options;		 /* crypttab options without blanks, or NULL */
	bool nofail;
	unsigned line;
};

struct config {
	char *path;    /* where it was read */
	char *sysroot; /* "" or the tree in place of /, for what is named in it */
	bool old_format; /* /etc/hpcs-for-luks.ini, see op/config-old.h */
	uint64_t timeout_ms;
	enum config_on_failure on_failure;
	enum config_on_refusal on_refusal;
	bool secure_key;      /* require = secure-key */
	bool open_by_systemd; /* open = systemd */
	bool debug_shell;     /* debug-shell = allow */
	unsigned key_expiry_s;
	char *keys_profile;   /* whose service wrapped the keys directory, or NULL: the only one */
	bool keys_at_boot;    /* the initramfs has and loads the keys directory */
	unsigned keys_expiry_s; /* of keys from the keys directory; 0: they stay */
	struct config_profile profiles[LIMIT_PROFILES];
	size_t n_profiles;
	struct config_volume volumes[LIMIT_VOLUMES];
	size_t n_volumes;
};

/**
 * config_load() - read and check the configuration
 * @sysroot: "" or the tree it lies in
 * @path:    NULL for the usual places; a path given by the user is not put below @sysroot
 * @ret:     owned by the caller
 *
 * Where there is no cexluks.conf, the old tool's file counts (op/config-old.h); where both are, a warning says
 * which one does. No configuration at all is OUTCOME_NOTHING_TO_DO with *@ret untouched.
 */
enum outcome config_load(const char *sysroot, const char *path, struct config **ret,
			 struct verdict *v) _must_check_;

/* The same for the text of a file that is not written yet; @path: where it will lie, for messages. */
enum outcome config_parse(const char *sysroot, const char *path, const char *text, struct config **ret,
			  struct verdict *v) _must_check_;

/* What is wrong with one value, as a static sentence that follows it; NULL: nothing. @section: "kms" … */
const char *config_check_value(const char *section, const char *key, const char *value);

/*
 * The bundle of CA certificates that Debian and Ubuntu, Fedora and RHEL, or SLES has; the last one's when there is none.
 * Owned by the caller; NULL: no memory.
 */
char *config_find_ca(const char *sysroot);

/* The old tool's file alone, whatever else there is; OUTCOME_NOTHING_TO_DO when it is not there. */
enum outcome config_load_old(const char *sysroot, struct config **ret, struct verdict *v) _must_check_;
void config_free(struct config *config);
DEFINE_CLEANUP(struct config *, config_free);
#define _cleanup_config_ _cleanup_(config_freep)

/* Borrowed; NULL when there is none. */
struct config_profile *config_profile_find(struct config *config, const char *name);
const struct config_volume *config_volume_find(const struct config *config, const char *uuid);

/* The profile that unwraps the keys directory: the one named by keys-profile, or the only one. Borrowed. */
enum outcome config_keys_profile(const struct config *config, const char **ret,
				 struct verdict *v) _must_check_;

/* A binding as people write it: "kms:PROFILE" → profile name (borrowed), else NULL. */
const char *config_binding_profile(const char *binding);

/* "keyfile:PATH" → the path (borrowed), else NULL. */
const char *config_binding_keyfile(const char *binding);
bool config_binding_is_valid(const char *binding);

/* The keys that exist, for "help --table config" and the manual. */
struct config_key {
	const char *section; /* "cexluks", "kms", "volume" */
	const char *name;
	const char *fallback; /* default as text, or NULL */
	const char *help;
};
size_t config_keys(const struct config_key **ret);

#endif
