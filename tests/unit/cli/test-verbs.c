/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From argv to an exit code, with what goes to standard output and standard error. */
#include "op/tree.h"

#include "base/json.h"
#include "base/log.h"
#include "cli/verb.h"
#include "luks/device.h"

#define WORDS 12

struct said {
	int code;
	char out[32768], err[8192];
};

static void collect(FILE *f, char *to, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(to, 1, size - 1, f);
	to[n] = '\0';
	(void)fclose(f);
}

/* Runs a command line that is split at blanks; "" is one word. */
static struct said *run(const char *line)
{
	static struct said said;
	FILE *out = tmpfile(), *err = tmpfile();
	int keep_out = dup(STDOUT_FILENO), keep_err = dup(STDERR_FILENO), argc = 0;
	char *argv[WORDS + 2] = { NULL }, *rest = NULL, text[1024];

	assert_non_null(out);
	assert_non_null(err);
	(void)snprintf(text, sizeof(text), "cexluks %s", line);
	for (char *p = strtok_r(text, " ", &rest); p && argc <= WORDS; p = strtok_r(NULL, " ", &rest))
		argv[argc++] = p;
	(void)fflush(stdout);
	(void)dup2(fileno(out), STDOUT_FILENO);
	(void)dup2(fileno(err), STDERR_FILENO);
	said.code = verb_main(argc, argv);
	(void)fflush(stdout);
	(void)dup2(keep_out, STDOUT_FILENO);
	(void)dup2(keep_err, STDERR_FILENO);
	(void)close(keep_out);
	(void)close(keep_err);
	collect(out, said.out, sizeof(said.out));
	collect(err, said.err, sizeof(said.err));
	log_setup_level(LOG_LEVEL_INFO);
	return &said;
}

static void test_wrong_usage_says_what_is_wrong_and_where_to_look(void **state)
{
	static const struct {
		const char *line, *complaint;
	} rows[] = {
		{ "frobnicate", "unknown verb 'frobnicate'" },
		{ "--frobnicate", "unknown verb" },
		{ "key", "'key' needs a second word" },
		{ "key delete", "'key' needs a second word" },
		{ "bind", "wants DEVICE BINDING" },
		{ "bind /dev/x", "wants DEVICE BINDING" },
		{ "bind /dev/x kms:a more", "does not want 'more'" },
		{ "list a b", "does not want 'b'" },
		{ "forget now", "does not want 'now'" },
		{ "bind --what /dev/x kms:a", "unknown option --what" },
		{ "bind /dev/x kms:a --json", "unknown option --json" },
		{ "list -xyz", "unknown option -x" },
		{ "list --json=1", "--json takes no argument" },
		{ "bind /dev/x kms:a --key-file", "--key-file wants an argument" },
		{ "list --timeout x", "--timeout wants a number, not 'x'" },
		{ "list --timeout 0", "--timeout wants a number, not '0'" },
		{ "list --timeout -1", "--timeout wants a number" },
		{ "list --timeout 99999999999999999999", "--timeout wants a number" },
		{ "unbind /dev/x --keyslot 32", "--keyslot wants a number" },
		{ "unbind /dev/x", "either a BINDING or --keyslot" },
		{ "unbind /dev/x kms:a --keyslot 1", "either a BINDING or --keyslot" },
		{ "help frobnicate", "unknown verb 'frobnicate'" },
		{ "help --table frobnicate", "no table is called 'frobnicate'" },
		{ "key create prod x", "2 to 90 characters" },
		{ "close /dev/mapper/root", "is a path" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct said *said = run(rows[i].line);

		if (said->code != 2 || !strstr(said->err, rows[i].complaint) ||
		    !strstr(said->err, "hint: ") || *said->out)
			fail_msg("%s: %d\n%s%s", rows[i].line, said->code, said->out, said->err);
	}
}

static void test_every_verb_helps(void **state)
{
	(void)state;
	assert_non_null(strstr(run("")->out, "cexluks help shows all verbs"));
	assert_int_equal(run("--help")->code, 0);
	for (const struct verb *v = verbs; v->name; v++) {
		const struct said *said;
		char line[64];

		(void)snprintf(line, sizeof(line), "%s --help", v->name);
		said = run(line);
		assert_int_equal(said->code, 0);
		assert_non_null(strstr(said->out, v->summary));
		assert_non_null(strstr(said->out, "--timeout SECONDS"));
		assert_string_equal(said->err, "");
		for (unsigned id = 0; id < OPTION_CONFIG; id++) {
			const struct option_row *row = option_row((enum option_id)id);
			char left[40], option[160];

			/* Two options of different verbs may have the same name. */
			(void)snprintf(left, sizeof(left), "--%s%s%s", row->name, row->arg ? " " : "",
				       row->arg ? row->arg : "");
			(void)snprintf(option, sizeof(option), "  %-24s %s\n", left, row->help);
			assert_int_equal(!!strstr(said->out, option), !!(v->options & OPTION_BIT(id)));
		}
		(void)snprintf(line, sizeof(line), "help %s", v->name);
		assert_int_equal(run(line)->code, 0);
		assert_non_null(strstr(run("help")->out, v->summary));
	}
	assert_non_null(strstr(run("--version")->out, "cexluks "));
}

static void test_tables_have_the_same_number_of_fields_in_each_line(void **state)
{
	static const struct {
		const char *name;
		int tabs;
	} rows[] = { { "verbs", 2 }, { "options", 4 }, { "config", 3 }, { "cmdline", 2 }, { "outcomes", 4 },
		    { "warnings", 1 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct said *said;
		char line[64], *rest = NULL;

		(void)snprintf(line, sizeof(line), "help --table %s", rows[i].name);
		said = run(line);
		assert_int_equal(said->code, 0);
		for (char *p = strtok_r(said->out, "\n", &rest); p; p = strtok_r(NULL, "\n", &rest)) {
			int tabs = 0;

			for (const char *q = p; *q; q++)
				tabs += *q == '\t';
			if (tabs != rows[i].tabs)
				fail_msg("%s: %s", rows[i].name, p);
		}
	}
}

static void test_verbs_end_in_the_outcome_that_the_manual_gives(void **state)
{
	static const struct {
		const char *line;
		enum outcome outcome;
		const char *words;
	} rows[] = {
		{ "open /nonexistent", OUTCOME_DEVICE_MISSING, "/nonexistent" },
		{ "open /nonexistent bad/name", OUTCOME_USAGE, "bad/name" },
		{ "pass /nonexistent kms:prod", OUTCOME_DEVICE_MISSING, "/nonexistent" },
		{ "bind /nonexistent kms:prod", OUTCOME_DEVICE_MISSING, "/nonexistent" },
		{ "bind /nonexistent kms:none", OUTCOME_CONFIG_ERROR, "[kms none]" },
		{ "bind /nonexistent tang", OUTCOME_USAGE, "tang" },
		{ "unbind /nonexistent kms:prod", OUTCOME_DEVICE_MISSING, "/nonexistent" },
		{ "unbind /nonexistent tang", OUTCOME_USAGE, "tang" },
		{ "list /nonexistent", OUTCOME_DEVICE_MISSING, "/nonexistent" },
		{ "ping none", OUTCOME_CONFIG_ERROR, "[kms none]" },
		{ "wrap none", OUTCOME_CONFIG_ERROR, "[kms none]" },
		{ "ping prod", OUTCOME_CONFIG_ERROR, "ca-file" },
		{ "why", OUTCOME_NOTHING_TO_DO, "report.json" },
		{ "boot --image-files", OUTCOME_CONFIG_ERROR, "ca-file" },
		{ "boot --crypttab", OUTCOME_OK, "" },
		{ "boot --needs-network", OUTCOME_OK, "" },
	};
	struct tree *t = *state;

	tree_put(t, "/etc/cexluks/cexluks.conf",
		 "[kms prod]\nendpoint = https://a.test\napi-key = file:/k\n"
		 "instance = 01234567-89ab-cdef-0123-456789abcdef\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct said *said;
		char line[256];

		(void)snprintf(line, sizeof(line), "%s --sysroot %s", rows[i].line, t->root);
		said = run(line);
		if (said->code != outcome_exit_code(rows[i].outcome) ||
		    !(strstr(said->err, rows[i].words) || strstr(said->out, rows[i].words)))
			fail_msg("%s: %d\n%s%s", line, said->code, said->out, said->err);
		if (said->code)
			assert_non_null(strstr(said->err, outcome_word(rows[i].outcome)));
	}
}

static void test_without_a_configuration_people_are_told_where_to_start(void **state)
{
	static const char *const lines[] = { "open /dev/null", "bind /dev/null kms:a", "ping", "wrap" };
	struct tree *t = *state;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		const struct said *said;
		char line[256];

		(void)snprintf(line, sizeof(line), "%s --sysroot %s", lines[i], t->root);
		said = run(line);
		assert_int_equal(said->code, outcome_exit_code(OUTCOME_CONFIG_ERROR));
		assert_non_null(strstr(said->err, "cexluks.conf.example"));
	}
}

static void test_why_tells_a_report_and_refuses_a_damaged_one(void **state)
{
	struct tree *t = *state;
	const struct said *said;
	char line[256];

	json_setup();
	(void)snprintf(line, sizeof(line), "why --sysroot %s", t->root);
	tree_put(t, "/run/cexluks/report.json",
		 "{\"version\":1,\"runs\":[{\"mode\":\"boot\",\"time\":\"2026-11-22T10:00:00Z\",\"volumes\":["
		 "{\"name\":\"root\",\"device\":\"/dev/vda2\",\"outcome\":\"dns-failed\","
		 "\"cause\":\"kms.test did not resolve\",\"hint\":\"look at nameserver=\"}]}]}");
	said = run(line);
	assert_int_equal(said->code, 0);
	assert_non_null(strstr(said->out, "boot at 2026-11-22T10:00:00Z"));
	assert_non_null(strstr(said->out, "root (/dev/vda2): dns-failed"));
	assert_non_null(strstr(said->out, "look at nameserver="));
	tree_put(t, "/run/cexluks/report.json", "{\"runs\":[");
	said = run(line);
	assert_int_not_equal(said->code, 0);
	assert_non_null(strstr(said->err, "report.json"));
}

static void test_a_list_of_nothing_is_json_too(void **state)
{
	struct tree *t = *state;
	const struct said *said;

	luks_device_set_by_uuid(tree_path(t, "/none"));
	said = run("list --json");
	luks_device_set_by_uuid(NULL);
	assert_int_equal(said->code, 0);
	assert_string_equal(said->out, "[]\n");
}

static void test_a_result_that_is_lost_is_no_success(void **state)
{
	char *argv[] = { (char[]){ "cexluks" }, (char[]){ "help" }, NULL };
	int keep = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY), code;

	(void)state;
	assert_true(full >= 0);
	(void)fflush(stdout);
	(void)dup2(full, STDOUT_FILENO);
	code = verb_main(2, argv);
	(void)dup2(keep, STDOUT_FILENO);
	(void)close(keep);
	(void)close(full);
	clearerr(stdout);
	assert_int_equal(code, outcome_exit_code(OUTCOME_INTERNAL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_wrong_usage_says_what_is_wrong_and_where_to_look),
		T(test_every_verb_helps),
		T(test_tables_have_the_same_number_of_fields_in_each_line),
		T(test_verbs_end_in_the_outcome_that_the_manual_gives),
		T(test_without_a_configuration_people_are_told_where_to_start),
		T(test_why_tells_a_report_and_refuses_a_damaged_one),
		T(test_a_list_of_nothing_is_json_too),
		T(test_a_result_that_is_lost_is_no_success),
	};

	return cmocka_run_group_tests_name("cli/verbs", tests, NULL, NULL);
}
