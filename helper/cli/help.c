/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <string.h>

#include "cli/verb.h"
#include "op/cmdline.h"
#include "op/config.h"
#include "op/warning.h"

static void table_verbs(void)
{
	for (const struct verb *v = verb_program()->verbs; v->name; v++)
		printf("%s\t%s\t%s\n", v->name, v->args, v->summary);
}

static void print_option(const char *verb, enum option_id id)
{
	const struct option_row *row = option_row(id);
	const char *choices = option_choices(id);

	printf("%s\t--%s\t%s\t%s\t%s\n", verb, row->name, row->arg ? row->arg : "-", row->help,
	       choices ? choices : "-");
}

static void table_options(void)
{
	for (const struct verb *v = verb_program()->verbs; v->name; v++)
		for (unsigned id = 0; id < OPTIONS; id++)
			if (v->options & OPTION_BIT(id))
				print_option(v->name, (enum option_id)id);
	for (unsigned id = OPTION_CONFIG; id < OPTIONS; id++)
		print_option("*", (enum option_id)id);
}

static void table_config(void)
{
	const struct config_key *keys;
	size_t n = config_keys(&keys);

	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\t%s\t%s\n", keys[i].section, keys[i].name,
		       keys[i].fallback ? keys[i].fallback : "-", keys[i].help);
}

static void table_cmdline(void)
{
	const struct cmdline_word *words;
	size_t n = cmdline_words(&words);

	for (size_t i = 0; i < n; i++)
		printf("%s\t%s\t%s\n", words[i].word, words[i].arg ? words[i].arg : "-", words[i].help);
}

static void table_outcomes(void)
{
	for (unsigned i = 0; i < OUTCOMES; i++) {
		enum outcome o = (enum outcome)i;

		printf("%s\t%d\t%s\t%s\t%s\n", outcome_word(o), outcome_exit_code(o),
		       outcome_is_worth_another_try(o) ? "yes" : "no", outcome_hint(o),
		       outcome_is_refusal(o) ? "yes" : "no");
	}
}

static void table_warnings(void)
{
	for (unsigned i = 0; i < WARNINGS; i++)
		printf("%s\t%s\n", warning_word((enum warning)i), warning_hint((enum warning)i));
}

static const struct {
	const char *name;
	void (*print)(void);
} tables[] = {
	{ "verbs", table_verbs },     { "options", table_options },   { "config", table_config },
	{ "cmdline", table_cmdline }, { "outcomes", table_outcomes }, { "warnings", table_warnings },
};

enum outcome cli_help(const struct verb_call *call)
{
	const struct verb *verb;
	int words;

	if (call->options.table) {
		for (size_t i = 0; i < ARRAY_SIZE(tables); i++)
			if (!strcmp(call->options.table, tables[i].name)) {
				tables[i].print();
				return OUTCOME_OK;
			}
		return verb_usage(call->verb, "no table is called '%s'", call->options.table);
	}
	if (!call->n_words) {
		verb_help_all();
		return OUTCOME_OK;
	}
	verb = verb_find(call->n_words, call->words, &words);
	if (!verb)
		return verb_usage(NULL, "unknown verb '%s'", call->words[0]);
	verb_help(verb);
	return OUTCOME_OK;
}
