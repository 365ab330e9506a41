/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is noted of bindings that were tried: their order, the first word on each, and no more than fits. */
#include "op/tree.h"

#include "op/tried.h"

static struct luks_token tokens[LIMIT_TRIED + 2];

static struct binding at(size_t i)
{
	return (struct binding){ .kind = BINDING_KMS, .token = &tokens[i] };
}

static void test_the_first_word_on_a_binding_counts(void **state)
{
	struct tried_list t = { .n = 0 };
	const struct binding first = at(0), second = at(1), none = { .kind = BINDING_NONE };
	struct verdict v = { 0 };

	(void)state;
	tried_begin(&t, &first);
	tried_begin(&t, &second);
	verdict_set(&v, OUTCOME_KMS_KEY_GONE, "deleted");
	tried_end(&t, &second, &v);
	verdict_set(&v, OUTCOME_OK, "opened");
	tried_end(&t, &second, &v);
	tried_end(&t, &none, &v);
	tried_end_all(&t);
	assert_int_equal(tried_listed(&t), 2);
	assert_ptr_equal(t.list[0].binding.token, first.token);
	assert_int_equal(t.list[0].verdict.outcome, OUTCOME_TIMEOUT);
	assert_int_equal(t.list[1].verdict.outcome, OUTCOME_KMS_KEY_GONE);
	assert_string_equal(t.list[1].verdict.cause, "deleted");
}

static void test_what_was_put_back_was_not_tried(void **state)
{
	struct tried_list t = { .n = 0 };
	const struct binding first = at(0), second = at(1);

	(void)state;
	tried_begin(&t, &first);
	tried_begin(&t, &second);
	tried_put_back(&t);
	assert_int_equal(tried_listed(&t), 1);
	tried_begin(&t, &second);
	assert_int_equal(tried_listed(&t), 2);
	assert_ptr_equal(t.list[1].binding.token, second.token);
	/* a card that could not open its API key, say, had its turn */
	tried_ask(&t, &second);
	tried_put_back(&t);
	tried_begin(&t, &second);
	assert_int_equal(tried_listed(&t), 2);
}

static void test_the_time_counts_from_the_first_request_to_the_service(void **state)
{
	struct tried_list t = { .n = 0 };
	const struct binding first = at(0);
	const struct kms_reply reply = { .tries = 2, .correlation_id = "0c5d5d6a", .iam_request_id = "iam-1" };
	uint64_t began;

	(void)state;
	tried_begin(&t, &first);
	t.list[0].began_ms = 1;
	tried_ask(&t, &first);
	began = t.list[0].began_ms;
	assert_true(began > 1);
	t.list[0].began_ms = began - 1;
	tried_ask(&t, &first);
	assert_int_equal(t.list[0].began_ms, began - 1);
	tried_reply(&t, &first, &reply);
	tried_reply(&t, &first, &reply);
	assert_int_equal(t.list[0].requests, 4);
	assert_string_equal(t.list[0].correlation_id, "0c5d5d6a");
	assert_string_equal(t.list[0].iam_request_id, "iam-1");
}

static void test_more_than_fit_are_counted(void **state)
{
	struct {
		struct tried_list t;
		char behind[64];
	} s = { .t.n = 0 };
	const struct kms_reply reply = { .tries = 1 };
	struct verdict v = { 0 };

	(void)state;
	verdict_set(&v, OUTCOME_DNS_FAILED, "x");
	for (size_t i = 0; i < LIMIT_TRIED + 2; i++) {
		const struct binding b = at(i);

		tried_begin(&s.t, &b);
		tried_ask(&s.t, &b);
		tried_reply(&s.t, &b, &reply);
		tried_end(&s.t, &b, &v);
	}
	tried_end_all(&s.t);
	assert_int_equal(s.t.n, LIMIT_TRIED + 2);
	assert_int_equal(tried_listed(&s.t), LIMIT_TRIED);
	for (size_t i = 0; i < sizeof(s.behind); i++)
		assert_int_equal(s.behind[i], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_word_on_a_binding_counts),
		cmocka_unit_test(test_what_was_put_back_was_not_tried),
		cmocka_unit_test(test_the_time_counts_from_the_first_request_to_the_service),
		cmocka_unit_test(test_more_than_fit_are_counted),
	};

	return cmocka_run_group_tests_name("op/tried", tests, NULL, NULL);
}
