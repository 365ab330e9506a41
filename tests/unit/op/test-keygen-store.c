/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where keys go: what is told before there is one, and what is written. */
#include "op/paes.h"

#include <fcntl.h>
#include <sys/file.h>

#include "base/attributes.h"
#include "cex/repository.h"
#include "op/keygen.h"

static int setup(void **state)
{
	struct tree *tree = tree_new();

	assert_int_equal(file_make_dirs(tree_path(tree, CEX_REPOSITORY_PATH), 0770), 0);
	kernel_begin();
	*state = tree;
	return 0;
}

static int teardown(void **state)
{
	kernel_end();
	tree_free(*state);
	return 0;
}

static struct keygen_place in_repository(const struct tree *tree, const char *name)
{
	return (struct keygen_place){ .sysroot = tree->root, .name = name };
}

/* Stores the pair of the vectors. */
static enum outcome store(const struct keygen_place *place, struct verdict *v)
{
	struct blob b = blob_pair();
	_cleanup_volume_key_ struct volume_key key = { 0 };

	assert_int_equal(volume_key_take(blob_secret(&b), "paes-xts-plain64", &key, v), OUTCOME_OK);
	return keygen_store(place, &key, v);
}

static enum outcome check(const struct keygen_place *place, const char *part)
{
	struct verdict v = { 0 };
	enum outcome o = keygen_check_place(place, &v);

	if (o != OUTCOME_OK && !strstr(v.cause, part))
		fail_msg("'%s' lacks '%s'", v.cause, part);
	return o;
}

static void test_a_file_gets_the_bytes_of_the_key_and_is_its_owners(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = { .sysroot = "", .file = tree_path(tree, "/key") };
	struct blob b = blob_pair();
	_cleanup_free_ char *bytes = NULL;
	struct verdict v = { 0 };
	struct stat st;
	size_t len;

	(void)umask(0);
	assert_int_equal(check(&place, ""), OUTCOME_OK);
	assert_int_equal(store(&place, &v), OUTCOME_OK);
	assert_int_equal(stat(place.file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(file_read(place.file, 1000, &bytes, &len), 0);
	assert_int_equal(len, b.len);
	assert_memory_equal(bytes, b.bytes, len);
}

static void test_a_file_that_is_there_stays_as_it_is(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = { .sysroot = "" };
	_cleanup_free_ char *bytes = NULL;
	struct verdict v = { 0 };

	tree_put(tree, "/key", "mine");
	place.file = tree_path(tree, "/key");
	assert_int_equal(check(&place, "exists already"), OUTCOME_USAGE);
	assert_int_equal(store(&place, &v), OUTCOME_USAGE);
	assert_int_equal(file_read(place.file, 1000, &bytes, NULL), 0);
	assert_string_equal(bytes, "mine");
	place.file = tree_path(tree, "/nowhere/key");
	assert_int_equal(check(&place, "no folder"), OUTCOME_USAGE);
	assert_int_equal(symlink("/nowhere", tree_path(tree, "/link")), 0);
	assert_int_equal(check(&(struct keygen_place){ .file = tree_path(tree, "/link") }, "exists"),
			 OUTCOME_USAGE);
	assert_int_equal(check(&(struct keygen_place){ .file = "" }, "cannot be"), OUTCOME_USAGE);
	assert_int_equal(check(&(struct keygen_place){ .file = "/dev/tty" }, "exists"), OUTCOME_USAGE);
}

static void test_the_repository_gets_key_and_properties(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = in_repository(tree, "root");
	_cleanup_secret_ struct secret *key = NULL;
	_cleanup_free_ char *info = NULL;
	struct verdict v = { 0 };

	place.description = "the root volume";
	place.volumes = "/dev/dasda2:root";
	place.apqns = "0.47";
	place.sector_size = 4096;
	assert_int_equal(check(&place, ""), OUTCOME_OK);
	assert_int_equal(store(&place, &v), OUTCOME_OK);
	assert_int_equal(file_read(tree_path(tree, CEX_REPOSITORY_PATH "/root.info"), 4096, &info, NULL),
			 0);
	assert_non_null(strstr(info, "\ndescription=the root volume\nkey-type=CCA-AESCIPHER\n"
				     "volumes=/dev/dasda2:root\napqns=00.0047\nsector-size=4096\n"
				     "volume-type=LUKS2\nverification-pattern=" PATTERN "\n__hash__="));
	assert_int_equal(cex_repository_key(tree_path(tree, CEX_REPOSITORY_PATH), "root", &key), 0);
	assert_int_equal(secret_len(key), 272);
	assert_int_equal(check(&place, "has a key 'root' already"), OUTCOME_USAGE);
	assert_int_equal(store(&place, &v), OUTCOME_USAGE);
}

static void test_a_lock_that_zkey_holds_is_told_at_once(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = in_repository(tree, "root");
	_cleanup_close_ int lock = -1;
	struct verdict v = { 0 };

	tree_put(tree, CEX_REPOSITORY_PATH "/.lock", "");
	lock = open(tree_path(tree, CEX_REPOSITORY_PATH "/.lock"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_int_equal(store(&place, &v), OUTCOME_DEVICE_BUSY);
	assert_non_null(strstr(v.cause, "zkey holds the lock"));
	assert_string_equal(v.hint, "finish that first");
}

static void test_without_the_cipher_there_is_no_pattern_and_the_key_is_kept(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = in_repository(tree, "root");
	_cleanup_free_ char *info = NULL;
	struct verdict v = { 0 };

	kernel.encrypt = CEX_MODULE_MISSING;
	assert_int_equal(store(&place, &v), OUTCOME_OK);
	assert_int_equal(file_read(tree_path(tree, CEX_REPOSITORY_PATH "/root.info"), 4096, &info, NULL),
			 0);
	assert_null(strstr(info, "verification-pattern"));
}

static void test_what_zkey_would_not_take_is_told_before_there_is_a_key(void **state)
{
	const struct tree *tree = *state;
	struct keygen_place place = in_repository(tree, "../root");

	assert_int_equal(check(&place, "no name for a key"), OUTCOME_USAGE);
	place = in_repository(tree, "root");
	place.volumes = "/dev/dasda2";
	assert_int_equal(check(&place, "no list of different volumes"), OUTCOME_USAGE);
	place = in_repository(tree, "root");
	place.apqns = "00.0047,";
	assert_int_equal(check(&place, "no list of domains"), OUTCOME_USAGE);
	place = in_repository(tree, "root");
	place.sector_size = 768;
	assert_int_equal(check(&place, "a sector has"), OUTCOME_USAGE);
	place = in_repository(tree, "root");
	place.description = "two\nlines";
	assert_int_equal(check(&place, "one line"), OUTCOME_USAGE);
}

static void test_a_repository_that_is_not_there_or_everybodys_comes_with_the_command(void **state)
{
	struct tree *tree = *state;
	struct keygen_place place = in_repository(tree, "root");
	struct verdict v = { 0 };

	assert_int_equal(chmod(tree_path(tree, CEX_REPOSITORY_PATH), 0777), 0);
	assert_int_equal(store(&place, &v), OUTCOME_NO_PERMISSION);
	assert_non_null(strstr(v.hint, "chmod o-w"));
	assert_int_equal(rmdir(tree_path(tree, CEX_REPOSITORY_PATH)), 0);
	assert_int_equal(keygen_check_place(&place, &v), OUTCOME_USAGE);
	assert_non_null(strstr(v.hint, "mkdir -p -m 0770"));
	assert_int_equal(store(&place, &v), OUTCOME_USAGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_file_gets_the_bytes_of_the_key_and_is_its_owners),
		TEST(test_a_file_that_is_there_stays_as_it_is),
		TEST(test_the_repository_gets_key_and_properties),
		TEST(test_a_lock_that_zkey_holds_is_told_at_once),
		TEST(test_without_the_cipher_there_is_no_pattern_and_the_key_is_kept),
		TEST(test_what_zkey_would_not_take_is_told_before_there_is_a_key),
		TEST(test_a_repository_that_is_not_there_or_everybodys_comes_with_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
