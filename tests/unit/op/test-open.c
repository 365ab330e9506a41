/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By hand: the same machine as at boot, and a card binding's passphrase into a pipe. */
#include "op/card-stage.h"

#include "base/log.h"
#include "op/open.h"

static void config_is(struct stage *s, const char *config)
{
	tree_put(s->tree, "/etc/cexluks/cexluks.conf", config);
}

static enum outcome pass(struct stage *s, const char *binding, struct secret **ret, struct verdict *v)
{
	const struct pass_request request = {
		.sysroot = s->tree->root,
		.device = s->disk->path,
		.binding = binding,
		.timeout_ms = 5000,
	};

	return op_pass(&request, ret, v);
}

static void test_the_passphrase_of_a_card_binding_is_given(void **state)
{
	static const char *const configs[] = { "", PROD ROOT "bindings = kms:prod\n" };
	struct blob key = blob_pair();
	struct stage *s = *state;

	volume_is(s, &key, PUBLIC, "no-card");
	stage_tokens(s, CARD, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		_cleanup_secret_ struct secret *got = NULL;
		struct verdict v = { 0 };

		config_is(s, configs[i]);
		if (pass(s, "card", &got, &v) != OUTCOME_OK)
			fail_msg("%s: %s", outcome_word(v.outcome), v.cause);
		assert_int_equal(secret_len(got), PUBLIC_LEN);
		assert_memory_equal(secret_bytes(got), PUBLIC, PUBLIC_LEN);
	}
}

static void test_it_is_not_given_where_no_card_protects_the_volume(void **state)
{
	const struct blob blobs[] = { blob_lookalike(), blob_clear_token(), blob_mixed_masters() };
	struct stage *s = *state;
	struct secret *got = NULL;
	struct verdict v = { 0 };

	stage_tokens(s, CARD, NULL, NULL); /* aes */
	config_is(s, "");
	assert_int_equal(pass(s, "card", &got, &v), OUTCOME_NOT_A_SECURE_KEY);
	for (size_t i = 0; i < ARRAY_SIZE(blobs); i++) {
		volume_is(s, &blobs[i], PUBLIC, GOOD_CARDS);
		stage_tokens(s, CARD, NULL, NULL);
		assert_int_equal(pass(s, "card", &got, &v), OUTCOME_NOT_A_SECURE_KEY);
		assert_null(got);
	}
}

static void test_other_words_are_no_binding(void **state)
{
	static const char *const words[] = { "kms:prod", "kms:", "keyfile:/etc/luks/cex.key", "CARD", "" };
	struct blob key = blob_pair();
	struct stage *s = *state;
	struct secret *got = NULL;
	struct verdict v = { 0 };

	volume_is(s, &key, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	config_is(s, PROD ROOT "bindings = keyfile:/etc/luks/cex.key\n");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(pass(s, words[i], &got, &v), OUTCOME_NOT_BOUND);
	assert_null(got);
}

static void test_open_by_hand_asks_the_card_too(void **state)
{
	static const struct {
		const char *cards;
		enum outcome outcome;
	} rows[] = {
		{ GOOD_CARDS, OUTCOME_DEVICE_MAPPER },
		{ "no-card", OUTCOME_NO_CARD },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct open_request request = {
		.sysroot = s->tree->root,
		.device = s->disk->path,
		.timeout_ms = 1500,
	};

	need_no_device_mapper();
	config_is(s, "");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };

		volume_is(s, &key, PUBLIC, rows[i].cards);
		stage_tokens(s, CARD, NULL, NULL);
		if (op_open(&request, &v) != rows[i].outcome)
			fail_msg("%s: %s: %s", rows[i].cards, outcome_word(v.outcome), v.cause);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, key_setup, key_teardown)
		T(test_the_passphrase_of_a_card_binding_is_given),
		T(test_it_is_not_given_where_no_card_protects_the_volume),
		T(test_other_words_are_no_binding),
		T(test_open_by_hand_asks_the_card_too),
	};

	STAGE_CHILD(argc, argv);
	log_setup_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests_name("op/open", tests, NULL, NULL);
}
