/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which files are keys, in which order, and what is wrong with the others. */
#include "op/tree.h"

#include "base/limits.h"
#include "op/keys-directory.h"

#define USER  KEYS_DIRECTORY "/user/"
#define LOGON KEYS_DIRECTORY "/logon/"

static struct keys_directory read_all(struct tree *t)
{
	struct keys_directory dir;

	assert_int_equal(keys_directory_read(t->root, &dir), 0);
	return dir;
}

/* The one file that is there is refused with @word in the cause. */
static void refused(struct tree *t, const char *word)
{
	_cleanup_keys_directory_ struct keys_directory dir = read_all(t);

	assert_int_equal(dir.n, 1);
	assert_null(dir.files[0].ciphertext);
	assert_true(outcome_exit_code(dir.files[0].verdict.outcome) > 0);
	if (!strstr(dir.files[0].verdict.cause, word))
		fail_msg("\"%s\" lacks \"%s\"", dir.files[0].verdict.cause, word);
}

/* The one file that is there holds @text. */
static void holds(struct tree *t, const char *text)
{
	_cleanup_keys_directory_ struct keys_directory dir = read_all(t);

	assert_int_equal(dir.n, 1);
	assert_non_null(dir.files[0].ciphertext);
	assert_string_equal(dir.files[0].ciphertext, text);
}

static void test_absent_directories_are_empty_ones(void **state)
{
	_cleanup_keys_directory_ struct keys_directory dir = read_all(*state);

	assert_int_equal(dir.n, 0);
}

static void test_logon_comes_first_and_names_are_sorted(void **state)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	static const char *const names[] = { "dmcrypt:a", "dmcrypt:c", "dmcrypt:b", "a", "z", "old" };

	tree_put(*state, USER "z", "1");
	tree_put(*state, USER "a", "1");
	tree_put(*state, LOGON "dmcrypt:c", "1");
	tree_put(*state, LOGON "dmcrypt:a", "1");
	tree_put(*state, KEYS_OLD_DIRECTORY "/logon/dmcrypt:b", "1");
	tree_put(*state, KEYS_OLD_DIRECTORY "/user/old", "1");
	dir = read_all(*state);
	assert_int_equal(dir.n, ARRAY_SIZE(names));
	for (size_t i = 0; i < dir.n; i++) {
		assert_string_equal(dir.files[i].name, names[i]);
		assert_int_equal(dir.files[i].type, i < 3 ? KEYRING_LOGON : KEYRING_USER);
	}
}

static void test_of_two_with_one_name_the_new_place_counts(void **state)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };

	tree_put(*state, KEYS_OLD_DIRECTORY "/user/x:y", "old");
	tree_put(*state, KEYS_OLD_DIRECTORY "/logon/x:y", "other");
	tree_put(*state, USER "x:y", "new");
	dir = read_all(*state);
	assert_int_equal(dir.n, 2);
	assert_string_equal(dir.files[0].ciphertext, "other");
	assert_string_equal(dir.files[1].ciphertext, "new");
}

static void test_blanks_around_the_text_do_not_matter(void **state)
{
	static const char *const texts[] = { "abc=", "abc=\n", "abc=\r\n", " \tabc= \n\n" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_put(*state, USER "k", texts[i]);
		holds(*state, "abc=");
	}
}

static void test_what_is_no_text_in_one_piece_is_refused(void **state)
{
	static const char *const texts[] = { "a b", "a\nb", "a\tb", "\xc3\xa4", "a\x7f" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		tree_put(*state, USER "k", texts[i]);
		refused(*state, "no ciphertext");
	}
	tree_put_bytes(*state, USER "k", "a\0b", 3, 0644);
	refused(*state, "no ciphertext");
	tree_put(*state, USER "k", "");
	refused(*state, "empty");
	tree_put(*state, USER "k", " \n");
	refused(*state, "empty");
}

static void test_size_has_a_limit(void **state)
{
	_cleanup_free_ char *text = malloc(LIMIT_CIPHERTEXT + 1);

	assert_non_null(text);
	memset(text, 'a', LIMIT_CIPHERTEXT + 1);
	text[LIMIT_CIPHERTEXT] = '\0';
	tree_put(*state, USER "k", text);
	holds(*state, text);
	tree_put_bytes(*state, USER "k", text, LIMIT_CIPHERTEXT, 0644);
	assert_int_equal(truncate(tree_path(*state, USER "k"), LIMIT_CIPHERTEXT + 1), 0);
	refused(*state, "larger");
	assert_int_equal(truncate(tree_path(*state, USER "k"), (off_t)4 << 30), 0);
	refused(*state, "larger");
}

static void test_only_files_are_keys(void **state)
{
	tree_put(*state, USER "k/x", "1");
	refused(*state, "a directory");
	assert_int_equal(unlink(tree_path(*state, USER "k/x")), 0);
	assert_int_equal(rmdir(tree_path(*state, USER "k")), 0);
	assert_int_equal(mkfifo(tree_path(*state, USER "k"), 0600), 0);
	refused(*state, "not a regular file");
}

static void test_what_others_can_write_is_refused(void **state)
{
	tree_put_bytes(*state, USER "k", "1", 1, 0646);
	refused(*state, "chmod go-w ");
	tree_put_bytes(*state, USER "k", "1", 1, 0664);
	refused(*state, "chmod go-w ");
	tree_put_bytes(*state, USER "k", "1", 1, 0644);
	holds(*state, "1");
	assert_int_equal(chmod(tree_path(*state, KEYS_DIRECTORY "/user"), 0775), 0);
	refused(*state, "chmod go-w ");
	refused(*state, KEYS_DIRECTORY "/user");
	assert_int_equal(chmod(tree_path(*state, KEYS_DIRECTORY "/user"), 0755), 0);
	holds(*state, "1");
	if (geteuid() != 0)
		return; /* only root can give a file away */
	assert_int_equal(chown(tree_path(*state, USER "k"), 65534, 0), 0);
	refused(*state, "chown root ");
	assert_int_equal(chown(tree_path(*state, USER "k"), 0, 0), 0);
	assert_int_equal(chown(tree_path(*state, KEYS_DIRECTORY "/user"), 65534, 0), 0);
	refused(*state, "chown root ");
}

static void test_names_of_volumes_own_keys_are_refused(void **state)
{
	tree_put(*state, USER "cexluks:96fa7ba7-5229-4f32-a9d3-849404febb0e", "1");
	refused(*state, "cexluks:");
}

static void test_the_number_has_a_limit_also_with_complaints(void **state)
{
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };

	for (int i = 0; i < LIMIT_KEY_FILES; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), LOGON "k:%d", i);
		tree_put(*state, name, "1");
	}
	tree_put(*state, KEYS_DIRECTORY "/user", "no directory");
	tree_put(*state, KEYS_OLD_DIRECTORY "/user", "no directory");
	dir = read_all(*state);
	assert_int_equal(dir.n, LIMIT_KEY_FILES);
}

static void test_links_stay_inside(void **state)
{
	struct tree *t = *state;
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };
	char outside[PATH_MAX];

	tree_put(t, "/outside", "1");
	(void)snprintf(outside, sizeof(outside), "%s", t->path);
	tree_put(t, USER "k", "1");
	assert_int_equal(unlink(t->path), 0);
	assert_int_equal(symlink(outside, t->path), 0);
	refused(t, "link");
	assert_int_equal(unlink(t->path), 0);
	assert_int_equal(symlink("../../../../outside", t->path), 0);
	refused(t, "link");
	assert_int_equal(unlink(t->path), 0);
	assert_int_equal(symlink("k", t->path), 0);
	refused(t, "link");
	assert_int_equal(unlink(t->path), 0);
	assert_int_equal(symlink("l", t->path), 0);
	tree_put(t, USER "l", "1");
	dir = read_all(t);
	assert_int_equal(dir.n, 2);
	assert_non_null(dir.files[0].ciphertext);
}

static void test_a_logon_key_needs_a_prefix_and_dots_are_no_keys(void **state)
{
	tree_put(*state, USER ".k", "1");
	tree_put(*state, LOGON "k", "1");
	refused(*state, "prefix");
	assert_int_equal(unlink(tree_path(*state, LOGON "k")), 0);
	tree_put(*state, LOGON ":k", "1");
	refused(*state, "prefix");
	assert_int_equal(unlink(tree_path(*state, LOGON ":k")), 0);
	tree_put(*state, LOGON "k:", "1");
	holds(*state, "1");
}

static void test_a_file_in_place_of_a_directory_is_told(void **state)
{
	tree_put(*state, KEYS_DIRECTORY "/user", "1");
	refused(*state, "cannot be read");
}

static void test_on_its_way_a_file_has_two_ciphertexts(void **state)
{
	static const char *const broken[] = {
		"one kms:new",	       "one kms:new two three", "one new two",
		"one kms: two",	       "one kms:a/b two",	"one card two",
		"kms:new two one two", "one two",		"one kms:new two\001",
	};
	_cleanup_keys_directory_ struct keys_directory dir = { 0 };

	tree_put(*state, USER "k", " one\nkms:new two\n\n");
	dir = read_all(*state);
	assert_int_equal(dir.n, 1);
	assert_string_equal(dir.files[0].ciphertext, "one");
	assert_string_equal(dir.files[0].moved_to, "new");
	assert_string_equal(key_file_ciphertext(&dir.files[0], "new"), "two");
	assert_string_equal(key_file_ciphertext(&dir.files[0], "old"), "one");
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		tree_put(*state, USER "k", broken[i]);
		refused(*state, "no ciphertext");
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, tree_setup, tree_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_absent_directories_are_empty_ones),
		TEST(test_logon_comes_first_and_names_are_sorted),
		TEST(test_of_two_with_one_name_the_new_place_counts),
		TEST(test_blanks_around_the_text_do_not_matter),
		TEST(test_what_is_no_text_in_one_piece_is_refused),
		TEST(test_size_has_a_limit),
		TEST(test_only_files_are_keys),
		TEST(test_what_others_can_write_is_refused),
		TEST(test_names_of_volumes_own_keys_are_refused),
		TEST(test_the_number_has_a_limit_also_with_complaints),
		TEST(test_links_stay_inside),
		TEST(test_a_logon_key_needs_a_prefix_and_dots_are_no_keys),
		TEST(test_a_file_in_place_of_a_directory_is_told),
		TEST(test_on_its_way_a_file_has_two_ciphertexts),
	};

	return cmocka_run_group_tests_name("op/keys-directory", tests, NULL, NULL);
}
