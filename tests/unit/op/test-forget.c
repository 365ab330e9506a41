/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/tree.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <sys/vfs.h>

#include "op/forget.h"

#define CONFIG "/etc/cexluks/cexluks.conf"
#define KEY    "an API key of forty characters, no less."
#define KMS                                                                                        \
	"[kms prod]\nendpoint = https://kms.test\ninstance = 01234567-89ab-cdef-0123-456789abcdef\n" \
	"ca-file = /ca\napi-key = "

/* The same tree in memory, as an initramfs is. */
static void move_to_memory(struct tree *t)
{
	struct statfs fs;

	if (statfs("/dev/shm", &fs) < 0 || fs.f_type != TMPFS_MAGIC)
		skip();
	assert_int_equal(rmdir(t->root), 0);
	strcpy(t->root, "/dev/shm/cexluks-op-XXXXXX");
	assert_non_null(mkdtemp(t->root));
}

static void put_image(struct tree *t, const char *sources)
{
	char config[512];

	(void)snprintf(config, sizeof(config), KMS "%s\n", sources);
	tree_put(t, CONFIG, config);
	tree_put(t, "/ca", "a CA");
	tree_put(t, "/key", KEY);
}

static bool holds(struct tree *t, const char *name, const char *text)
{
	_cleanup_free_ char *found = NULL;

	assert_int_equal(file_read(tree_path(t, name), 65536, &found, NULL), 0);
	return !strcmp(found, text);
}

static void test_what_an_image_brought_is_overwritten_in_place(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };
	_cleanup_close_ int held = -1;
	char found[sizeof(KEY)] = "", zeros[sizeof(KEY)] = "";

	move_to_memory(t);
	put_image(t, "file:/key, file:/none");
	tree_put(t, "/etc/initrd-release", "");
	tree_put(t, "/other", KEY);
	held = open(tree_path(t, "/key"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_OK);
	/* the same pages, and all of them */
	assert_int_equal(read(held, found, sizeof(found)), strlen(KEY));
	assert_memory_equal(found, zeros, sizeof(found));
	assert_true(holds(t, "/other", KEY));
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_OK);
}

static void test_more_than_a_page_is_overwritten_too(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };
	char many[10001], found[sizeof(many)];

	move_to_memory(t);
	put_image(t, "file:/key");
	tree_put(t, "/etc/initrd-release", "");
	memset(many, 'x', sizeof(many));
	tree_put_bytes(t, "/ca", many, sizeof(many), 0644);
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_OK);
	memset(many, 0, sizeof(many));
	_cleanup_close_ int fd = open(tree_path(t, "/ca"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, found, sizeof(found)), sizeof(found));
	assert_memory_equal(found, many, sizeof(found));
}

static void test_outside_of_an_initramfs_nothing_is_touched(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };

	move_to_memory(t);
	put_image(t, "file:/key");
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_USAGE);
	assert_true(holds(t, "/key", KEY) && holds(t, "/ca", "a CA"));
}

static void test_files_on_a_disk_are_not_touched(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };
	struct statfs fs;

	if (statfs(t->root, &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		skip();
	put_image(t, "file:/key");
	tree_put(t, "/etc/initrd-release", "");
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_USAGE);
	assert_true(holds(t, "/key", KEY) && holds(t, "/ca", "a CA"));
}

static void test_an_image_without_profiles_has_nothing_to_forget(void **state)
{
	struct tree *t = *state;
	struct verdict v = { 0 };

	tree_put(t, "/etc/initrd-release", "");
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_NOTHING_TO_DO);
	tree_put(t, CONFIG, "[cexluks]\ntimeout = 5s\n");
	assert_int_equal(op_forget_files(t->root, &v), OUTCOME_NOTHING_TO_DO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_what_an_image_brought_is_overwritten_in_place),
		T(test_more_than_a_page_is_overwritten_too),
		T(test_outside_of_an_initramfs_nothing_is_touched),
		T(test_files_on_a_disk_are_not_touched),
		T(test_an_image_without_profiles_has_nothing_to_forget),
	};

	return cmocka_run_group_tests_name("op/forget", tests, NULL, NULL);
}
