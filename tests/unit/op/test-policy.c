/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of bindings, and which of them may be tried. */
#include "op/stage.h"

#include "op/policy.h"

#define CARD(serial)                                                                               \
	"{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"card\",\"passphrase\":"  \
	"\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"serial\":" serial                        \
	",\"created\":\"2026-11-22T10:00:00Z\"}"
#define UNFINISHED                                                                                 \
	"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"kms\",\"profile\":\"prod\"," \
	"\"key\":\"ab\",\"ciphertext\":\"AAAA\",\"aad\":true,\"serial\":9,"                           \
	"\"created\":\"2026-11-22T10:00:00Z\"}"

static struct luks_header *header_of(struct stage *s, struct luks_device **device)
{
	struct luks_reason reason = { "" };
	struct luks_header *header = NULL;

	assert_int_equal(luks_device_open(s->disk->path, device), 0);
	if (luks_header_load(*device, NULL, &header, &reason) != 0)
		fail_msg("%s", reason.text);
	return header;
}

static void test_bindings_come_in_the_order_of_the_configuration(void **state)
{
	static const struct {
		const char *config, *first, *second, *third, *expected;
	} rows[] = {
		{ PROD DR, TOKEN("dr", "ab"), TOKEN("prod", "ab"), NULL, "kms:prod kms:dr" },
		{ DR PROD, TOKEN("dr", "ab"), TOKEN("prod", "ab"), NULL, "kms:dr kms:prod" },
		{ PROD, TOKEN("old", "ab"), TOKEN("prod", "ab"), NULL, "kms:prod kms:old" },
		{ PROD, TOKEN("prod", "ab"), CARD("1"), NULL, "card kms:prod" },
		{ PROD, UNFINISHED, TOKEN("prod", "ab"), NULL, "kms:prod" },
		{ PROD, UNFINISHED, NULL, NULL, "" },
		{ PROD DR ROOT "bindings = kms:dr\n", TOKEN("prod", "ab"), TOKEN("dr", "ab"),
		  TOKEN("old", "ab"), "kms:dr" },
		{ PROD DR ROOT "bindings = kms:dr, card, kms:dr\n", TOKEN("prod", "ab"),
		  TOKEN("dr", "ab"), CARD("1"), "kms:dr card" },
		{ PROD DR ROOT "bindings = keyfile:/etc/luks/cex.key\n", TOKEN("prod", "ab"), NULL, NULL,
		  "keyfile:/etc/luks/cex.key" },
		{ PROD ROOT "bindings = kms:prod, keyfile:/a, keyfile:/b, keyfile:/a, card\n",
		  TOKEN("prod", "ab"), CARD("1"), NULL, "kms:prod keyfile:/a keyfile:/b card" },
		{ PROD, TOKEN("prod", "ab"), TOKEN("prod", "cd"), NULL, "kms:prod kms:prod" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_luks_device_ struct luks_device *device = NULL;
		_cleanup_luks_header_ struct luks_header *header = NULL;
		struct binding order[POLICY_BINDINGS];
		char got[256] = "";
		size_t n;

		stage_tokens(s, rows[i].first, rows[i].second, rows[i].third);
		stage_begin(s, rows[i].config, "", "", ATTEMPT_ACTIVATE);
		header = header_of(s, &device);
		n = policy_order(s->setup.config, config_volume_find(s->setup.config, U), header, order);
		for (size_t k = 0; k < n; k++) {
			char binding[BINDING_NAME_SIZE];

			binding_name(&order[k], binding);
			(void)sprintf(got + strlen(got), "%s%s", k ? " " : "", binding);
		}
		if (strcmp(got, rows[i].expected) != 0)
			fail_msg("row %zu: %s", i, got);
		stage_strike(s);
	}
}

static void test_each_token_is_allowed_skipped_or_refused(void **state)
{
	static const struct {
		const char *service, *pin, *cmdline, *token;
		enum outcome outcome;
		const char *words;
	} rows[] = {
		{ "key-protect", "", "", TOKEN("prod", "ab"), OUTCOME_OK, "" },
		{ "key-protect", "", "", TOKEN_AS("prod", "ab", "false", "1"), OUTCOME_HEADER_REFUSED,
		  "key-protect" },
		{ "key-protect-dedicated", "", "", TOKEN_AS("prod", "ab", "false", "1"),
		  OUTCOME_HEADER_REFUSED, "key-protect-dedicated" },
		/* HPCS does not document that it honours additional data */
		{ "hpcs", "", "", TOKEN_AS("prod", "ab", "false", "1"), OUTCOME_OK, "" },
		{ "hpcs", "min-serial = 2\n", "", TOKEN_AS("prod", "ab", "true", "1"),
		  OUTCOME_HEADER_REFUSED, "serial 1|wants 2" },
		{ "hpcs", "min-serial = 2\n", "", TOKEN_AS("prod", "ab", "true", "2"), OUTCOME_OK, "" },
		{ "hpcs", "min-serial = 2\n", "", CARD("1"), OUTCOME_HEADER_REFUSED, "serial 1" },
		{ "hpcs", "", "", TOKEN("other", "ab"), OUTCOME_CONFIG_ERROR, "other" },
		{ "hpcs", "", "", CARD("1"), OUTCOME_OK, "" },
		{ "hpcs", "", "rd.cexluks.kms=dr", CARD("1"), OUTCOME_OK, "" },
		{ "hpcs", "", "rd.cexluks.kms=dr", TOKEN("prod", "ab"), OUTCOME_NOT_BOUND,
		  "rd.cexluks.kms" },
		{ "hpcs", "", "rd.cexluks.kms=prod", TOKEN("prod", "ab"), OUTCOME_OK, "" },
		/* the command line allows no profile that is not configured */
		{ "hpcs", "", "rd.cexluks.kms=other", TOKEN("other", "ab"), OUTCOME_CONFIG_ERROR, "" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_luks_device_ struct luks_device *device = NULL;
		_cleanup_luks_header_ struct luks_header *header = NULL;
		_cleanup_free_ char *words = strdup(rows[i].words);
		const struct luks_token *const *tokens;
		struct verdict v = { 0 };
		char config[1024], *rest = NULL;

		(void)snprintf(config, sizeof(config), PROD "service = %s\n" ROOT "%s", rows[i].service,
			       rows[i].pin);
		stage_tokens(s, rows[i].token, NULL, NULL);
		stage_begin(s, config, rows[i].cmdline, "", ATTEMPT_ACTIVATE);
		header = header_of(s, &device);
		assert_int_equal(luks_header_tokens(header, &tokens), 1);
		if (policy_check_token(s->setup.config, config_volume_find(s->setup.config, U),
				       s->setup.cmdline, tokens[0], &v) != rows[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(v.outcome), v.cause);
		for (char *w = strtok_r(words, "|", &rest); w; w = strtok_r(NULL, "|", &rest))
			assert_non_null(strstr(v.cause, w));
		stage_strike(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
		T(test_bindings_come_in_the_order_of_the_configuration),
		T(test_each_token_is_allowed_skipped_or_refused),
	};

	return cmocka_run_group_tests_name("op/policy", tests, NULL, NULL);
}
