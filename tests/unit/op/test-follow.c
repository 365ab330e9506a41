/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands that must follow are those of the machine that they are told on. */
#include "op/tree.h"

#include "op/follow.h"

struct lines {
	char text[2048];
};

static void take(const char *line, void *userdata)
{
	struct lines *lines = userdata;
	size_t used = strlen(lines->text);

	(void)snprintf(lines->text + used, sizeof(lines->text) - used, "%s\n", line);
}

static void test_zipl_runs_where_it_is_installed(void **state)
{
	static const char *const places[] = { "/etc/zipl.conf", "/sbin/zipl", "/usr/sbin/zipl" };
	struct tree *t = *state;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct lines without = { "" }, with = { "" };

		op_follow(t->root, take, &without);
		assert_string_equal(without.text, "dracut --force --regenerate-all\n");
		tree_put(t, places[i], "");
		op_follow(t->root, take, &with);
		assert_string_equal(with.text, "dracut --force --regenerate-all\nzipl\n");
		assert_int_equal(unlink(tree_path(t, places[i])), 0);
	}
}

static void test_an_ostree_system_builds_its_image_in_its_own_way(void **state)
{
	struct lines lines = { "" };
	struct tree *t = *state;

	tree_put(t, "/run/ostree-booted", "");
	op_follow(t->root, take, &lines);
	assert_string_equal(lines.text, "rpm-ostree initramfs --enable --arg=--add --arg=cexluks\n");
}

static void test_a_new_volume_is_opened_and_named_before_the_image_is_built(void **state)
{
	static const char uuid[] = "96fa7ba7-5229-4f32-a9d3-849404febb0e";
	struct lines lines = { "" };
	struct tree *t = *state;
	const char *open, *crypttab, *kernel, *dracut, *zipl;

	tree_put(t, "/etc/zipl.conf", "");
	op_follow_new(t->root, "/dev/dasdb1", uuid, take, &lines);
	open = strstr(lines.text, "cexluks open /dev/dasdb1 luks-96fa7ba7-5229-4f32-a9d3-849404febb0e\n");
	crypttab = strstr(lines.text, "'luks-96fa7ba7-5229-4f32-a9d3-849404febb0e "
				      "UUID=96fa7ba7-5229-4f32-a9d3-849404febb0e none luks' >> /etc/crypttab\n");
	kernel = strstr(lines.text, "rd.luks.uuid=96fa7ba7-5229-4f32-a9d3-849404febb0e ");
	dracut = strstr(lines.text, "\ndracut ");
	zipl = strstr(lines.text, "\nzipl\n");
	assert_non_null(open);
	assert_true(open < crypttab && crypttab < kernel && kernel < dracut && dracut < zipl);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_zipl_runs_where_it_is_installed),
		TEST(test_an_ostree_system_builds_its_image_in_its_own_way),
		TEST(test_a_new_volume_is_opened_and_named_before_the_image_is_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
