/* SPDX-License-Identifier: GPL-2.0-or-later */
/* systemd's questions: which one is meant, and what is sent. */
#include "op/stage.h"

static struct luks_device *device_of(const struct stage *s)
{
	struct luks_device *device = NULL;

	assert_int_equal(luks_device_open(s->disk->path, &device), 0);
	return device;
}

static void test_the_answer_is_a_sign_and_the_passphrase(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("with\nnewline ");
	_cleanup_close_ int fd = stage_ask(s, s->disk->path);
	char got[64];

	assert_int_equal(answer_question(device, passphrase), ANSWER_SENT);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 14);
	assert_memory_equal(got, "+with\nnewline ", 14);
	assert_int_equal(answer_cancel(device), ANSWER_SENT);
	assert_int_equal(recv(fd, got, sizeof(got), 0), 1);
	assert_int_equal(got[0], '-');
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1); /* once each */
}

static void test_the_device_counts_not_the_way_it_is_written(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("x");
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", s->by_uuid, U);
	fd = stage_ask(s, path);
	assert_int_equal(answer_question(device, passphrase), ANSWER_SENT);
	(void)close(fd);

	/* a label with a blank: udev's link has \x20, systemd writes \\x20 */
	stage_attach(s, "my\\x20disk", s->disk->path);
	(void)snprintf(path, sizeof(path), "%s/my\\\\x20disk", s->by_uuid);
	fd = stage_ask(s, path);
	assert_int_equal(answer_question(device, passphrase), ANSWER_SENT);
	(void)close(fd);
}

static void test_questions_about_anything_else_are_left_alone(void **state)
{
	static const char *const texts[] = {
		"",
		"[Ask]\n",
		"Id=cryptsetup:%s\n",			    /* no socket */
		"Socket=%s\nId=\n",			    /* no id */
		"Socket=relative\nId=cryptsetup:%s\n",
		"Socket=/none\nId=ssh:%s\n",
		"Socket=/none\nId=cryptsetup:/dev/null\n",
		"Socket=/none\nId=cryptsetup:\n",
		"Socket=/none\nId=%s\n",
	};
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("x");

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_free_ char *question = calloc(1, 1024);
		const char *percent = strstr(texts[i], "%s");
		size_t before = percent ? (size_t)(percent - texts[i]) : strlen(texts[i]);

		assert_non_null(question);
		(void)snprintf(question, 1024, "%.*s%s%s", (int)before, texts[i],
			       percent ? s->disk->path : "", percent ? percent + 2 : "");
		tree_put(s->tree, "/questions/ask.X", question);
		assert_int_equal(answer_question(device, passphrase), ANSWER_NO_QUESTION);
	}
}

static void test_a_live_question_about_another_device_gets_nothing(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("x");
	_cleanup_close_ int fd = -1;
	char other[256], got[8];

	tree_put(s->tree, "/other", "another device");
	(void)snprintf(other, sizeof(other), "%s/other", s->tree->root);
	fd = stage_ask(s, other);
	assert_int_equal(answer_question(device, passphrase), ANSWER_NO_QUESTION);
	assert_int_equal(recv(fd, got, sizeof(got), 0), -1);
}

static void test_a_question_of_strange_size_is_no_question(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("x");
	_cleanup_free_ char *text = calloc(1, 8192);

	assert_non_null(text);
	(void)sprintf(text, "Id=cryptsetup:%s\nSocket=/", s->disk->path);
	memset(text + strlen(text), 's', 200); /* longer than a socket's address */
	tree_put(s->tree, "/questions/ask.long", text);
	assert_int_equal(answer_question(device, passphrase), ANSWER_NO_QUESTION);
	memset(text, '\n', 8191);
	tree_put(s->tree, "/questions/ask.huge", text);
	assert_int_equal(answer_question(device, passphrase), ANSWER_NO_QUESTION);
}

static void test_a_stale_question_does_not_hide_the_live_one(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of("x");
	char question[512];
	int fd;

	(void)snprintf(question, sizeof(question), "Socket=%s/gone\nId=cryptsetup:%s\n", s->questions,
		       s->disk->path);
	tree_put(s->tree, "/questions/ask.000000", question);
	tree_put(s->tree, "/questions/ask.zzzzzz", question);
	tree_put(s->tree, "/questions/sck.readme", question);
	assert_int_equal(answer_question(device, passphrase), ANSWER_NO_QUESTION);
	fd = stage_ask(s, s->disk->path);
	assert_int_equal(answer_question(device, passphrase), ANSWER_SENT);
	(void)close(fd);
}

static void test_no_folder_means_no_question_and_watching_makes_it(void **state)
{
	struct stage *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	struct pollfd p = { .events = POLLIN };

	assert_int_equal(rmdir(s->questions), 0);
	assert_int_equal(answer_cancel(device), ANSWER_NO_QUESTION);
	p.fd = answer_watch();
	assert_true(p.fd >= 0);
	assert_int_equal(poll(&p, 1, 0), 0);
	tree_put(s->tree, "/questions/ask.1", "Id=x\n");
	assert_int_equal(poll(&p, 1, 1000), 1);
	(void)close(p.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
		T(test_the_answer_is_a_sign_and_the_passphrase),
		T(test_the_device_counts_not_the_way_it_is_written),
		T(test_questions_about_anything_else_are_left_alone),
		T(test_a_live_question_about_another_device_gets_nothing),
		T(test_a_question_of_strange_size_is_no_question),
		T(test_a_stale_question_does_not_hide_the_live_one),
		T(test_no_folder_means_no_question_and_watching_makes_it),
	};

	return cmocka_run_group_tests_name("op/answer", tests, NULL, NULL);
}
