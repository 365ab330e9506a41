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

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_only_a_profile_makes_an_image_need_a_network),
		T(test_how_this_machine_was_booted_says_nothing_about_the_next_boot),
		T(test_a_broken_configuration_is_no_no),
	};

	return cmocka_run_group_tests_name("op/image", tests, NULL, NULL);
}
