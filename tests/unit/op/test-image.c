/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image needs besides files, which test-credential.c asks about. */
#include "op/tree.h"

#include "op/image.h"

#define CONFIG "/etc/cexluks/cexluks.conf"

static enum outcome ask(struct tree *t)
{
	struct boot_request request = { .sysroot = t->root };
	struct verdict v = { 0 };

	return op_image_needs_network(&request, &v);
}

static void test_only_a_profile_makes_an_image_need_a_network(void **state)
{
	struct tree *t = *state;

	assert_int_equal(ask(t), OUTCOME_NOTHING_TO_DO);
	tree_put(t, CONFIG, "[cexluks]\ntimeout = 5s\n");
	assert_int_equal(ask(t), OUTCOME_NOTHING_TO_DO);
	tree_put(t, CONFIG,
		 "[kms prod]\nendpoint = https://kms.test\n"
		 "instance = 01234567-89ab-cdef-0123-456789abcdef\n"
		 "ca-file = /ca\napi-key = file:/key\n");
	assert_int_equal(ask(t), OUTCOME_OK);
}

static void test_how_this_machine_was_booted_says_nothing_about_the_next_boot(void **state)
{
	struct tree *t = *state;

	test_only_a_profile_makes_an_image_need_a_network(state);
	tree_put(t, "/proc/cmdline", "rd.cexluks=0 rd.cexluks.kms=other rd.luks=0\n");
	assert_int_equal(ask(t), OUTCOME_OK);
}

static void test_a_broken_configuration_is_no_no(void **state)
{
	struct tree *t = *state;

	tree_put(t, CONFIG, "[cexluks]\ntimeout = never\n");
	assert_int_equal(ask(t), OUTCOME_CONFIG_ERROR);
}

static enum outcome ask_for_names(struct tree *t, const char *service)
{
	struct boot_request request = { .sysroot = t->root };
	struct verdict v = { 0 };
	_cleanup_free_ char *text = NULL;

	assert_true(asprintf(&text,
			     "[kms prod]\n%s\ninstance = 01234567-89ab-cdef-0123-456789abcdef\n"
			     "ca-file = /ca\napi-key = file:/key\n",
			     service) > 0);
	tree_put(t, CONFIG, text);
	return op_image_needs_names(&request, &v);
}

static void test_names_are_needed_unless_every_host_has_an_address(void **state)
{
	static const struct {
		const char *service;
		enum outcome outcome;
	} rows[] = {
		{ "endpoint = https://kms.test", OUTCOME_OK },
		{ "endpoint = https://192.0.2.1", OUTCOME_OK }, /* IAM is still a name */
		{ "endpoint = https://kms.test\naddress = 192.0.2.1", OUTCOME_OK },
		{ "endpoint = https://kms.test\niam-endpoint = https://iam.test\n"
		  "address = kms.test=192.0.2.1", OUTCOME_OK },
		{ "endpoint = https://kms.test\niam-endpoint = https://iam.test\n"
		  "address = kms.test=192.0.2.1, iam.test=192.0.2.2", OUTCOME_NOTHING_TO_DO },
		{ "endpoint = https://192.0.2.1\niam-endpoint = https://[2001:db8::1]",
		  OUTCOME_NOTHING_TO_DO },
		{ "endpoint = https://kms.test\nproxy = http://proxy.test:3128", OUTCOME_OK },
		{ "endpoint = https://kms.test\nproxy = http://192.0.2.3:3128", OUTCOME_NOTHING_TO_DO },
		{ "endpoint = https://kms.test\nproxy = http://proxy.test:3128\n"
		  "address = proxy.test=192.0.2.3", OUTCOME_NOTHING_TO_DO },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ask_for_names(*state, rows[i].service) != rows[i].outcome)
			fail_msg("row %zu: %s", i, rows[i].service);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_only_a_profile_makes_an_image_need_a_network),
		T(test_how_this_machine_was_booted_says_nothing_about_the_next_boot),
		T(test_a_broken_configuration_is_no_no),
		T(test_names_are_needed_unless_every_host_has_an_address),
	};

	return cmocka_run_group_tests_name("op/image", tests, NULL, NULL);
}
