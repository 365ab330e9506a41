/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A verb: a row in the one table (verbs.c), from which dispatch, --help and the checks of the
 * manual are made. A verb parses, calls one operation, prints one result.
 */
#ifndef CEXLUKS_CLI_VERB_H
#define CEXLUKS_CLI_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/limits.h"
#include "op/boot.h"
#include "op/outcome.h"
#include "op/verdict.h"

/* What every verb understands. */
struct common_options {
	const char *config;
	const char *sysroot; /* "" by default */
	unsigned timeout_s;  /* 0: not given */
	bool debug;
	bool help;
};

/* Union of the options that verbs have; each verb's row lists the ones it takes. */
struct verb_options {
	const char *key_file;
	const char *header_backup;
	const char *header;
	int keyslot; /* -1: not given */
	bool dry_run;
	bool luks2_keyring;
	bool json;
	bool verbose;
	bool retry;
	bool needs_network;
	bool needs_names;
	bool crypttab;
	bool image_files;
	const char *table;
	const char *volume_key_file;
	const char *zkey_name;
	const char *save_key;
	const char *name;
	const char *key_type;
	const char *apqns;
	const char *volumes;
	const char *description;
	const char *label;
	const char *uuid;
	const char *bind[LIMIT_BINDINGS];
	unsigned n_bind;
	unsigned keybits;     /* 0: not given */
	unsigned sector_size; /* 0: not given */
	const char *key;
	bool recovery_key;
	bool open;
	bool crk;
	bool gen;
	bool xts;
	bool force;
	bool offline;
	bool rewrap_only;
	const char *from;
	const char *to;
	bool finish;
	bool all;
	bool keys;
	bool prometheus;
	const char *cards;
	const char *initramfs;
	bool next_image;
	bool all_images;
};

enum option_id {
	OPTION_KEY_FILE,
	OPTION_HEADER_BACKUP,
	OPTION_HEADER,
	OPTION_KEYSLOT,
	OPTION_LUKS2_KEYRING,
	OPTION_DRY_RUN,
	OPTION_JSON,
	OPTION_VERBOSE,
	OPTION_RETRY,
	OPTION_NEEDS_NETWORK,
	OPTION_NEEDS_NAMES,
	OPTION_CRYPTTAB,
	OPTION_IMAGE_FILES,
	OPTION_TABLE,
	OPTION_BIND,
	OPTION_VOLUME_KEY_FILE,
	OPTION_ZKEY_NAME,
	OPTION_SAVE_KEY,
	OPTION_RECOVERY_KEY,
	OPTION_NAME,
	OPTION_KEYBITS,
	OPTION_XTS,
	OPTION_KEY_TYPE,
	OPTION_APQNS,
	OPTION_VOLUMES,
	OPTION_SECTOR_SIZE,
	OPTION_DESCRIPTION,
	OPTION_LABEL,
	OPTION_UUID,
	OPTION_FORCE,
	OPTION_OFFLINE,
	OPTION_REWRAP_ONLY,
	OPTION_OPEN,
	OPTION_GEN,
	OPTION_CRK,
	OPTION_KEY_NAME,
	OPTION_KEY,
	OPTION_FROM,
	OPTION_TO,
	OPTION_FINISH,
	OPTION_ALL,
	OPTION_KEYS,
	OPTION_PROMETHEUS,
	OPTION_CARDS,
	OPTION_INITRAMFS,
	OPTION_NEXT_IMAGE,
	OPTION_ALL_IMAGES,
	OPTION_CONFIG,
	OPTION_SYSROOT,
	OPTION_TIMEOUT,
	OPTION_DEBUG,
	OPTION_HELP,
	OPTIONS,
};

/* Its place in a set of options. */
#define OPTION_BIT(id) (UINT64_C(1) << (id))

_Static_assert(OPTIONS <= 64, "a set of options has 64 bits");

struct option_row {
	const char *name; /* without "--" */
	const char *arg;  /* or NULL for a flag */
	const char *help;
};

/* Names and help of all options. */
const struct option_row *option_row(enum option_id id);

/* The words that its argument can be, blank separated; NULL where anything can be. Static. */
const char *option_choices(enum option_id id);

/* What a verb gets: its words and options. */
struct verb_call {
	const struct verb *verb;
	char **words;
	int n_words;
	struct common_options common;
	struct verb_options options;
};

struct verb {
	const char *name; /* one or two words: "bind", "key list" */
	const char *args;
	const char *summary;
	int min_words, max_words;
	uint64_t options; /* OPTION_BIT() of its own; the common ones go without saying */
	enum outcome (*run)(const struct verb_call *call);
};

/* The table, in the order of the manual; ends with a NULL name. */
extern const struct verb verbs[];

/* The verbs depend on the name that the program was started under. */
struct program {
	const char *name;
	const char *summary;
	const struct verb *verbs; /* ends with a NULL name */
};
const struct program *verb_program(void);

/* Looks up "bind" or "key", "list"; @ret_words: how many of @argv named it. NULL: unknown. */
const struct verb *verb_find(int argc, char **argv, int *ret_words);

/* What main() read from the environment before it was emptied. Colours appear on terminals only. */
void verb_allow_colours(bool allowed);

/* Parses and runs; the exit code. */
int verb_main(int argc, char **argv);

/* Prints one verb's help, or all verbs, to standard output. */
void verb_help(const struct verb *verb);
void verb_help_all(void);

/* One-line complaint about the command line, and where to look. Returns OUTCOME_USAGE. */
enum outcome verb_usage(const struct verb *verb, const char *format, ...) _printf_(2, 3);

/* One of several results: to standard output if it went well, else where errors go. */
void verb_tell(const char *what, const struct verdict *v);

/* Prints the commands that must follow a change on this machine: op/follow.h. */
void verb_follow(const char *sysroot);

/* Says that there was no memory to show a result with. */
enum outcome verb_no_memory(const struct verb_call *call);


/* Timeout of the verbs that people type. */
uint64_t verb_timeout_ms(const struct verb_call *call);

enum outcome cli_status(const struct verb_call *call);
enum outcome cli_setup(const struct verb_call *call);
enum outcome cli_bind(const struct verb_call *call);
enum outcome cli_unbind(const struct verb_call *call);
enum outcome cli_list(const struct verb_call *call);
enum outcome cli_inventory(const struct verb_call *call);
enum outcome cli_open(const struct verb_call *call);
enum outcome cli_close(const struct verb_call *call);
enum outcome cli_pass(const struct verb_call *call);
enum outcome cli_load(const struct verb_call *call);
enum outcome cli_forget(const struct verb_call *call);
enum outcome cli_boot(const struct verb_call *call);
enum outcome cli_rotate(const struct verb_call *call);
enum outcome cli_apply(const struct verb_call *call);
enum outcome cli_rebind(const struct verb_call *call);
enum outcome cli_migrate(const struct verb_call *call);
enum outcome cli_check(const struct verb_call *call);
enum outcome cli_why(const struct verb_call *call);
enum outcome cli_format(const struct verb_call *call);
enum outcome cli_keygen(const struct verb_call *call);
enum outcome cli_pattern_set(const struct verb_call *call);
enum outcome cli_pattern_verify(const struct verb_call *call);
enum outcome cli_cards(const struct verb_call *call);
enum outcome cli_ping(const struct verb_call *call);
enum outcome cli_key_list(const struct verb_call *call);
enum outcome cli_key_create(const struct verb_call *call);
enum outcome cli_key_rotate(const struct verb_call *call);
enum outcome cli_credential_set(const struct verb_call *call);
enum outcome cli_credential_check(const struct verb_call *call);
enum outcome cli_credential_renew(const struct verb_call *call);
enum outcome cli_credential_seal(const struct verb_call *call);
enum outcome cli_wrap(const struct verb_call *call);
enum outcome cli_unwrap(const struct verb_call *call);
enum outcome cli_help(const struct verb_call *call);

#endif
