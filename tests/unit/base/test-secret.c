/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static void test_a_secret_starts_as_zeros_of_its_capacity(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(5000, &s), 0);
	assert_int_equal(secret_len(s), 5000);
	for (size_t i = 0; i < 5000; i++)
		assert_int_equal(secret_bytes(s)[i], 0);
}

static void test_sizes_that_make_no_sense_are_refused(void **state)
{
	struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(0, &s), -EINVAL);
	assert_int_equal(secret_new(SIZE_MAX, &s), -EINVAL);
	assert_null(s);
	secret_free(NULL);
}

static void test_shortening_wipes_what_is_cut_off(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	assert_int_equal(secret_new(8, &s), 0);
	memcpy(secret_data(s), "abcdefgh", 8);
	secret_shorten(s, 3);
	assert_int_equal(secret_len(s), 3);
	assert_memory_equal(secret_bytes(s), "abc\0\0\0\0\0", 8);
}

static void test_equality_looks_at_every_byte_and_the_length(void **state)
{
	_cleanup_secret_ struct secret *a = NULL, *b = NULL;

	(void)state;
	assert_int_equal(secret_new(4, &a), 0);
	assert_int_equal(secret_new(4, &b), 0);
	memcpy(secret_data(a), "abcd", 4);
	memcpy(secret_data(b), "abcd", 4);
	assert_true(secret_equal(a, b));
	for (size_t i = 0; i < 4; i++) {
		secret_data(b)[i] ^= 1;
		assert_false(secret_equal(a, b));
		secret_data(b)[i] ^= 1;
	}
	secret_shorten(b, 3);
	assert_false(secret_equal(a, b));
}

static void test_random_passphrases_differ_and_hold_no_nul(void **state)
{
	_cleanup_secret_ struct secret *last = NULL;

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct secret *s = NULL;

		assert_int_equal(secret_random_passphrase(32, &s), 0);
		assert_int_equal(secret_len(s), 32);
		assert_null(memchr(secret_bytes(s), 0, 32));
		assert_true(!last || !secret_equal(s, last));
		secret_free(last);
		last = s;
	}
}

static int read_back(const char *bytes, size_t len, size_t max, struct secret **ret)
{
	int fds[2], r;

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(write(fds[1], bytes, len), len);
	(void)close(fds[1]);
	r = secret_read_fd(fds[0], max, ret);
	(void)close(fds[0]);
	return r;
}

static void test_reading_keeps_every_byte_up_to_the_limit(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	assert_int_equal(read_back("a\0b\n", 4, 4, &s), 0);
	assert_int_equal(secret_len(s), 4);
	assert_memory_equal(secret_bytes(s), "a\0b\n", 4);
}

static void test_reading_too_much_or_nothing_is_an_error(void **state)
{
	struct secret *s = NULL;

	(void)state;
	assert_int_equal(read_back("abcde", 5, 4, &s), -EFBIG);
	assert_int_equal(read_back("", 0, 4, &s), -ENODATA);
	assert_int_equal(secret_read_fd(-1, 4, &s), -EBADF);
	assert_null(s);
}

static void test_a_forked_child_finds_no_secret(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;
	int status = -1;
	pid_t pid;

	(void)state;
	assert_int_equal(secret_new(32, &s), 0);
	memset(secret_data(s), 'x', 32);
	pid = fork();
	if (!pid) {
		const unsigned char *p = secret_bytes(s);

		for (int i = 0; i < 32; i++)
			if (p[i])
				_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_wiping_wipes(void **state)
{
	char buf[] = "hunter2";

	(void)state;
	secret_wipe(buf, sizeof(buf));
	for (size_t i = 0; i < sizeof(buf); i++)
		assert_int_equal(buf[i], 0);
	secret_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_secret_starts_as_zeros_of_its_capacity),
		cmocka_unit_test(test_sizes_that_make_no_sense_are_refused),
		cmocka_unit_test(test_shortening_wipes_what_is_cut_off),
		cmocka_unit_test(test_equality_looks_at_every_byte_and_the_length),
		cmocka_unit_test(test_random_passphrases_differ_and_hold_no_nul),
		cmocka_unit_test(test_reading_keeps_every_byte_up_to_the_limit),
		cmocka_unit_test(test_reading_too_much_or_nothing_is_an_error),
		cmocka_unit_test(test_a_forked_child_finds_no_secret),
		cmocka_unit_test(test_wiping_wipes),
	};

	return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
