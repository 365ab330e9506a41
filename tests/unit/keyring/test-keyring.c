/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <keyutils.h>

#include "keyring/keyring.h"

static char prefix[64];

static const char *name(const char *tail)
{
	static char text[128];

	(void)snprintf(text, sizeof(text), "%s%s", prefix, tail);
	return text;
}

static struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(strlen(text), &s), 0);
	memcpy(secret_data(s), text, strlen(text));
	return s;
}

static void need_keyring(void)
{
	if (keyring_setup() == KEYRING_UNAVAILABLE) {
		print_message("SKIP: this kernel or container offers no keyrings\n");
		skip();
	}
}

static int forget_all(void **state)
{
	(void)state;
	(void)!keyring_forget_prefix(prefix, NULL); /* nothing to forget is fine too */
	return 0;
}

static long perm_of(const char *type, const char *description)
{
	char text[256] = "";
	unsigned perm = 0;
	long id = keyctl_search(KEY_SPEC_USER_KEYRING, type, description, 0);

	assert_true(id > 0);
	assert_true(keyctl_describe((key_serial_t)id, text, sizeof(text)) > 0);
	assert_int_equal(sscanf(text, "%*[^;];%*[^;];%*[^;];%x", &perm), 1);
	return perm;
}

static void test_a_key_can_be_read_by_who_possesses_the_keyring(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("hunter2");
	char buf[16] = "";
	long id;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("a"), s, 60), 0);
	assert_true(keyring_has(KEYRING_USER, name("a")));
	assert_false(keyring_has(KEYRING_LOGON, name("a")));
	id = request_key("user", name("a"), NULL, 0);
	assert_true(id > 0);
	assert_int_equal(keyctl_read((key_serial_t)id, buf, sizeof(buf)), 7);
	assert_memory_equal(buf, "hunter2", 7);
}

static void test_a_logon_key_cannot_be_read_back(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("hunter2");
	char buf[16];
	long id;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_LOGON, name("l"), s, 60), 0);
	id = keyctl_search(KEY_SPEC_USER_KEYRING, "logon", name("l"), 0);
	assert_true(id > 0);
	assert_int_equal(keyctl_read((key_serial_t)id, buf, sizeof(buf)), -1);
	assert_int_equal(perm_of("logon", name("l")), KEY_POS_VIEW | KEY_POS_SEARCH);
}

static void test_a_logon_key_without_a_prefix_is_invalid(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_LOGON, "noprefix", s, 60), -EINVAL);
}

static void test_permissions_leave_nothing_to_others(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("p"), s, 60), 0);
	assert_int_equal(perm_of("user", name("p")), KEY_POS_VIEW | KEY_POS_SEARCH | KEY_POS_READ);
}

static void test_the_expiry_is_set_and_can_be_read(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");
	unsigned left = 0;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("e"), s, 50), 0);
	assert_int_equal(keyring_expiry(KEYRING_USER, name("e"), &left), 0);
	assert_in_range(left, 40, 50);
	assert_int_equal(keyring_add(KEYRING_USER, name("e"), s, 300), 0);
	assert_int_equal(keyring_expiry(KEYRING_USER, name("e"), &left), 0);
	assert_in_range(left, 240, 300);
	assert_int_equal(keyring_expiry(KEYRING_USER, name("none"), &left), KEYRING_ABSENT);
}

static void test_an_expired_key_is_absent(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");
	struct timespec ts = { .tv_nsec = 20000000 };
	int tries = 200;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("old"), s, 1), 0);
	while (keyring_has(KEYRING_USER, name("old")) && tries--)
		(void)nanosleep(&ts, NULL); /* for the kernel's clock; nothing announces an expiry */
	assert_true(tries > 0);
	assert_int_equal(keyring_forget(KEYRING_USER, name("old")), KEYRING_ABSENT);
	assert_int_equal(keyring_add(KEYRING_USER, name("old"), s, 60), 0);
}

static void test_an_expiry_of_zero_is_no_expiry_and_refused(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("z"), s, 0), -EINVAL);
	assert_false(keyring_has(KEYRING_USER, name("z")));
}

static void test_adding_again_replaces(void **state)
{
	_cleanup_secret_ struct secret *one = secret_of("one"), *two = secret_of("second");
	char buf[16];
	long id;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("r"), one, 60), 0);
	assert_int_equal(keyring_add(KEYRING_USER, name("r"), two, 60), 0);
	id = keyctl_search(KEY_SPEC_USER_KEYRING, "user", name("r"), 0);
	assert_int_equal(keyctl_read((key_serial_t)id, buf, sizeof(buf)), 6);
}

static void test_a_payload_too_large_leaves_no_key(void **state)
{
	_cleanup_secret_ struct secret *s = NULL;

	(void)state;
	need_keyring();
	assert_int_equal(secret_new(40000, &s), 0);
	assert_int_equal(keyring_add(KEYRING_USER, name("big"), s, 60), -EINVAL);
	assert_false(keyring_has(KEYRING_USER, name("big")));
}

static void test_forget_takes_one_key_and_says_when_there_is_none(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("1"), s, 60), 0);
	assert_int_equal(keyring_add(KEYRING_USER, name("2"), s, 60), 0);
	assert_int_equal(keyring_forget(KEYRING_USER, name("1")), 0);
	assert_int_equal(keyring_forget(KEYRING_USER, name("1")), KEYRING_ABSENT);
	assert_true(keyring_has(KEYRING_USER, name("2")));
}

static void test_forget_prefix_takes_ours_and_no_others(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");
	char other[96];
	size_t count = 0;

	(void)state;
	need_keyring();
	(void)snprintf(other, sizeof(other), "other-%s", prefix);
	assert_int_equal(keyring_add(KEYRING_USER, name("1"), s, 60), 0);
	assert_int_equal(keyring_add(KEYRING_LOGON, name("2"), s, 60), 0);
	assert_int_equal(keyring_add(KEYRING_USER, other, s, 60), 0);
	assert_int_equal(keyring_forget_prefix(prefix, &count), 0);
	assert_int_equal(count, 2);
	assert_false(keyring_has(KEYRING_USER, name("1")));
	assert_false(keyring_has(KEYRING_LOGON, name("2")));
	assert_true(keyring_has(KEYRING_USER, other));
	assert_int_equal(keyring_forget(KEYRING_USER, other), 0);
}

static void test_put_leaves_what_keyctl_leaves_and_updates_in_place(void **state)
{
	_cleanup_secret_ struct secret *one = secret_of("one"), *two = secret_of("second");
	char buf[16] = "";
	unsigned expiry = 1;
	long id, again;

	(void)state;
	need_keyring();
	assert_int_equal(keyring_put(KEYRING_USER, name("p"), one, 60, &id), 0);
	assert_int_equal(perm_of("user", name("p")), 0x3f010000);
	assert_int_equal(keyring_expiry(KEYRING_USER, name("p"), &expiry), 0);
	assert_in_range(expiry, 55, 60);
	assert_int_equal(keyring_put(KEYRING_USER, name("p"), two, 0, &again), 0);
	assert_int_equal(id, again);
	assert_int_equal(keyctl_read((key_serial_t)id, buf, sizeof(buf)), 6);
	assert_memory_equal(buf, "second", 6);
	assert_int_equal(keyring_expiry(KEYRING_USER, name("p"), &expiry), 0);
	assert_int_equal(expiry, 0);
	assert_int_equal(keyring_put(KEYRING_LOGON, name("p"), one, 0, NULL), 0);
	assert_true(keyring_has(KEYRING_LOGON, name("p")));
	assert_int_equal(keyring_put(KEYRING_LOGON, "noprefix", one, 0, NULL), -EINVAL);
	assert_int_equal(keyring_put(KEYRING_USER, "", one, 0, NULL), -EINVAL);
}

static void test_put_takes_the_place_of_a_key_that_add_narrowed(void **state)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	(void)state;
	need_keyring();
	assert_int_equal(keyring_add(KEYRING_USER, name("n"), s, 60), 0);
	assert_int_equal(keyring_put(KEYRING_USER, name("n"), s, 0, NULL), 0);
	assert_int_equal(perm_of("user", name("n")), 0x3f010000);
}

/* In a new process, which possesses nothing that this one does. Returns what @story returned. */
static int in_a_child(int (*story)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (!pid)
		_exit(story());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Without possession the expiry cannot be set, and the key must not stay without one. */
static int cannot_add(void)
{
	_cleanup_secret_ struct secret *s = secret_of("x");

	return keyring_add(KEYRING_USER, name("fresh"), s, 60) != 0 && !keyring_has(KEYRING_USER, name("fresh")) ? 0 : 1;
}

/* The session is somebody's who has nothing to do with root, as under sudo. Returns the step that failed. */
static int use_the_session_of_another(void)
{
	_cleanup_secret_ struct secret *s = secret_of("x");
	key_serial_t linked[4];

	if (keyctl_join_session_keyring(NULL) < 0)
		return 1;
	if (cannot_add() != 0)
		return 2;
	if (keyring_setup() != 0 || keyring_add(KEYRING_USER, name("fresh"), s, 60) != 0)
		return 3;
	if (keyctl_read(KEY_SPEC_SESSION_KEYRING, (char *)linked, sizeof(linked)) != 0)
		return 4; /* something stays in it */
	(void)!keyring_forget(KEYRING_USER, name("fresh")); /* it expires anyway */
	return in_a_child(cannot_add) == 0 ? 0 : 5;
}

static void test_setup_gives_root_s_keys_to_us_and_not_to_the_session(void **state)
{
	(void)state;
	need_keyring();
	assert_int_equal(in_a_child(use_the_session_of_another), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_a_key_can_be_read_by_who_possesses_the_keyring, forget_all),
		cmocka_unit_test_teardown(test_a_logon_key_cannot_be_read_back, forget_all),
		cmocka_unit_test(test_a_logon_key_without_a_prefix_is_invalid),
		cmocka_unit_test_teardown(test_permissions_leave_nothing_to_others, forget_all),
		cmocka_unit_test_teardown(test_the_expiry_is_set_and_can_be_read, forget_all),
		cmocka_unit_test_teardown(test_an_expired_key_is_absent, forget_all),
		cmocka_unit_test(test_an_expiry_of_zero_is_no_expiry_and_refused),
		cmocka_unit_test_teardown(test_adding_again_replaces, forget_all),
		cmocka_unit_test(test_a_payload_too_large_leaves_no_key),
		cmocka_unit_test_teardown(test_forget_takes_one_key_and_says_when_there_is_none, forget_all),
		cmocka_unit_test_teardown(test_forget_prefix_takes_ours_and_no_others, forget_all),
		cmocka_unit_test_teardown(test_put_leaves_what_keyctl_leaves_and_updates_in_place, forget_all),
		cmocka_unit_test_teardown(test_put_takes_the_place_of_a_key_that_add_narrowed, forget_all),
		cmocka_unit_test_teardown(test_setup_gives_root_s_keys_to_us_and_not_to_the_session, forget_all),
	};

	(void)snprintf(prefix, sizeof(prefix), "cexluks-test-%d:", (int)getpid());
	return cmocka_run_group_tests_name("keyring", tests, NULL, forget_all);
}
