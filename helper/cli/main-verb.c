/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to a verb's run(): options, word counts, help, and the exit code. */
#include "cli/verb.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "op/follow.h"

#define COMMON                                                                                     \
	(OPTION_BIT(OPTION_CONFIG) | OPTION_BIT(OPTION_SYSROOT) | OPTION_BIT(OPTION_TIMEOUT) |     \
	 OPTION_BIT(OPTION_DEBUG) | OPTION_BIT(OPTION_HELP))

/* getopt_long() returns this plus the option's id. */
#define FIRST 0x100

enum outcome verb_usage(const struct verb *verb, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	log_err("%s%s%s", verb ? verb->name : "", verb ? ": " : "", text);
	if (verb)
		log_notice("hint: %s help %s", verb_program()->name, verb->name);
	else
		log_notice("hint: %s help lists the verbs", verb_program()->name);
	return OUTCOME_USAGE;
}

void verb_tell(const char *what, const struct verdict *v)
{
	if (v->outcome == OUTCOME_OK || v->outcome == OUTCOME_NOTHING_TO_DO)
		printf("%s: %s: %s\n", what, outcome_word(v->outcome), v->cause);
	else
		verdict_print(v, what);
}

static void print_command(const char *command, void *userdata)
{
	(void)userdata;
	printf("  %s\n", command);
}

void verb_follow(const char *sysroot)
{
	op_follow(sysroot, print_command, NULL);
}

enum outcome verb_no_memory(const struct verb_call *call)
{
	log_err("%s: %s: no memory for the result", call->verb->name, outcome_word(OUTCOME_INTERNAL));
	return OUTCOME_INTERNAL;
}

uint64_t verb_timeout_ms(const struct verb_call *call)
{
	return call->common.timeout_s ? call->common.timeout_s * 1000ull : LIMIT_VERB_TIMEOUT_MS;
}

/* Each verb has its manual page, under its own name; "make install" makes links to the family's page. */
static void print_manual(const struct verb *verb)
{
	const struct program *program = verb_program();

	printf("\nThe manual: man %s", program->name);
	if (program->verbs == verbs && verb->run != cli_help) {
		putchar('-');
		for (const char *p = verb->name; *p; p++)
			putchar(*p == ' ' ? '-' : *p);
	}
	putchar('\n');
}

void verb_help(const struct verb *verb)
{
	printf("%s %s%s%s [OPTION ...]\n  %s\n\n", verb_program()->name, verb->name, *verb->args ? " " : "", verb->args,
	       verb->summary);
	for (unsigned id = 0; id < OPTIONS; id++) {
		const struct option_row *row = option_row((enum option_id)id);
		char left[40];

		if (!((verb->options | COMMON) & OPTION_BIT(id)))
			continue;
		(void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg ? " " : "",
			       row->arg ? row->arg : "");
		printf("  %-24s %s\n", left, row->help);
	}
	print_manual(verb);
}

void verb_help_all(void)
{
	const struct program *program = verb_program();

	printf("%s VERB [OPTION ...] [ARGUMENT ...]\n  %s\n\n", program->name, program->summary);
	for (const struct verb *v = program->verbs; v->name; v++) {
		char left[40];

		(void)snprintf(left, sizeof(left), "%s %s", v->name, v->args);
		printf("  %-24s %s\n", left, v->summary);
	}
	printf("\n%s help VERB shows its options. The manual: man 8 %s\n", program->name, program->name);
}

static bool parse_number(const char *text, long max, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return !errno && end != text && !*end && *ret >= 0 && *ret <= max;
}

/* The one option that may be repeated. */
static bool take_binding(struct verb_call *call, const char *value)
{
	if (call->options.n_bind < LIMIT_BINDINGS) {
		call->options.bind[call->options.n_bind++] = value;
		return true;
	}
	(void)verb_usage(call->verb, "--bind may be given %d times", LIMIT_BINDINGS);
	return false;
}

static bool take_number(struct verb_call *call, enum option_id id, const char *value)
{
	long n;

	if (!parse_number(value, id == OPTION_KEYSLOT ? LIMIT_KEYSLOTS - 1 : 86400, &n) ||
	    (id == OPTION_TIMEOUT && !n)) {
		(void)verb_usage(call->verb, "--%s wants a number, not '%s'", option_row(id)->name,
				 value);
		return false;
	}
	switch (id) {
	case OPTION_KEYSLOT:
		call->options.keyslot = (int)n;
		break;
	case OPTION_KEYBITS:
		call->options.keybits = (unsigned)n;
		break;
	case OPTION_SECTOR_SIZE:
		call->options.sector_size = (unsigned)n;
		break;
	default:
		call->common.timeout_s = (unsigned)n;
		break;
	}
	return true;
}

static bool take_option(struct verb_call *call, enum option_id id, const char *value)
{
	const char **const text[OPTIONS] = {
		[OPTION_KEY_FILE] = &call->options.key_file,
		[OPTION_HEADER_BACKUP] = &call->options.header_backup,
		[OPTION_TABLE] = &call->options.table,
		[OPTION_VOLUME_KEY_FILE] = &call->options.volume_key_file,
		[OPTION_ZKEY_NAME] = &call->options.zkey_name,
		[OPTION_SAVE_KEY] = &call->options.save_key,
		[OPTION_NAME] = &call->options.name,
		[OPTION_KEY_NAME] = &call->options.name,
		[OPTION_KEY] = &call->options.key,
		[OPTION_KEY_TYPE] = &call->options.key_type,
		[OPTION_HEADER] = &call->options.header,
		[OPTION_APQNS] = &call->options.apqns,
		[OPTION_VOLUMES] = &call->options.volumes,
		[OPTION_DESCRIPTION] = &call->options.description,
		[OPTION_LABEL] = &call->options.label,
		[OPTION_UUID] = &call->options.uuid,
		[OPTION_FROM] = &call->options.from,
		[OPTION_TO] = &call->options.to,
		[OPTION_CARDS] = &call->options.cards,
		[OPTION_INITRAMFS] = &call->options.initramfs,
		[OPTION_CONFIG] = &call->common.config,
		[OPTION_SYSROOT] = &call->common.sysroot,
	};
	bool *const flag[OPTIONS] = {
		[OPTION_DRY_RUN] = &call->options.dry_run,
		[OPTION_LUKS2_KEYRING] = &call->options.luks2_keyring,
		[OPTION_JSON] = &call->options.json,
		[OPTION_VERBOSE] = &call->options.verbose,
		[OPTION_RETRY] = &call->options.retry,
		[OPTION_NEEDS_NETWORK] = &call->options.needs_network,
		[OPTION_NEEDS_NAMES] = &call->options.needs_names,
		[OPTION_CRYPTTAB] = &call->options.crypttab,
		[OPTION_IMAGE_FILES] = &call->options.image_files,
		[OPTION_RECOVERY_KEY] = &call->options.recovery_key,
		[OPTION_XTS] = &call->options.xts,
		[OPTION_FORCE] = &call->options.force,
		[OPTION_OFFLINE] = &call->options.offline,
		[OPTION_REWRAP_ONLY] = &call->options.rewrap_only,
		[OPTION_OPEN] = &call->options.open,
		[OPTION_CRK] = &call->options.crk,
		[OPTION_GEN] = &call->options.gen,
		[OPTION_FINISH] = &call->options.finish,
		[OPTION_NEXT_IMAGE] = &call->options.next_image,
		[OPTION_ALL_IMAGES] = &call->options.all_images,
		[OPTION_ALL] = &call->options.all,
		[OPTION_KEYS] = &call->options.keys,
		[OPTION_PROMETHEUS] = &call->options.prometheus,
		[OPTION_DEBUG] = &call->common.debug,
		[OPTION_HELP] = &call->common.help,
	};

	if (text[id])
		*text[id] = value;
	else if (flag[id])
		*flag[id] = true;
	else if (id == OPTION_BIND)
		return take_binding(call, value);
	else
		return take_number(call, id, value);
	return true;
}

/* One table for getopt_long(): what this verb takes. */
static void fill_options(const struct verb *verb, struct option to[OPTIONS + 1])
{
	size_t n = 0;

	for (unsigned id = 0; id < OPTIONS; id++) {
		const struct option_row *row = option_row((enum option_id)id);

		if ((verb->options | COMMON) & OPTION_BIT(id))
			to[n++] = (struct option){ row->name,
						   row->arg ? required_argument : no_argument, NULL,
						   FIRST + (int)id };
	}
	to[n] = (struct option){ 0 };
}

/* What getopt_long() stumbled over, as it was written: "--what" or "-w". */
static enum outcome unknown_option(const struct verb_call *call, char *const *argv)
{
	const char *word = argv[optind - 1];

	if (optopt >= FIRST) {
		const struct option_row *row = option_row((enum option_id)(optopt - FIRST));

		return verb_usage(call->verb, "--%s takes no argument", row->name);
	}
	if (optopt)
		return verb_usage(call->verb, "unknown option -%c", optopt);
	return verb_usage(call->verb, "unknown option %s", word);
}

static enum outcome parse(struct verb_call *call, int argc, char **argv)
{
	struct option options[OPTIONS + 1];
	int c;

	fill_options(call->verb, options);
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":hV", options, NULL)) != -1) {
		if (c == 'h')
			call->common.help = true;
		else if (c == 'V' && call->verb->options & OPTION_BIT(OPTION_VERBOSE))
			call->options.verbose = true;
		else if (c == 'V')
			return verb_usage(call->verb, "unknown option -V");
		else if (c == ':')
			return verb_usage(call->verb, "%s wants an argument", argv[optind - 1]);
		else if (c == '?')
			return unknown_option(call, argv);
		else if (!take_option(call, (enum option_id)(c - FIRST), optarg))
			return OUTCOME_USAGE;
	}
	call->words = argv + optind;
	call->n_words = argc - optind;
	if (call->common.help)
		return OUTCOME_OK;
	if (call->n_words < call->verb->min_words)
		return verb_usage(call->verb, "wants %s", call->verb->args);
	if (call->n_words > call->verb->max_words)
		return verb_usage(call->verb, "does not want '%s'",
				  call->words[call->verb->max_words]);
	return OUTCOME_OK;
}

/* A result that was lost on its way out is no success. */
static int finish(enum outcome o)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return outcome_exit_code(o);
	log_err("cannot write to standard output: %m");
	return outcome_exit_code(outcome_exit_code(o) ? o : OUTCOME_INTERNAL);
}

/* The first word alone may be one of two: "key". */
static enum outcome unknown_verb(const char *word)
{
	for (const struct verb *v = verb_program()->verbs; v->name; v++) {
		size_t len = strcspn(v->name, " ");

		if (v->name[len] && strlen(word) == len && !strncmp(v->name, word, len))
			return verb_usage(NULL, "'%s' needs a second word, as in '%s'", word, v->name);
	}
	return verb_usage(NULL, "unknown verb '%s'", word);
}

/* The old tool has no state to show. */
static int without_verb(void)
{
	char status[] = "status", *argv[] = { status, NULL };
	struct verb_call call = { .common.sysroot = "", .options.keyslot = -1, .words = argv + 1 };
	int words;

	call.verb = verb_find(1, argv, &words);
	if (call.verb) {
		enum outcome o = call.verb->run(&call);

		printf("%s help shows all verbs.\n", verb_program()->name);
		return finish(o);
	}
	verb_help_all();
	return outcome_exit_code(OUTCOME_USAGE);
}

static bool colours_allowed;

void verb_allow_colours(bool allowed)
{
	colours_allowed = allowed;
}

/* Units and hooks run these, on consoles of all kinds. */
static bool is_for_machines(const struct verb *verb)
{
	return verb->run == cli_boot || verb->run == cli_load || verb->run == cli_forget || verb->run == cli_pass;
}

int verb_main(int argc, char **argv)
{
	struct verb_call call = { .common.sysroot = "", .options.keyslot = -1 };
	enum outcome o;
	int words;

	if (argc < 2)
		return without_verb();
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		verb_help_all();
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", verb_program()->name, CEXLUKS_VERSION);
		return 0;
	}
	call.verb = verb_find(argc - 1, argv + 1, &words);
	if (!call.verb)
		return outcome_exit_code(unknown_verb(argv[1]));
	o = parse(&call, argc - words, argv + words);
	if (o != OUTCOME_OK)
		return outcome_exit_code(o);
	if (call.common.help) {
		verb_help(call.verb);
		return finish(OUTCOME_OK);
	}
	if (call.common.debug)
		log_setup_level(LOG_LEVEL_DEBUG);
	if (verb_program()->verbs == verbs && !is_for_machines(call.verb) && isatty(STDERR_FILENO))
		log_setup_person(colours_allowed);
	return finish(call.verb->run(&call));
}
