/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which volumes a boot is about, under which names. */
#include "op/tree.h"

#include "base/uuid.h"
#include "op/plan.h"

#define A "96fa7ba7-5229-4f32-a9d3-849404febb0e"
#define B "0b5e7ba7-5229-4f32-a9d3-849404febb0e"
#define KMS                                                                                        \
	"[kms prod]\nendpoint = https://a.test\ninstance = 01234567-89ab-cdef-0123-456789abcdef\n" \
	"api-key = file:/k\n"
#define VOLUME(name, uuid) "[volume " name "]\nuuid = " uuid "\n"

/* What a boot would read, and the plan that follows. */
struct boot {
	struct tree *tree;
	struct config *config;
	struct cmdline *cmdline;
	struct crypttab *crypttab;
	struct plan *plan;
};

static struct boot boot(const char *config, const char *cmdline, const char *crypttab)
{
	struct boot b = { .tree = tree_new() };
	struct verdict v = { 0 };

	tree_put(b.tree, "/etc/cexluks/cexluks.conf", config);
	tree_put(b.tree, "/proc/cmdline", cmdline);
	tree_put(b.tree, "/etc/crypttab", crypttab);
	if (config_load(b.tree->root, NULL, &b.config, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(cmdline_load(b.tree->root, &b.cmdline), 0);
	assert_int_equal(crypttab_load(b.tree->root, &b.crypttab), 0);
	assert_int_equal(plan_make(b.config, b.cmdline, b.crypttab, &b.plan), 0);
	return b;
}

static void done(struct boot *b)
{
	plan_free(b->plan);
	crypttab_free(b->crypttab);
	cmdline_free(b->cmdline);
	config_free(b->config);
	tree_free(b->tree);
}

/* "name=uuid" or "name@source" of each, '?' for a name that is not known yet, "scan" at the end. */
static void describe(const struct plan *plan, char to[static 4096])
{
	*to = '\0';
	for (size_t i = 0; i < plan->n_volumes; i++) {
		const struct plan_volume *v = &plan->volumes[i];

		(void)sprintf(to + strlen(to), "%s%s%c%s", *to ? " " : "", v->name[0] ? v->name : "?",
			      v->source[0] ? '@' : '=', v->source[0] ? v->source : v->uuid);
	}
	if (plan->scan)
		strcat(to, "scan");
}

static void test_the_union_is_taken_and_the_command_line_narrows_it(void **state)
{
	static const struct {
		const char *config, *cmdline, *crypttab, *expected;
	} rows[] = {
		{ "", "", "", "scan" },
		{ VOLUME("a", A), "", "", "luks-" A "=" A },
		{ "", "rd.luks.uuid=" A, "", "luks-" A "=" A },
		{ "", "rd.luks.uuid=luks-" A, "", "luks-" A "=" A },
		{ "", "rd.luks.name=" A "=root", "", "root=" A },
		{ "", "", "root UUID=" A "\n", "root=" A },
		{ VOLUME("b", B), "rd.luks.name=" A "=root", "x /dev/vda3\n",
		  "x@/dev/vda3 root=" A " luks-" B "=" B },
		/* the same volume, four times */
		{ VOLUME("a", A), "rd.luks.uuid=96fa rd.luks.name=luks-" A "=r rd.cexluks.uuid=" A,
		  "root UUID=" A "\n", "root=" A },
		/* crypttab's name counts, then the last of the command line, as in systemd */
		{ "", "rd.luks.name=" A "=evil", "root UUID=" A "\n", "root=" A },
		{ "", "rd.luks.name=" A "=one rd.luks.name=" A "=two", "", "two=" A },
		{ "", "", "one UUID=" A "\ntwo UUID=" A "\n", "one=" A },
		/* case */
		{ "", "rd.luks.uuid=96FA7BA7", "root UUID=" A "\n", "root=" A },
		/* abbreviations wait for the device to be named */
		{ "", "rd.luks.uuid=96fa", "", "?=96fa" },
		{ "", "rd.luks.uuid=luks-96fa", "", "?=96fa" },
		{ "", "rd.luks.uuid=96 rd.luks.uuid=96fa", "", "?=96fa" },
		{ VOLUME("a", A), "rd.luks.uuid=96fa", "", "luks-" A "=" A },
		{ VOLUME("a", A) VOLUME("b", B), "rd.luks.uuid=0b5", "", "luks-" B "=" B " luks-" A "=" A },
		/* narrowing */
		{ VOLUME("a", A) VOLUME("b", B), "rd.cexluks.uuid=0b5e", "", "luks-" B "=" B },
		{ VOLUME("a", A), "rd.cexluks.uuid=luks-" B, "", "luks-" B "=" B },
		{ VOLUME("a", A), "rd.cexluks.uuid=", "", "" },
		{ VOLUME("a", A), "rd.cexluks.uuid=root", "", "" },
		{ "", "rd.cexluks.uuid=", "", "scan" }, /* and then none is selected */
		{ "", "rd.cexluks.uuid=" A, "x /dev/vda3\n", "x@/dev/vda3 luks-" A "=" A },
		/* noauto */
		{ "", "", "x UUID=" A " none noauto\n", "" },
		{ "", "rd.luks.options=noauto", "x UUID=" A "\n", "" },
		{ VOLUME("a", A) "options = noauto\n", "", "", "" },
		/* not ours: no LUKS, no path, no name that can be a mapping's */
		{ "", "", "swap /dev/vda3 /dev/urandom swap,cipher=aes-xts-plain64\n", "scan" },
		{ "", "", "x 0.0.0.0:/x\ny UUID=1234\n", "scan" },
		{ "", "", "l LABEL=x\n", "l@/dev/disk/by-label/x" },
		{ "", "rd.luks.name=" A "=../x", "", "luks-" A "=" A },
		{ "", "rd.luks.name=" A "=", "", "luks-" A "=" A },
		{ "", "rd.luks.uuid=" A "-and-more rd.luks.uuid=luks-", "", "scan" },
		/* off: what is asked must not depend on what would have been selected */
		{ VOLUME("a", A), "rd.cexluks=0 rd.cexluks.uuid=" B, "",
		  "luks-" A "=" A " luks-" B "=" B },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(done) struct boot b = boot(rows[i].config, rows[i].cmdline, rows[i].crypttab);
		char got[4096];

		describe(b.plan, got);
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("row %zu: \"%s\", not \"%s\"", i, got, rows[i].expected);
	}
}

static void test_other_names_of_a_volume_are_remembered(void **state)
{
	_cleanup_(done) struct boot b =
		boot(VOLUME("a", A), "rd.luks.name=" A "=x rd.luks.name=96fa=y", "r UUID=" A "\n");
	const struct plan_volume *v = &b.plan->volumes[0];

	(void)state;
	assert_int_equal(b.plan->n_volumes, 1);
	assert_string_equal(v->name, "r");
	assert_string_equal(v->aliases[0], "y");
	assert_string_equal(v->aliases[1], "x");
	assert_string_equal(v->aliases[2], "luks-" A);
}

static void test_a_name_that_is_too_long_is_not_cut(void **state)
{
	char line[400] = "", name[200];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[128] = '\0';
	(void)snprintf(line, sizeof(line), "%s UUID=" A "\n", name);
	{
		_cleanup_(done) struct boot b = boot("", "", line);

		assert_string_equal(b.plan->volumes[0].name, "luks-" A);
	}
	name[127] = '\0';
	(void)snprintf(line, sizeof(line), "%s UUID=" A "\n", name);
	{
		_cleanup_(done) struct boot b = boot("", "", line);

		assert_string_equal(b.plan->volumes[0].name, name);
	}
}

static void test_a_path_that_is_too_long_is_not_cut(void **state)
{
	char line[400] = "x /dev/";

	(void)state;
	memset(line + strlen(line), 'p', 300);
	{
		_cleanup_(done) struct boot b = boot("", "", line);

		assert_int_equal(b.plan->n_volumes, 0);
	}
}

static void test_options_come_from_all_three_and_pins_from_the_configuration(void **state)
{
	_cleanup_(done) struct boot b =
		boot(VOLUME("a", A) "options = discard\nnofail = yes\nmin-serial = 2\n",
		     "rd.luks.options=same-cpu-crypt rd.luks.options=0b5e=readonly rd.luks.uuid=" B,
		     "r UUID=" A " none no-read-workqueue\n");
	const struct plan_volume *a = &b.plan->volumes[0], *other = &b.plan->volumes[1];

	(void)state;
	assert_int_equal(b.plan->n_volumes, 2);
	assert_true(a->options.flags.discard && a->options.flags.same_cpu_crypt);
	assert_true(a->options.flags.no_read_workqueue && a->options.nofail);
	assert_false(a->options.flags.read_only);
	assert_int_equal(a->pin->min_serial, 2);
	assert_true(other->options.flags.read_only && other->options.flags.same_cpu_crypt);
	assert_false(other->options.nofail || other->options.flags.discard);
	assert_null(other->pin);
}

static void test_nofail_of_the_command_line_does_not_keep_a_policy_from_acting(void **state)
{
	_cleanup_(done) struct boot b = boot(VOLUME("a", A), "rd.luks.options=nofail", "");
	_cleanup_(done) struct boot c = boot("", "rd.luks.options=" A "=nofail",
					     "r UUID=" A " none nofail\n");

	(void)state;
	assert_false(b.plan->volumes[0].options.nofail);
	assert_true(c.plan->volumes[0].options.nofail);
}

static void test_who_else_asks_is_known(void **state)
{
	_cleanup_(done) struct boot b =
		boot(VOLUME("a", A), "rd.luks.uuid=" B, "x /dev/vda9\n");

	(void)state;
	assert_int_equal(b.plan->n_volumes, 3);
	assert_true(b.plan->volumes[0].asked_elsewhere && b.plan->volumes[1].asked_elsewhere);
	assert_false(b.plan->volumes[2].asked_elsewhere); /* no prompt for it */
}

static void test_a_scanned_volume_joins_when_it_is_selected(void **state)
{
	_cleanup_(done) struct boot b = boot("", "rd.luks.options=discard", "");
	_cleanup_(done) struct boot none = boot("", "rd.cexluks.uuid=", "");
	const struct plan_volume *v = plan_add_found(b.plan, b.config, b.cmdline, A);

	(void)state;
	assert_non_null(v);
	assert_string_equal(v->name, "luks-" A);
	assert_true(v->options.flags.discard);
	assert_null(plan_add_found(none.plan, none.config, none.cmdline, A));
	for (int i = 0; i < LIMIT_VOLUMES; i++) {
		char uuid[UUID_SIZE];

		(void)snprintf(uuid, sizeof(uuid), "96fa7ba7-5229-4f32-a9d3-8494040000%02x", i);
		v = plan_add_found(b.plan, b.config, b.cmdline, uuid);
	}
	assert_null(v);
	assert_int_equal(b.plan->n_volumes, LIMIT_VOLUMES);
}

static void test_an_abbreviation_is_completed_with_name_options_and_pin(void **state)
{
	_cleanup_(done) struct boot b = boot("", "rd.luks.uuid=0b rd.luks.name=0b=data "
						 "rd.luks.options=0b5=discard", "");
	struct plan_volume *v = &b.plan->volumes[0];

	(void)state;
	assert_int_equal(b.plan->n_volumes, 1);
	plan_complete(v, b.config, b.cmdline, B);
	assert_string_equal(v->uuid, B);
	assert_string_equal(v->name, "data");
	assert_true(v->options.flags.discard);
}

#define KEYS "[cexluks]\nkeys-at-boot = yes\n"
#define CARD VOLUME("a", A) "bindings = card\n"

static void test_the_network_is_wanted_only_where_a_kms_may_be_asked(void **state)
{
	static const struct {
		const char *config, *cmdline, *crypttab;
		bool expected;
	} rows[] = {
		{ KMS, "", "", true },
		{ KMS VOLUME("a", A), "", "", true },
		{ KMS VOLUME("a", A) "bindings = kms:prod\n", "", "", true },
		{ KMS VOLUME("a", A) "bindings = card\n", "", "", false },
		{ KMS VOLUME("a", A) "bindings = card\n", "", "x UUID=" B "\n", true },
		{ "", "", "x UUID=" A "\n", false },
		{ KMS, "rd.cexluks=0", "", false },
		{ KMS, "rd.luks=0", "", false },
		{ KMS, "rd.break", "", false },
		{ "[cexluks]\ndebug-shell = allow\n" KMS, "rd.break", "", true },
		{ KMS, "rd.cexluks.kms=other", "", false },
		{ KMS, "rd.cexluks.kms=other rd.cexluks.kms=prod", "", true },
		{ KMS, "", "x UUID=" A " none noauto\n", false },
		{ KEYS KMS CARD, "", "", true },
		{ KEYS KMS CARD, "rd.cexluks.keys=0", "", false },
		{ KEYS KMS CARD, "rd.cexluks.kms=other", "", false },
		{ KEYS KMS CARD, "rd.cexluks=0", "", false },
		{ KEYS KMS CARD, "rd.break", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(done) struct boot b = boot(rows[i].config, rows[i].cmdline, rows[i].crypttab);

		if (plan_needs_network(b.plan, b.config, b.cmdline) != rows[i].expected)
			fail_msg("row %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_union_is_taken_and_the_command_line_narrows_it),
		cmocka_unit_test(test_other_names_of_a_volume_are_remembered),
		cmocka_unit_test(test_a_name_that_is_too_long_is_not_cut),
		cmocka_unit_test(test_a_path_that_is_too_long_is_not_cut),
		cmocka_unit_test(test_options_come_from_all_three_and_pins_from_the_configuration),
		cmocka_unit_test(test_nofail_of_the_command_line_does_not_keep_a_policy_from_acting),
		cmocka_unit_test(test_who_else_asks_is_known),
		cmocka_unit_test(test_a_scanned_volume_joins_when_it_is_selected),
		cmocka_unit_test(test_an_abbreviation_is_completed_with_name_options_and_pin),
		cmocka_unit_test(test_the_network_is_wanted_only_where_a_kms_may_be_asked),
	};

	return cmocka_run_group_tests_name("op/plan", tests, NULL, NULL);
}
