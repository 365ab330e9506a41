/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console's lines, the report that outlives the initramfs, and the marks of a refusal. */
#include "op/tree.h"

#include "base/json.h"
#include "base/limits.h"
#include "op/aftermath.h"
#include "op/follow.h"
#include "op/report.h"

#define U    "96fa7ba7-5229-4f32-a9d3-849404febb0e"
#define LONG "luks-" U

struct show {
	struct config config;
	struct plan_volume want[LIMIT_VOLUMES];
	struct attempt attempts[LIMIT_VOLUMES];
	struct luks_token token;
	struct binding binding;
	struct report_run run;
};

static struct show *show_new(size_t n)
{
	static char profile[] = "prod";
	struct show *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->token = (struct luks_token){ .kind = LUKS_TOKEN_KMS, .profile = profile };
	s->binding = (struct binding){ .kind = BINDING_KMS, .token = &s->token };
	s->run = (struct report_run){ .mode = "boot",
				      .started_ms = 1000,
				      .after_failure = "type the passphrase",
				      .after_refusal = "it stays shut",
				      .attempts = s->attempts,
				      .n_attempts = n };
	for (size_t i = 0; i < n; i++) {
		struct attempt *a = &s->attempts[i];

		strcpy(s->want[i].name, "root");
		strcpy(s->want[i].uuid, U);
		*a = (struct attempt){ .want = &s->want[i],
				       .state = ATTEMPT_OPENED,
				       .binding = s->binding,
				       .started_ms = 1000,
				       .ended_ms = 3400 };
		(void)verdict_set(&a->verdict, OUTCOME_OK, "opened");
	}
	return s;
}

/* What came out of @print on a console, with the line ends of one. */
static void console(const struct show *s, char to[static 16384])
{
	int pipes[2];
	ssize_t n;

	assert_int_equal(pipe(pipes), 0);
	report_console(pipes[1], &s->run);
	(void)close(pipes[1]);
	n = read(pipes[0], to, 16383);
	assert_true(n >= 0);
	to[n] = '\0';
	(void)close(pipes[0]);
}

/* Every line ends in CR LF, is ASCII, and has at most 76 columns. Returns how many there are. */
static int check_lines(char *text)
{
	int n = 0;

	while (*text) {
		char *end = strstr(text, "\r\n");

		assert_non_null(end);
		assert_true(end - text <= 76);
		assert_memory_equal(text, "cexluks: ", 9);
		for (char *p = text; p < end; p++)
			assert_true(*p >= 0x20 && *p < 0x7f);
		text = end + 2;
		n++;
	}
	return n;
}

static void fail_with(struct attempt *a, enum attempt_state state, enum outcome o, const char *cause)
{
	a->state = state;
	(void)verdict_set(&a->verdict, o, "%s", cause);
}

static void test_an_opened_volume_is_one_line_and_a_failed_one_three(void **state)
{
	struct show *s = show_new(3);
	char text[16384];

	(void)state;
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_DNS_FAILED, "kms.test did not resolve");
	fail_with(&s->attempts[2], ATTEMPT_REFUSED, OUTCOME_HEADER_REFUSED, "null cipher");
	console(s, text);
	assert_string_equal(text, "cexluks: root opened with kms:prod in 2.4 s\r\n"
				  "cexluks: root stays closed: dns-failed\r\n"
				  "cexluks:   cause: kms.test did not resolve\r\n"
				  "cexluks:   next: type the passphrase\r\n"
				  "cexluks: root stays closed: header-refused\r\n"
				  "cexluks:   cause: null cipher\r\n"
				  "cexluks:   next: it stays shut\r\n");
	assert_int_equal(check_lines(text), 7);
	free(s);
}

static void test_a_failure_that_waiting_cannot_mend_has_its_own_next_step(void **state)
{
	struct show *s = show_new(1);
	char text[16384];

	(void)state;
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_KMS_KEY_DISABLED, "key 1f3c is disabled");
	console(s, text);
	assert_non_null(strstr(text, "next: enable the root key"));
	s->run.after_refusal = "";
	fail_with(&s->attempts[0], ATTEMPT_REFUSED, OUTCOME_HEADER_REFUSED, "null cipher");
	console(s, text);
	assert_non_null(strstr(text, outcome_hint(OUTCOME_HEADER_REFUSED)));
	free(s);
}

static cJSON *read_report(struct tree *t)
{
	_cleanup_free_ char *text = NULL;
	cJSON *o = NULL;
	size_t len;

	json_setup();
	assert_int_equal(file_read(tree_path(t, "/run/report.json"), REPORT_SIZE, &text, &len), 0);
	assert_int_equal(json_parse(text, len, LIMIT_JSON_DEPTH, &o), 0);
	return o;
}

static void test_a_list_that_is_too_long_is_cut_between_its_items(void **state)
{
	struct show *s = show_new(1);
	char text[16384];

	(void)state;
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_MASTER_KEY_UNKNOWN,
		  "wants master key 0123456789abcdef: 00.0047 has it as NEW, 00.0048 has it as NEW");
	console(s, text);
	assert_non_null(strstr(text, "cause: wants master key 0123456789abcdef: 00.0047 has it as NEW..\r\n"));
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_MASTER_KEY_UNKNOWN,
		  "wants master key 0123456789abcdef: 00.0047 offline, 00.0048 offline, 01.0047 offline");
	console(s, text);
	assert_non_null(strstr(text, "cause: wants master key 0123456789abcdef: 00.0047 offline...\r\n"));
	/* a comma far from the end is none to cut at */
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_CONFIG_ERROR,
		  "short, and then a sentence that goes on and on for longer than the line is");
	console(s, text);
	assert_non_null(strstr(text, "cause: short, and then a sentence that goes on and on for long...\r\n"));
	free(s);
}

/* Who must attach a card is not sent to type a passphrase, except where the machine ends anyway. */
static void test_a_missing_card_has_a_next_step_that_helps(void **state)
{
	struct show *s = show_new(1);
	char text[16384];

	(void)state;
	s->attempts[0].binding = (struct binding){ .kind = BINDING_CARD };
	s->run.goes_on = true;
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_MASTER_KEY_UNKNOWN,
		  "wants master key 0123456789abcdef: 00.0047 offline");
	verdict_hint(&s->attempts[0].verdict, "a passphrase cannot replace the card: attach its domain");
	console(s, text);
	assert_string_equal(text,
			    "cexluks: root stays closed: master-key-unknown\r\n"
			    "cexluks:   cause: wants master key 0123456789abcdef: 00.0047 offline\r\n"
			    "cexluks:   next: a passphrase cannot replace the card: attach its domain\r\n");
	s->run.goes_on = false;
	console(s, text);
	assert_non_null(strstr(text, "next: type the passphrase\r\n"));
	free(s);
}

static void test_an_old_master_key_is_a_line_and_a_word_in_the_report(void **state)
{
	struct show *s = show_new(1);
	struct tree *t = *state;
	_cleanup_json_ cJSON *report = NULL;
	_cleanup_json_text_ char *json = NULL;
	char text[16384];

	json_setup();
	s->attempts[0].binding = (struct binding){ .kind = BINDING_CARD };
	s->attempts[0].old_master_key = s->attempts[0].unchecked_key = true;
	console(s, text);
	assert_string_equal(text, "cexluks: root opened with card in 2.4 s\r\n"
				  "cexluks: root: master-key-old: re-encipher before the next change\r\n");
	assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	report = read_report(t);
	json = json_text(report);
	assert_non_null(strstr(json, "\"warnings\":[\"master-key-old\",\"pattern-not-compared\"]"));
	assert_non_null(strstr(json, "\"binding\":\"card\""));
	free(s);
}

static void test_whatever_names_and_causes_hold_lines_stay_lines(void **state)
{
	static const char *const names[] = { "r", LONG, "v\xc3\xb6lume", "a\nb", "\x1b[2J",
					     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
					     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	static const char *const causes[] = { "", "\x1b]0;evil\x07", "\xff\xfe", "a\r\ncexluks: root opened",
					      "caf\xc3\xa9 \xe2\x80\xa6" };
	char text[16384], cause[400];

	(void)state;
	memset(cause, 'c', sizeof(cause) - 1);
	cause[sizeof(cause) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t k = 0; k <= ARRAY_SIZE(causes); k++) {
			struct show *s = show_new(2);

			strcpy(s->want[0].name, names[i]);
			strcpy(s->want[1].name, names[i]);
			fail_with(&s->attempts[1], ATTEMPT_FAILED, OUTCOME_CREDENTIAL_UNUSABLE,
				  k < ARRAY_SIZE(causes) ? causes[k] : cause);
			console(s, text);
			assert_int_equal(check_lines(text), 4);
			free(s);
		}
}

static void test_a_long_name_loses_its_middle_not_the_outcome(void **state)
{
	struct show *s = show_new(1);
	char text[16384];

	(void)state;
	strcpy(s->want[0].name, LONG);
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_CREDENTIAL_UNUSABLE, "x");
	console(s, text);
	assert_non_null(strstr(text, "cexluks: luks-96fa7ba7..bb0e stays closed: credential-unusable"));
	free(s);
}

static void test_behind_a_prompt_only_what_was_opened_is_told(void **state)
{
	struct show *s = show_new(2);
	int pipes[2];
	char text[512];
	ssize_t n;

	(void)state;
	strcpy(s->want[0].name, LONG);
	(void)verdict_set(&s->attempts[0].verdict, OUTCOME_OK, "opened at the pending prompt");
	fail_with(&s->attempts[1], ATTEMPT_FAILED, OUTCOME_DNS_FAILED, "x");
	assert_int_equal(pipe(pipes), 0);
	report_console_behind(pipes[1], &s->run);
	(void)close(pipes[1]);
	n = read(pipes[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	(void)close(pipes[0]);
	assert_string_equal(text, "cexluks: luks-96fa7ba7..bb0e: opened at the pending prompt\r\n");
	free(s);
}

static void test_a_console_that_takes_nothing_holds_nobody_up(void **state)
{
	struct show *s = show_new(1);
	int pipes[2];

	(void)state;
	report_console(-1, &s->run);
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	while (write(pipes[1], "x", 1) == 1)
		;
	report_console(pipes[1], &s->run);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	free(s);
}

static void test_what_ends_a_boot_before_its_first_volume_has_three_lines(void **state)
{
	struct verdict v = { 0 };
	int pipes[2];
	char text[1024];
	ssize_t n;

	(void)state;
	(void)verdict_set(&v, OUTCOME_CONFIG_ERROR, "/etc/cexluks/cexluks.conf, line 3: unknown key");
	assert_int_equal(pipe(pipes), 0);
	report_console_verdict(pipes[1], "no automatic unlock", &v);
	(void)close(pipes[1]);
	n = read(pipes[0], text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	(void)close(pipes[0]);
	assert_int_equal(check_lines(text), 3);
	assert_non_null(strstr(text, "line 3: unknown key"));
}

static int runs_in(const cJSON *report)
{
	return cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(report, "runs"));
}

static void test_the_report_is_json_of_at_most_eight_runs_with_the_first(void **state)
{
	struct show *s = show_new(1);
	struct tree *t = *state;

	json_setup();
	for (int i = 1; i <= 12; i++) {
		_cleanup_json_ cJSON *report = NULL;
		const cJSON *run;

		s->run.mode = i == 1 ? "boot" : "retry";
		assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
		report = read_report(t);
		assert_int_equal(runs_in(report), i < 8 ? i : 8);
		run = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(report, "runs"), 0);
		assert_string_equal(json_string(run, "mode", 1, 10), "boot");
	}
	free(s);
}

static void test_a_damaged_report_is_replaced(void **state)
{
	static const char *const damage[] = { "", "{", "[]", "{\"runs\":{}}", "null",
					      "{\"version\":1,\"runs\":[" };
	struct show *s = show_new(1);
	struct tree *t = *state;

	json_setup();
	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		_cleanup_json_ cJSON *report = NULL;

		tree_put(t, "/run/report.json", damage[i]);
		assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
		report = read_report(t);
		assert_int_equal(runs_in(report), 1);
	}
	free(s);
}

/* Names come from crypttab and the command line: bytes, not text. */
static void test_names_that_are_no_utf8_leave_the_report_readable(void **state)
{
	struct show *s = show_new(1);
	struct tree *t = *state;
	_cleanup_json_ cJSON *report = NULL;

	json_setup();
	strcpy(s->want[0].name, "\xff\xfe\x01\xc3");
	fail_with(&s->attempts[0], ATTEMPT_FAILED, OUTCOME_DNS_FAILED, "a \"quoted\" \\ caf\xc3");
	assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	report = read_report(t);
	assert_int_equal(runs_in(report), 2);
	free(s);
}

static void fill_tried(struct attempt *a, const struct binding *binding, size_t n, const char *cause)
{
	for (size_t i = 0; i < n; i++) {
		struct tried *t = &a->tried.list[i];

		*t = (struct tried){ .binding = *binding, .began_ms = 1000 + 100 * i, .ended_ms = 1250 + 100 * i };
		(void)verdict_set(&t->verdict, OUTCOME_DNS_FAILED, "%s", cause);
		(void)verdict_hint(&t->verdict, "%s", cause);
		memset(t->correlation_id, 'c', sizeof(t->correlation_id) - 1);
		memset(t->iam_request_id, '"', sizeof(t->iam_request_id) - 1);
	}
	a->tried.n = n;
}

static void test_what_was_tried_is_told_in_its_order(void **state)
{
	struct show *s = show_new(1);
	struct attempt *a = &s->attempts[0];
	struct tree *t = *state;
	_cleanup_json_ cJSON *report = NULL;
	_cleanup_json_text_ char *json = NULL;

	json_setup();
	fill_tried(a, &s->binding, 2, "no answer");
	a->tried.list[1].binding = (struct binding){ .kind = BINDING_CARD };
	a->tried.list[1].verdict = a->verdict;
	a->tried.list[1].correlation_id[0] = a->tried.list[1].iam_request_id[0] = '\0';
	strcpy(a->tried.list[0].iam_request_id, "iam-1");
	a->tried.list[0].requests = 3;
	a->tried.list[0].correlation_id[8] = '\0';
	assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	report = read_report(t);
	json = json_text(report);
	assert_non_null(strstr(json, "\"tried\":[{\"binding\":\"kms:prod\",\"took_ms\":250,"
				     "\"outcome\":\"dns-failed\",\"cause\":\"no answer\",\"hint\":\"no answer\","
				     "\"tries\":3,\"correlation_id\":\"cccccccc\",\"iam_request_id\":\"iam-1\"},"
				     "{\"binding\":\"card\",\"after_ms\":100,\"took_ms\":250,"
				     "\"outcome\":\"ok\",\"cause\":\"opened\"}]"));
	assert_null(strstr(json, "tried_more"));
	free(s);
}

/* @ret_more: those that the report only counts. */
static int count_tried(const cJSON *report, int64_t *ret_more)
{
	const cJSON *run, *vol;
	int64_t more;
	int n = 0;

	*ret_more = 0;
	cJSON_ArrayForEach(run, cJSON_GetObjectItemCaseSensitive(report, "runs"))
		cJSON_ArrayForEach(vol, cJSON_GetObjectItemCaseSensitive(run, "volumes")) {
			n += cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(vol, "tried"));
			if (json_integer(vol, "tried_more", 1, INT64_MAX / 2, &more))
				*ret_more += more;
		}
	return n;
}

static void test_the_largest_report_can_be_read_again(void **state)
{
	struct show *s = show_new(LIMIT_VOLUMES);
	struct tree *t = *state;
	_cleanup_json_ cJSON *report = NULL;
	char cause[400];
	int64_t more;

	json_setup();
	memset(cause, '"', sizeof(cause) - 1);
	cause[sizeof(cause) - 1] = '\0';
	for (size_t i = 0; i < LIMIT_VOLUMES; i++) {
		memset(s->want[i].name, '"', sizeof(s->want[i].name) - 1);
		fail_with(&s->attempts[i], ATTEMPT_FAILED, OUTCOME_DNS_FAILED, cause);
		(void)verdict_hint(&s->attempts[i].verdict, "%s", cause);
		fill_tried(&s->attempts[i], &s->binding, LIMIT_TRIED, cause);
		s->attempts[i].tried.n += 3;
	}
	for (int i = 0; i < 9; i++)
		assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	report = read_report(t);
	assert_int_equal(runs_in(report), 8);
	assert_int_equal(count_tried(report, &more), 8 * LIMIT_TRIED_RUN);
	assert_int_equal(more, 8 * (LIMIT_VOLUMES * (LIMIT_TRIED + 3) - LIMIT_TRIED_RUN));
	free(s);
}

static void test_no_secret_is_in_the_report(void **state)
{
	struct show *s = show_new(1);
	struct tree *t = *state;
	_cleanup_free_ char *text = NULL;
	static char ciphertext[] = "planted-ciphertext", key[] = "planted-root-key";

	json_setup();
	s->token.ciphertext = ciphertext;
	s->token.key = key;
	assert_int_equal(secret_new(16, &s->attempts[0].passphrase), 0);
	memcpy(secret_data(s->attempts[0].passphrase), "planted-secret-x", 16);
	assert_int_equal(report_write(tree_path(t, "/run/report.json"), &s->run), 0);
	assert_int_equal(file_read(tree_path(t, "/run/report.json"), REPORT_SIZE, &text, NULL), 0);
	assert_null(strstr(text, "planted"));
	assert_non_null(strstr(text, "kms:prod"));
	secret_free(s->attempts[0].passphrase);
	free(s);
}

static void test_every_name_of_a_refused_volume_is_marked(void **state)
{
	struct plan_volume vol = { .name = "root", .aliases = { "evil", "luks-" U } }, none = { 0 };
	struct tree *t = *state;
	char directory[128];

	(void)snprintf(directory, sizeof(directory), "%s/run", t->root);
	aftermath_set_run_dir(directory);
	assert_false(aftermath_is_refused(&vol));
	assert_int_equal(aftermath_refuse(&vol), 0);
	assert_true(aftermath_is_refused(&vol));
	assert_int_equal(access(tree_path(t, "/run/refused/root"), F_OK), 0);
	assert_int_equal(access(tree_path(t, "/run/refused/evil"), F_OK), 0);
	assert_int_equal(access(tree_path(t, "/run/refused/luks-" U), F_OK), 0);
	assert_true(aftermath_refuse(&none) < 0);
	aftermath_set_run_dir(NULL);
}

static void test_marks_follow_the_last_verdict_on_the_header(void **state)
{
	struct config config = { .on_failure = ON_FAILURE_PROMPT };
	struct plan_volume vol = { .name = "root" };
	struct round round = { .config = &config, .n_attempts = 1 };
	struct attempt *a = &round.attempts[0];
	struct tree *t = *state;
	char directory[128];

	(void)snprintf(directory, sizeof(directory), "%s/run", t->root);
	aftermath_set_run_dir(directory);
	a->want = &vol;
	fail_with(a, ATTEMPT_REFUSED, OUTCOME_HEADER_REFUSED, "x");
	aftermath_follow(&config, &round);
	assert_true(aftermath_is_refused(&vol));
	assert_int_not_equal(access(tree_path(t, "/run/retry"), F_OK), 0);
	/* not there any more: that proves nothing */
	fail_with(a, ATTEMPT_FAILED, OUTCOME_DEVICE_MISSING, "x");
	aftermath_follow(&config, &round);
	assert_true(aftermath_is_refused(&vol));
	assert_int_equal(access(tree_path(t, "/run/retry"), F_OK), 0);
	/* accepted, though the service is away */
	a->n_order = 1;
	fail_with(a, ATTEMPT_FAILED, OUTCOME_KMS_UNREACHABLE, "x");
	aftermath_follow(&config, &round);
	assert_false(aftermath_is_refused(&vol));
	/* a card was there, and its kernel not ready until the end */
	fail_with(a, ATTEMPT_FAILED, OUTCOME_DEVICE_MAPPER, "x");
	aftermath_follow(&config, &round);
	assert_int_not_equal(access(tree_path(t, "/run/retry"), F_OK), 0);
	a->waited_for_card = true;
	aftermath_follow(&config, &round);
	assert_int_equal(access(tree_path(t, "/run/retry"), F_OK), 0);
	/* with on-refusal = prompt nothing is marked */
	config.on_refusal = ON_REFUSAL_PROMPT;
	fail_with(a, ATTEMPT_REFUSED, OUTCOME_HEADER_REFUSED, "x");
	aftermath_follow(&config, &round);
	assert_false(aftermath_is_refused(&vol));
	assert_int_not_equal(access(tree_path(t, "/run/retry"), F_OK), 0);
	aftermath_set_run_dir(NULL);
}

static void test_only_what_the_boot_needs_is_a_failure(void **state)
{
	struct plan_volume vol = { .name = "root" };
	struct round round = { .n_attempts = 1 };

	(void)state;
	round.attempts[0].want = &vol;
	round.attempts[0].state = ATTEMPT_OPENED;
	assert_false(aftermath_is_failure(&round));
	round.attempts[0].state = ATTEMPT_FAILED;
	assert_true(aftermath_is_failure(&round));
	vol.options.nofail = true;
	assert_false(aftermath_is_failure(&round));
	vol.options.nofail = false;
	vol.stranger = true;
	round.attempts[0].state = ATTEMPT_REFUSED;
	assert_false(aftermath_is_failure(&round));
}

static void test_every_policy_has_words_that_fit_the_console(void **state)
{
	(void)state;
	for (int i = ON_FAILURE_PROMPT; i <= ON_FAILURE_HALT; i++) {
		struct config c = { .on_failure = (enum config_on_failure)i };

		assert_in_range(strlen(aftermath_words(&c)), 5, 76 - 17);
	}
	for (int i = ON_REFUSAL_BLOCK; i <= ON_REFUSAL_PROMPT; i++) {
		struct config c = { .on_refusal = (enum config_on_refusal)i };

		assert_true(strlen(aftermath_refusal_words(&c)) <= 76 - 17);
	}
}

static void count(const char *command, void *userdata)
{
	int *n = userdata;

	assert_true(*command);
	++*n;
}

static void test_a_change_is_followed_by_at_least_one_command(void **state)
{
	int n = 0;

	(void)state;
	op_follow("", count, &n);
	assert_in_range(n, 1, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_an_opened_volume_is_one_line_and_a_failed_one_three),
		T(test_a_failure_that_waiting_cannot_mend_has_its_own_next_step),
		T(test_a_list_that_is_too_long_is_cut_between_its_items),
		T(test_a_missing_card_has_a_next_step_that_helps),
		T(test_an_old_master_key_is_a_line_and_a_word_in_the_report),
		T(test_whatever_names_and_causes_hold_lines_stay_lines),
		T(test_a_long_name_loses_its_middle_not_the_outcome),
		T(test_behind_a_prompt_only_what_was_opened_is_told),
		T(test_a_console_that_takes_nothing_holds_nobody_up),
		T(test_what_ends_a_boot_before_its_first_volume_has_three_lines),
		T(test_the_report_is_json_of_at_most_eight_runs_with_the_first),
		T(test_a_damaged_report_is_replaced),
		T(test_names_that_are_no_utf8_leave_the_report_readable),
		T(test_what_was_tried_is_told_in_its_order),
		T(test_the_largest_report_can_be_read_again),
		T(test_no_secret_is_in_the_report),
		T(test_every_name_of_a_refused_volume_is_marked),
		T(test_marks_follow_the_last_verdict_on_the_header),
		T(test_only_what_the_boot_needs_is_a_failure),
		T(test_every_policy_has_words_that_fit_the_console),
		T(test_a_change_is_followed_by_at_least_one_command),
	};

	return cmocka_run_group_tests_name("op/report", tests, NULL, NULL);
}
