/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/sha256.h"

static char folder[] = "/tmp/cexluks-unit-XXXXXX";

static const char *below(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int drop(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void test_what_was_written_is_read(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct stat st;
	size_t len = 0;

	(void)state;
	assert_int_equal(file_write_atomic(below("a"), "a\0b\n", 4, 0600), 0);
	assert_int_equal(file_read(below("a"), 4, &text, &len), 0);
	assert_int_equal(len, 4);
	assert_memory_equal(text, "a\0b\n", 5);
	assert_int_equal(stat(below("a"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_a_new_file_takes_no_place_that_is_taken(void **state)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *e;

	(void)state;
	assert_int_equal(mkdir(below("new"), 0700), 0);
	assert_int_equal(file_write_new(below("new/n"), "first", 5, 0600), 0);
	assert_int_equal(file_write_new(below("new/n"), "second", 6, 0600), -EEXIST);
	assert_int_equal(file_read(below("new/n"), 16, &text, NULL), 0);
	assert_string_equal(text, "first");
	dir = opendir(below("new"));
	assert_non_null(dir);
	while ((e = readdir(dir)))
		assert_true(e->d_name[0] == '.' || !strcmp(e->d_name, "n"));
}

static void test_a_file_over_the_limit_is_refused(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(file_write_atomic(below("b"), "12345", 5, 0600), 0);
	assert_int_equal(file_read(below("b"), 4, &text, NULL), -EFBIG);
	assert_int_equal(file_read("/dev/zero", 100000, &text, NULL), -EFBIG);
	assert_null(text);
}

static void test_sizes_around_the_buffer_are_read_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 8191, 8192, 8193, 65536 };
	_cleanup_free_ char *data = malloc(65536);

	(void)state;
	for (size_t i = 0; i < 65536; i++)
		data[i] = (char)i;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		_cleanup_free_ char *text = NULL;
		size_t len = 1;

		assert_int_equal(file_write_atomic(below("c"), data, sizes[i], 0600), 0);
		assert_int_equal(file_read(below("c"), sizes[i], &text, &len), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(text, data, len);
		assert_int_equal(text[len], 0);
	}
}

static void test_missing_files_and_folders_say_so(void **state)
{
	char *text = NULL;

	(void)state;
	assert_int_equal(file_read(below("none"), 10, &text, NULL), -ENOENT);
	assert_int_equal(file_read(folder, 10, &text, NULL), -EISDIR);
	assert_int_equal(file_write_atomic(below("none/x"), "x", 1, 0600), -ENOENT);
}

static void test_replacing_leaves_no_second_file_behind(void **state)
{
	_cleanup_closedir_ DIR *dir = NULL;
	const struct dirent *entry;
	unsigned n = 0;

	(void)state;
	assert_int_equal(file_make_dirs(below("sub/dir"), 0755), 0);
	assert_int_equal(file_make_dirs(below("sub/dir"), 0755), 0);
	assert_int_equal(file_write_atomic(below("sub/dir/f"), "one", 3, 0600), 0);
	assert_int_equal(file_write_atomic(below("sub/dir/f"), "two", 3, 0600), 0);
	/* renaming over a folder fails, and then the temporary file goes as well */
	assert_int_equal(file_make_dirs(below("sub/dir/g"), 0755), 0);
	assert_int_equal(file_write_atomic(below("sub/dir/g"), "x", 1, 0600), -EISDIR);
	dir = opendir(below("sub/dir"));
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	assert_int_equal(n, 2);
}

static void test_the_digest_is_the_standard_one(void **state)
{
	static const unsigned char abc[SHA256_SIZE] = {
		0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
	};
	unsigned char sum[SHA256_SIZE];

	(void)state;
	assert_int_equal(sha256("abc", 3, sum), 0);
	assert_memory_equal(sum, abc, sizeof(abc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_written_is_read),
		cmocka_unit_test(test_a_new_file_takes_no_place_that_is_taken),
		cmocka_unit_test(test_a_file_over_the_limit_is_refused),
		cmocka_unit_test(test_sizes_around_the_buffer_are_read_whole),
		cmocka_unit_test(test_missing_files_and_folders_say_so),
		cmocka_unit_test(test_replacing_leaves_no_second_file_behind),
		cmocka_unit_test(test_the_digest_is_the_standard_one),
	};

	return cmocka_run_group_tests_name("base/file", tests, make, drop);
}
