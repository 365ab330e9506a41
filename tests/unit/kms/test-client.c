/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The test plays the child: what the core makes of good, hostile, dead and silent ones.
 */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "kms/client-seam.h"
#include "kms/message.h"

#define ID "fedcba98-7654-3210-fedc-ba9876543210"

struct stage {
	struct kms_client *client;
	int child; /* the child's end, with hello and profile already read */
	unsigned id;
};

static struct kms_profile a_profile(void)
{
	struct kms_profile p = { .name = strdup("prod"),
				 .endpoint = strdup("https://kms.example"),
				 .iam_endpoint = strdup("https://iam.example"),
				 .instance = strdup(ID),
				 .ca = strdup("pem"),
				 .ca_len = 3 };

	return p;
}

static void swallow(int fd)
{
	_cleanup_secret_ struct secret *buffer = NULL;
	int attached = -1;
	size_t len;

	assert_int_equal(secret_new(LIMIT_MESSAGE, &buffer), 0);
	assert_int_equal(message_receive(fd, buffer, &len, &attached), 0);
	cleanup_close(&attached);
}

static int set(void **state)
{
	_cleanup_(kms_profile_done) struct kms_profile profile = a_profile();
	struct stage *s = calloc(1, sizeof(*s));
	unsigned index;
	int pair[2];

	assert_non_null(s);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	s->child = pair[1];
	assert_int_equal(kms_client_adopt(pair[0], 0, &s->client), 0);
	assert_int_equal(kms_client_add_profile(s->client, &profile, &index), 0);
	assert_int_equal(index, 0);
	swallow(s->child);
	*state = s;
	return 0;
}

static int clear(void **state)
{
	struct stage *s = *state;

	kms_client_free(s->client);
	cleanup_close(&s->child);
	free(s);
	return 0;
}

static unsigned submit(struct stage *s, enum kms_verb verb, deadline_t deadline)
{
	struct kms_request q = { .verb = verb,
				 .deadline = deadline,
				 .ciphertext = verb == KMS_UNWRAP ? "eyJ=" : NULL };
	unsigned id = 0;

	assert_int_equal(kms_client_submit(s->client, &q, &id), 0);
	swallow(s->child);
	return id;
}

static void answer(struct stage *s, const struct kms_reply *reply)
{
	_cleanup_secret_ struct secret *m = NULL;

	assert_int_equal(message_build_reply(reply, &m), 0);
	assert_int_equal(message_send(s->child, m, -1), 0);
}

static struct kms_reply *next(struct stage *s)
{
	struct kms_reply *reply = NULL;

	assert_int_equal(kms_client_next(s->client, deadline_after(2000), &reply), 0);
	return reply;
}

static void answer_plaintext(struct stage *s, unsigned id)
{
	_cleanup_secret_ struct secret *plaintext = NULL;
	struct kms_reply reply = { .id = id, .final = true, .http_status = 200 };

	assert_int_equal(secret_new(4, &plaintext), 0);
	reply.plaintext = plaintext;
	answer(s, &reply);
}

static void test_replies_come_in_any_order(void **state)
{
	struct stage *s = *state;
	unsigned first = submit(s, KMS_UNWRAP, DEADLINE_NEVER);
	unsigned second = submit(s, KMS_UNWRAP, DEADLINE_NEVER);
	struct pollfd p = { .fd = kms_client_fd(s->client), .events = POLLIN };

	assert_int_equal(poll(&p, 1, 0), 0);
	answer_plaintext(s, second);
	answer_plaintext(s, first);
	assert_int_equal(poll(&p, 1, 1000), 1);
	for (unsigned i = 0; i < 2; i++) {
		_cleanup_kms_reply_ struct kms_reply *reply = next(s);

		assert_non_null(reply);
		assert_int_equal(reply->id, i ? first : second);
		assert_int_equal(reply->condition, KMS_OK);
		assert_int_equal(secret_len(reply->plaintext), 4);
	}
}

/* The child must go, and both open jobs end with it. */
static void expect_the_end(struct stage *s, unsigned jobs)
{
	while (jobs--) {
		_cleanup_kms_reply_ struct kms_reply *reply = next(s);

		assert_non_null(reply);
		assert_true(reply->final);
		assert_int_equal(reply->condition, KMS_UNREACHABLE);
		assert_non_null(strstr(reply->cause, "network process"));
		assert_null(reply->plaintext);
	}
	assert_null(next(s));
	assert_int_equal(kms_client_fd(s->client), -1);
}

static void after_hostile(struct stage *s, const struct kms_reply *reply)
{
	(void)submit(s, KMS_LIST, DEADLINE_NEVER);
	answer(s, reply);
	expect_the_end(s, 2);
}

static void test_a_reply_to_no_job_ends_the_child(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .id = submit(s, KMS_PING, DEADLINE_NEVER) + 77, .final = true };

	after_hostile(s, &reply);
}

static void test_a_reply_to_job_zero_ends_the_child(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .final = true };

	(void)submit(s, KMS_PING, DEADLINE_NEVER);
	after_hostile(s, &reply);
}

static void test_an_unwrap_without_plaintext_ends_the_child(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .id = submit(s, KMS_UNWRAP, DEADLINE_NEVER), .final = true };

	after_hostile(s, &reply);
}

static void test_a_key_in_a_ping_ends_the_child(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .id = submit(s, KMS_PING, DEADLINE_NEVER),
				   .final = true,
				   .key.id = ID };

	after_hostile(s, &reply);
}

static void test_an_unwrap_that_is_a_list_ends_the_child(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .id = submit(s, KMS_UNWRAP, DEADLINE_NEVER), .key.id = ID };

	after_hostile(s, &reply);
}

static void test_a_second_answer_ends_the_child(void **state)
{
	struct stage *s = *state;
	unsigned id = submit(s, KMS_UNWRAP, DEADLINE_NEVER);
	_cleanup_kms_reply_ struct kms_reply *first = NULL;

	(void)submit(s, KMS_PING, DEADLINE_NEVER);
	answer_plaintext(s, id);
	first = next(s);
	assert_int_equal(first->condition, KMS_OK);
	answer_plaintext(s, id);
	expect_the_end(s, 1);
}

static void test_rubbish_ends_the_child(void **state)
{
	struct stage *s = *state;

	(void)submit(s, KMS_PING, DEADLINE_NEVER);
	assert_true(send(s->child, "rubbish", 7, 0) == 7);
	expect_the_end(s, 1);
}

static void test_an_oversized_message_ends_the_child(void **state)
{
	struct stage *s = *state;
	static char big[LIMIT_MESSAGE + 1];

	(void)submit(s, KMS_PING, DEADLINE_NEVER);
	assert_true(send(s->child, big, sizeof(big), 0) == (ssize_t)sizeof(big));
	expect_the_end(s, 1);
}

static void test_a_dead_child_ends_its_jobs(void **state)
{
	struct stage *s = *state;
	_cleanup_kms_reply_ struct kms_reply *late = NULL;
	struct kms_request q = { .verb = KMS_PING, .deadline = DEADLINE_NEVER };
	unsigned id;

	(void)submit(s, KMS_PING, DEADLINE_NEVER);
	(void)submit(s, KMS_UNWRAP, DEADLINE_NEVER);
	cleanup_close(&s->child);
	s->child = -1;
	expect_the_end(s, 2);
	/* A job for a child that is gone has an answer too. */
	assert_int_equal(kms_client_submit(s->client, &q, &id), 0);
	late = next(s);
	assert_int_equal(late->id, id);
	assert_int_equal(late->condition, KMS_UNREACHABLE);
}

static void test_a_silent_child_costs_no_more_than_the_deadline(void **state)
{
	struct stage *s = *state;
	uint64_t start = deadline_now();
	unsigned id = submit(s, KMS_UNWRAP, deadline_after(100));
	struct pollfd p = { .fd = kms_client_fd(s->client), .events = POLLIN };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;

	assert_int_equal(poll(&p, 1, 2000), 1);
	assert_int_equal(kms_client_next(s->client, 0, &reply), 0);
	assert_non_null(reply);
	assert_int_equal(reply->condition, KMS_TIMEOUT);
	assert_in_range(deadline_now() - start, 100, 1000);
	/* The answer that comes after all is dropped, and not held against the child. */
	answer_plaintext(s, id);
	kms_reply_free(take_ptr(reply));
	assert_int_equal(kms_client_next(s->client, deadline_after(50), &reply), 0);
	assert_null(reply);
	assert_true(kms_client_fd(s->client) >= 0);
}

static void test_a_dismissed_child_is_told_at_once(void **state)
{
	struct stage *s = *state;
	struct pollfd p = { .fd = s->child, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 0), 0);
	kms_client_dismiss(s->client);
	assert_int_equal(poll(&p, 1, 0), 1);
	assert_true(p.revents & POLLHUP);
	assert_int_equal(kms_client_fd(s->client), -1);
}

static void test_a_list_has_many_replies(void **state)
{
	struct stage *s = *state;
	struct kms_reply reply = { .id = submit(s, KMS_LIST, DEADLINE_NEVER), .key.id = ID };

	for (unsigned i = 0; i < 20; i++)
		answer(s, &reply);
	reply.final = true;
	reply.key.id[0] = '\0';
	answer(s, &reply);
	for (unsigned i = 0; i <= 20; i++) {
		_cleanup_kms_reply_ struct kms_reply *got = next(s);

		assert_non_null(got);
		assert_int_equal(got->final, i == 20);
	}
}

static void test_more_jobs_than_the_limit_are_refused(void **state)
{
	struct stage *s = *state;
	struct kms_request q = { .verb = KMS_PING, .deadline = DEADLINE_NEVER };
	unsigned id;

	for (unsigned i = 0; i < LIMIT_JOBS; i++)
		(void)submit(s, KMS_PING, DEADLINE_NEVER);
	assert_int_equal(kms_client_submit(s->client, &q, &id), -EBUSY);
}

static void test_a_program_that_is_not_there_is_an_error(void **state)
{
	struct kms_client *client = NULL;

	(void)state;
	kms_client_set_program("/nonexistent/cexluks");
	assert_int_equal(kms_client_start(&client), -ENOENT);
	kms_client_set_program(NULL);
}

#define WITH_STAGE(test) cmocka_unit_test_setup_teardown(test, set, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_STAGE(test_replies_come_in_any_order),
		WITH_STAGE(test_a_reply_to_no_job_ends_the_child),
		WITH_STAGE(test_a_reply_to_job_zero_ends_the_child),
		WITH_STAGE(test_an_unwrap_without_plaintext_ends_the_child),
		WITH_STAGE(test_a_key_in_a_ping_ends_the_child),
		WITH_STAGE(test_an_unwrap_that_is_a_list_ends_the_child),
		WITH_STAGE(test_a_second_answer_ends_the_child),
		WITH_STAGE(test_rubbish_ends_the_child),
		WITH_STAGE(test_an_oversized_message_ends_the_child),
		WITH_STAGE(test_a_dead_child_ends_its_jobs),
		WITH_STAGE(test_a_silent_child_costs_no_more_than_the_deadline),
		WITH_STAGE(test_a_dismissed_child_is_told_at_once),
		WITH_STAGE(test_a_list_has_many_replies),
		WITH_STAGE(test_more_jobs_than_the_limit_are_refused),
		cmocka_unit_test(test_a_program_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests_name("kms/client", tests, NULL, NULL);
}
