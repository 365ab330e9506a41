/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attempts and the loop around them, up to where device mapper would begin. */
#include "op/stage.h"

#include <sys/times.h>
#include <sys/wait.h>

#include "base/deadline.h"
#include "luks/volume.h"
#include "op/aftermath.h"
#include "op/keys.h"

#define GIVE(s, ...) stage_tokens(s, __VA_ARGS__)

/* Where this kernel has no device mapper, an accepted passphrase ends here. */
static bool was_accepted(const struct attempt *a)
{
	return a->verdict.outcome == OUTCOME_DEVICE_MAPPER || a->state == ATTEMPT_OPENED;
}

static void test_each_answer_of_the_service_has_its_outcome(void **state)
{
	static const struct {
		const char *key;
		enum outcome outcome;
		const char *cause;
		uint64_t patience_ms; /* long where it ends before; machines under test are slow */
	} rows[] = {
		{ TOKEN("prod", "right"), OUTCOME_TIMEOUT, "no question", 2500 },
		{ TOKEN("prod", "wrong"), OUTCOME_WRONG_PASSPHRASE, "root", 20000 },
		{ TOKEN("prod", "gone"), OUTCOME_KMS_KEY_GONE, "deleted", 20000 },
		{ TOKEN("prod", "down"), OUTCOME_KMS_UNREACHABLE, "kms.test", 20000 },
		{ TOKEN("prod", "hang"), OUTCOME_TIMEOUT, "", 700 },
		{ TOKEN("prod", "die"), OUTCOME_KMS_UNREACHABLE, "", 20000 },
		{ TOKEN("nobody", "right"), OUTCOME_CONFIG_ERROR, "nobody", 20000 },
		{ TOKEN_AS("prod", "right", "false", "3"), OUTCOME_HEADER_REFUSED, "additional data", 20000 },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;

		GIVE(s, rows[i].key, NULL, NULL);
		stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = stage_run(s, rows[i].patience_ms);
		if (a->verdict.outcome != rows[i].outcome || !strstr(a->verdict.cause, rows[i].cause))
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome),
				 a->verdict.cause);
		assert_int_equal(a->state, outcome_is_refusal(rows[i].outcome) ? ATTEMPT_REFUSED :
										 ATTEMPT_FAILED);
		assert_null(a->passphrase);
		stage_strike(s);
	}
}

static void test_the_right_passphrase_gets_as_far_as_device_mapper(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;

	if (luks_volume_close("cexluks-no-such-mapping") != LUKS_NO_MAPPER) {
		print_message("SKIP: this kernel has a device mapper; the boot tests use it\n");
		skip();
	}
	GIVE(s, TOKEN("prod", "right"), NULL, NULL);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	assert_true(was_accepted(a));
	assert_int_equal(a->tries, 1);
	assert_null(a->passphrase);
}

static void test_the_next_binding_is_tried_and_the_best_verdict_stays(void **state)
{
	static const struct {
		const char *first, *second, *third, *cmdline;
		enum outcome outcome;
		const char *profile;
	} rows[] = {
		{ TOKEN("prod", "wrong"), TOKEN("dr", "right"), NULL, "", OUTCOME_TIMEOUT, "dr" },
		{ TOKEN("prod", "gone"), TOKEN("dr", "right"), NULL, "", OUTCOME_TIMEOUT, "dr" },
		{ TOKEN("prod", "down"), TOKEN("dr", "gone"), NULL, "", OUTCOME_KMS_UNREACHABLE, "prod" },
		{ TOKEN("prod", "gone"), TOKEN("dr", "down"), NULL, "", OUTCOME_KMS_UNREACHABLE, "dr" },
		{ TOKEN("prod", "gone"), TOKEN("dr", "wrong"), NULL, "", OUTCOME_KMS_KEY_GONE, "prod" },
		{ TOKEN("prod", "down"), TOKEN("nobody", "x1"), NULL, "", OUTCOME_KMS_UNREACHABLE,
		  "prod" },
		{ TOKEN("prod", "gone"), TOKEN("nobody", "x1"), NULL, "", OUTCOME_KMS_KEY_GONE, "prod" },
		{ TOKEN("prod", "down"), TOKEN("dr", "right"), NULL, "rd.cexluks.kms=prod",
		  OUTCOME_KMS_UNREACHABLE, "prod" },
		{ TOKEN("prod", "right"), TOKEN("dr", "right"), NULL, "rd.cexluks.kms=nobody",
		  OUTCOME_NOT_BOUND, "prod" },
		{ TOKEN("prod", "down"), TOKEN("dr", "gone"), TOKEN("nobody", "x1"),
		  "", OUTCOME_KMS_UNREACHABLE, "prod" },
		/* a token that was tampered with is not stepped over */
		{ TOKEN("prod", "down"), TOKEN_AS("dr", "right", "false", "3"), NULL, "",
		  OUTCOME_HEADER_REFUSED, "dr" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;

		GIVE(s, rows[i].first, rows[i].second, rows[i].third);
		stage_begin(s, PROD DR, rows[i].cmdline, "root UUID=" U "\n", ATTEMPT_ANSWER);
		a = stage_run(s, rows[i].outcome == OUTCOME_TIMEOUT ? 2500 : 20000);
		if (a->verdict.outcome != rows[i].outcome || !a->binding.token ||
		    strcmp(a->binding.token->profile, rows[i].profile) != 0)
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome),
				 a->verdict.cause);
		stage_strike(s);
	}
}

/* What was tried in which order, and what came of it: "prod: timeout, dr: opens". */
static void check_tried(const struct attempt *a, const char *expected)
{
	char said[512] = "";
	uint64_t before = 0;

	for (size_t i = 0; i < a->tried.n; i++) {
		const struct tried *t = &a->tried.list[i];
		bool opens = t->verdict.outcome == OUTCOME_OK || t->verdict.outcome == OUTCOME_DEVICE_MAPPER;
		size_t n = strlen(said);

		(void)snprintf(said + n, sizeof(said) - n, "%s%s: %s", n ? ", " : "", t->binding.token->profile,
			       opens ? "opens" : outcome_word(t->verdict.outcome));
		assert_in_range(t->began_ms, before, t->ended_ms);
		assert_true(t->ended_ms <= a->ended_ms);
		before = t->began_ms;
	}
	assert_string_equal(said, expected);
}

static void test_a_slow_service_gets_company(void **state)
{
	static const struct {
		const char *first, *second, *third;
		enum outcome outcome; /* OUTCOME_OK: it opens */
		const char *profile, *tried;
	} rows[] = {
		{ TOKEN("prod", "hang"), TOKEN("dr", "right"), NULL, OUTCOME_OK, "dr",
		  "prod: timeout, dr: opens" },
		{ TOKEN("prod", "hang"), TOKEN("prod", "hang"), TOKEN("dr", "right"), OUTCOME_OK, "dr",
		  "prod: timeout, prod: timeout, dr: opens" },
		{ TOKEN("prod", "late-right"), TOKEN("dr", "hang"), NULL, OUTCOME_OK, "prod",
		  "prod: opens, dr: timeout" },
		{ TOKEN("prod", "late-gone"), TOKEN("dr", "right"), NULL, OUTCOME_OK, "dr",
		  "prod: kms-key-gone, dr: opens" },
		{ TOKEN("prod", "late-right"), TOKEN("dr", "wrong"), NULL, OUTCOME_OK, "prod",
		  "prod: opens, dr: timeout" },
		/* when the first one failed, the third one does not wait for the second */
		{ TOKEN("prod", "late-gone"), TOKEN("prod", "hang"), TOKEN("dr", "right"), OUTCOME_OK, "dr",
		  "prod: kms-key-gone, prod: timeout, dr: opens" },
		{ TOKEN("prod", "late-gone"), TOKEN("dr", "hang"), NULL, OUTCOME_TIMEOUT, "dr",
		  "prod: kms-key-gone, dr: timeout" },
		{ TOKEN("prod", "hang"), TOKEN("dr", "gone"), NULL, OUTCOME_TIMEOUT, "prod",
		  "prod: timeout, dr: kms-key-gone" },
		{ TOKEN("prod", "hang"), TOKEN("dr", "hang"), NULL, OUTCOME_TIMEOUT, "prod",
		  "prod: timeout, dr: timeout" },
		{ TOKEN("prod", "hang"), TOKEN("nobody", "x1"), NULL, OUTCOME_TIMEOUT, "prod",
		  "prod: timeout, nobody: config-error" },
		/* what was tampered with ends the search, and what is under way before it may still open */
		{ TOKEN("prod", "hang"), TOKEN_AS("dr", "right", "false", "3"), NULL, OUTCOME_HEADER_REFUSED,
		  "dr",
		  "prod: timeout, dr: header-refused" },
		{ TOKEN("prod", "late-right"), TOKEN_AS("dr", "right", "false", "3"), NULL, OUTCOME_OK, "prod",
		  "prod: opens, dr: header-refused" },
		{ TOKEN("prod", "late-gone"), TOKEN_AS("prod", "right", "false", "3"), TOKEN("dr", "right"),
		  OUTCOME_HEADER_REFUSED, "prod",
		  NULL /* whether the late answer comes in time */ },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;
		bool as_wanted;

		GIVE(s, rows[i].first, rows[i].second, rows[i].third);
		stage_begin(s, PROD DR, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
		a = stage_run(s, 2500);
		as_wanted = rows[i].outcome == OUTCOME_OK ? was_accepted(a) : a->verdict.outcome == rows[i].outcome;
		if (!as_wanted || !a->binding.token || strcmp(a->binding.token->profile, rows[i].profile) != 0)
			fail_msg("row %zu: %s: %s, %s", i, outcome_word(a->verdict.outcome), a->verdict.cause,
				 a->binding.token ? a->binding.token->profile : "none");
		if (rows[i].tried)
			check_tried(a, rows[i].tried);
		assert_null(a->passphrase);
		stage_strike(s);
	}
}

/* The search for company never takes longer than this, however long the boot may wait. */
static void test_a_slow_service_costs_seconds(void **state)
{
	struct stage *s = *state;
	uint64_t began = deadline_now();
	const struct attempt *a;

	GIVE(s, TOKEN("prod", "hang"), TOKEN("dr", "right"), NULL);
	stage_begin(s, PROD DR, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	a = stage_run(s, 60000);
	assert_true(was_accepted(a));
	assert_in_range(deadline_now() - began, LIMIT_SLOW_MS, 2 * LIMIT_SLOW_MS);
}

static void test_a_profile_that_cannot_be_used_does_not_stop_the_other(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;

	GIVE(s, TOKEN("prod", "right"), TOKEN("dr", "down"), NULL);
	tree_put_bytes(s->tree, "/open-key", "secret-api-key\n", 15, 0644);
	stage_begin(s, "[kms prod]\nendpoint = https://a.test\nca-file = /ca\napi-key = file:/open-key\n"
		       "instance = 01234567-89ab-cdef-0123-456789abcdef\n" DR,
		    "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_KMS_UNREACHABLE);
	assert_string_equal(a->binding.token->profile, "dr");
}

static void test_pins_are_kept(void **state)
{
	static const struct {
		const char *pins, *cmdline, *crypttab;
		enum outcome outcome;
	} rows[] = {
		{ "cipher = aes-xts-plain64\n", "", "", OUTCOME_KMS_UNREACHABLE },
		{ "cipher = paes-xts-plain64\n", "", "", OUTCOME_HEADER_REFUSED },
		{ "min-serial = 3\n", "", "", OUTCOME_KMS_UNREACHABLE },
		{ "min-serial = 4\n", "", "", OUTCOME_HEADER_REFUSED },
		{ "require = secure-key\n", "", "", OUTCOME_NOT_A_SECURE_KEY },
		{ "verification-pattern = 599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2\n", "", "",
		  OUTCOME_PATTERN_MISMATCH },
		{ "", "rd.cexluks.pattern=96fa=00", "", OUTCOME_PATTERN_MISMATCH },
		{ "", "rd.cexluks.pattern=0b5e=00", "", OUTCOME_KMS_UNREACHABLE },
		{ "bindings = card\n", "", "", OUTCOME_NOT_BOUND },
		{ "bindings = kms:prod\n", "", "", OUTCOME_KMS_UNREACHABLE },
		/* systemd would keep no condition, so nothing is handed to it */
		{ "cipher = aes-xts-plain64\n", "rd.luks.options=tpm2-device=auto", "",
		  OUTCOME_CONFIG_ERROR },
		{ "cipher = aes-xts-plain64\n", "", "r UUID=" U " none tpm2-device=auto\n",
		  OUTCOME_CONFIG_ERROR },
	};
	struct stage *s = *state;

	GIVE(s, TOKEN("prod", "down"), NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;
		char config[1024];

		(void)snprintf(config, sizeof(config), PROD ROOT "%s", rows[i].pins);
		stage_begin(s, config, rows[i].cmdline, rows[i].crypttab, ATTEMPT_ACTIVATE);
		a = stage_run(s, 20000);
		if (a->verdict.outcome != rows[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome),
				 a->verdict.cause);
		stage_strike(s);
	}
}

static void test_a_volume_without_a_binding_says_so(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;

	scratch_reset(s->disk);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_NOT_BOUND);
	assert_non_null(strstr(a->verdict.hint, "cexluks bind"));
}

static void test_a_damaged_header_is_refused_not_prompted_for(void **state)
{
	_cleanup_free_ unsigned char *image = calloc(1, IMAGE_SIZE);
	struct stage *s = *state;

	assert_non_null(image);
	scratch_write(s->disk->path, image);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	assert_int_equal(stage_run(s, 1000)->state, ATTEMPT_REFUSED);
}

static void test_a_device_that_never_comes_ends_at_the_deadline(void **state)
{
	struct stage *s = *state;
	uint64_t began = deadline_now();
	const struct attempt *a;

	stage_begin(s, PROD, "", "root UUID=00000000-5229-4f32-a9d3-849404febb0e\n", ATTEMPT_ACTIVATE);
	a = stage_run(s, 300);
	assert_int_equal(a->verdict.outcome, OUTCOME_DEVICE_MISSING);
	assert_non_null(strstr(a->verdict.cause, "00000000-5229"));
	assert_in_range(deadline_now() - began, 300, 3000);
}

static void test_nobody_waits_for_an_optional_device(void **state)
{
	struct stage *s = *state;
	uint64_t began = deadline_now();
	const struct attempt *a;

	stage_begin(s, PROD, "", "root UUID=00000000-5229-4f32-a9d3-849404febb0e\n", ATTEMPT_ACTIVATE);
	s->setup.plan->volumes[0].optional = true;
	a = stage_run(s, 60000);
	assert_int_equal(a->state, ATTEMPT_FAILED);
	assert_int_equal(a->verdict.outcome, OUTCOME_DEVICE_MISSING);
	assert_in_range(deadline_now() - began, 0, 20000);
}

static void test_no_time_at_all_is_enough_for_a_verdict(void **state)
{
	struct stage *s = *state;

	GIVE(s, TOKEN("prod", "right"), NULL, NULL);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	assert_int_equal(stage_run(s, 0)->verdict.outcome, OUTCOME_TIMEOUT);
}

static double cpu_seconds(void)
{
	struct tms t;

	(void)times(&t);
	return (double)(t.tms_utime + t.tms_stime) / (double)sysconf(_SC_CLK_TCK);
}

/* Notices of the network that nobody reads must not turn the wait into a busy loop. */
static void test_waiting_costs_no_processor_time(void **state)
{
	struct stage *s = *state;
	double before;
	pid_t pid;

	GIVE(s, TOKEN("prod", "hang"), NULL, NULL);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	pid = fork();
	if (!pid) {
		/* any change of an address is a notice */
		(void)!system("ip addr add 127.9.9.9/32 dev lo 2>/dev/null; "
			      "ip addr del 127.9.9.9/32 dev lo 2>/dev/null");
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	before = cpu_seconds();
	(void)stage_run(s, 1500);
	assert_true(cpu_seconds() - before < 0.5);
}

static void test_an_abbreviation_must_fit_one_device(void **state)
{
	struct scratch *other = scratch_new("aes", "xts-plain64", 64);
	struct stage *s = *state;
	const struct attempt *a;

	GIVE(s, TOKEN("prod", "down"), NULL, NULL);
	stage_begin(s, PROD, "rd.luks.uuid=96fa rd.luks.name=96=root", "", ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	assert_int_equal(a->verdict.outcome, OUTCOME_KMS_UNREACHABLE);
	assert_string_equal(a->want->uuid, U);
	assert_string_equal(a->want->name, "root");
	stage_strike(s);

	/* another device whose UUID begins alike */
	{
		struct crypt_device *cd = NULL;

		assert_int_equal(crypt_init(&cd, other->path), 0);
		assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
		assert_int_equal(crypt_set_uuid(cd, "96fa0000-5229-4f32-a9d3-849404febb0e"), 0);
		crypt_free(cd);
	}
	stage_attach(s, "96fa0000-5229-4f32-a9d3-849404febb0e", other->path);
	stage_begin(s, PROD, "rd.luks.uuid=96fa", "", ATTEMPT_ACTIVATE);
	a = stage_run(s, 200);
	assert_int_equal(a->verdict.outcome, OUTCOME_DEVICE_MISSING);
	assert_non_null(strstr(a->verdict.cause, "may mean"));
	scratch_free(other);
}

static void test_a_volume_named_by_path_and_by_uuid_is_one(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;
	char crypttab[128];

	GIVE(s, TOKEN("prod", "down"), NULL, NULL);
	(void)snprintf(crypttab, sizeof(crypttab), "cryptroot %s\n", s->disk->path);
	stage_begin(s, PROD ROOT "min-serial = 4\n", "rd.luks.uuid=" U, crypttab, ATTEMPT_ACTIVATE);
	assert_int_equal(s->setup.plan->n_volumes, 2);
	a = stage_run(s, 20000);
	assert_int_equal(s->round.n_attempts, 1);
	assert_string_equal(a->want->name, "cryptroot");
	/* and the pin of the UUID holds */
	assert_int_equal(a->verdict.outcome, OUTCOME_HEADER_REFUSED);
	stage_strike(s);

	stage_begin(s, PROD, "rd.cexluks.uuid=00000000", crypttab, ATTEMPT_ACTIVATE);
	a = stage_run(s, 200);
	assert_int_equal(s->round.n_attempts, 1);
	assert_string_equal(a->want->uuid, "00000000");
	stage_strike(s);

	stage_begin(s, PROD, "rd.cexluks.uuid=96fa", crypttab, ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	assert_string_equal(s->round.attempts[0].want->name, "cryptroot");
	assert_int_equal(a->verdict.outcome, OUTCOME_KMS_UNREACHABLE);
}

static void test_a_scan_takes_what_carries_a_binding_and_ends_at_once(void **state)
{
	struct stage *s = *state;

	if (access("/run/udev/queue", F_OK) == 0) {
		print_message("SKIP: udev is busy on this machine, and the scan would wait\n");
		skip();
	}
	scratch_reset(s->disk);
	stage_begin(s, PROD, "", "", ATTEMPT_ACTIVATE);
	assert_true(s->setup.plan->scan);
	assert_null(stage_run(s, 20000));
	stage_strike(s);

	GIVE(s, TOKEN("prod", "down"), NULL, NULL);
	stage_begin(s, PROD, "", "", ATTEMPT_ACTIVATE);
	assert_int_equal(stage_run(s, 20000)->verdict.outcome, OUTCOME_KMS_UNREACHABLE);
	assert_false(s->round.attempts[0].want->stranger);
	stage_strike(s);

	/* header refused before its bindings were known: told, but nobody's reason to reboot */
	GIVE(s, "{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"url\":\"https://evil.test\"}", NULL, NULL);
	stage_begin(s, PROD, "", "", ATTEMPT_ACTIVATE);
	assert_int_equal(stage_run(s, 20000)->state, ATTEMPT_REFUSED);
	assert_true(s->round.attempts[0].want->stranger);
}

static void test_a_detached_header_is_waited_for_and_used(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;
	char crypttab[256], data[96], header[96];

	(void)snprintf(data, sizeof(data), "%s/data", s->tree->root);
	(void)snprintf(header, sizeof(header), "%s/header", s->tree->root);
	tree_put(s->tree, "/data", "");
	assert_int_equal(truncate(data, IMAGE_SIZE), 0);
	(void)snprintf(crypttab, sizeof(crypttab), "vault %s none header=%s\n", data, header);
	GIVE(s, TOKEN("prod", "down"), NULL, NULL);
	stage_begin(s, PROD, "", crypttab, ATTEMPT_ACTIVATE);
	a = stage_run(s, 200);
	assert_int_equal(a->verdict.outcome, OUTCOME_DEVICE_MISSING);
	assert_non_null(strstr(a->verdict.cause, "header="));
	stage_strike(s);

	assert_int_equal(symlink(s->disk->path, header), 0);
	stage_begin(s, PROD, "", crypttab, ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	if (a->verdict.outcome != OUTCOME_KMS_UNREACHABLE)
		fail_msg("%s: %s", outcome_word(a->verdict.outcome), a->verdict.cause);
	assert_string_equal(a->want->uuid, U);
	assert_string_equal(a->want->name, "vault");
}

static void test_a_pending_question_gets_the_passphrase(void **state)
{
	struct stage *s = *state;
	const struct attempt *a;
	char answer[256];
	int fd = stage_ask(s, s->disk->path);

	GIVE(s, TOKEN("prod", "right"), NULL, NULL);
	/* options that are systemd's do not matter: it opens the volume */
	stage_begin(s, PROD, "", "root UUID=" U " none tpm2-device=auto\n", ATTEMPT_ANSWER);
	s->round.questions = answer_watch();
	a = stage_run(s, 3000);
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), 1 + HUMAN_LEN);
	assert_memory_equal(answer, "+" HUMAN, 1 + HUMAN_LEN);
	assert_true(a->answered);
	assert_null(a->passphrase);
	assert_int_equal(a->verdict.outcome, OUTCOME_TIMEOUT); /* no systemd here that would open it */
	assert_non_null(strstr(a->verdict.cause, "did not open"));
	(void)close(s->round.questions);
	(void)close(fd);
}

static void test_a_question_that_comes_later_is_answered_when_it_comes(void **state)
{
	struct stage *s = *state;
	char answer[256];
	int fd;

	GIVE(s, TOKEN("prod", "right"), NULL, NULL);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ANSWER);
	s->round.questions = answer_watch();
	round_run(&s->round, deadline_after(2500));
	assert_int_equal(s->round.attempts[0].verdict.outcome, OUTCOME_TIMEOUT);
	assert_non_null(strstr(s->round.attempts[0].verdict.cause, "no question"));
	stage_strike(s);

	fd = stage_ask(s, "/dev/null"); /* somebody else's */
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ANSWER);
	round_run(&s->round, deadline_after(2500));
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), -1);
	(void)close(s->round.questions);
	(void)close(fd);
}

static void test_a_wrong_passphrase_is_never_sent_to_a_question(void **state)
{
	struct stage *s = *state;
	char answer[256];
	int fd = stage_ask(s, s->disk->path);

	GIVE(s, TOKEN("prod", "wrong"), NULL, NULL);
	stage_begin(s, PROD, "", "root UUID=" U "\n", ATTEMPT_ANSWER);
	assert_int_equal(stage_run(s, 20000)->verdict.outcome, OUTCOME_WRONG_PASSPHRASE);
	assert_int_equal(recv(fd, answer, sizeof(answer), 0), -1);
	(void)close(fd);
}

static void test_two_volumes_on_one_keyless_device_do_not_starve_each_other(void **state)
{
	struct stage *s = *state;

	/* one never comes, the other has its verdict long before the deadline */
	GIVE(s, TOKEN("prod", "gone"), NULL, NULL);
	stage_begin(s, PROD, "", "a UUID=00000000-5229-4f32-a9d3-849404febb0e\nb UUID=" U "\n",
		    ATTEMPT_ACTIVATE);
	(void)stage_run(s, 4000);
	assert_int_equal(s->round.attempts[0].verdict.outcome, OUTCOME_DEVICE_MISSING);
	assert_int_equal(s->round.attempts[1].verdict.outcome, OUTCOME_KMS_KEY_GONE);
	assert_true(s->round.attempts[1].ended_ms < s->round.attempts[0].ended_ms);
}

#define KEYS_AT_BOOT "[cexluks]\nkeys-at-boot = yes\n" PROD
#define KEYRING_TOKEN(key) "{\"type\":\"luks2-keyring\",\"keyslots\":[\"0\"],\"key_description\":\"" key "\"}"

/* One volume, and one key "mine" whose unwrapping goes as @role says. Returns what became of the volume. */
static const struct attempt *run_with_keys(struct stage *s, const char *role, bool can_wait, uint64_t ms)
{
	_cleanup_keys_ struct keys *keys = NULL;
	struct keys_request request = { .sysroot = s->tree->root, .key = role, .deadline = deadline_after(ms) };
	struct verdict about = { 0 };
	const struct attempt *a;

	tree_put(s->tree, KEYS_DIRECTORY "/user/mine", "AAAA");
	stage_begin(s, KEYS_AT_BOOT, "", "root UUID=" U "\n", ATTEMPT_ACTIVATE);
	request.config = s->setup.config;
	request.session = s->session;
	assert_int_equal(keys_new(&request, &keys, &about), OUTCOME_OK);
	s->round.keys = keys;
	s->round.keys_can_wait = can_wait;
	a = stage_run(s, ms);
	round_end_keys(&s->round, &about);
	s->round.keys = NULL;
	return a;
}

static void test_a_volume_left_to_its_token_fails_without_the_key(void **state)
{
	static const struct {
		const char *token, *role;
		enum outcome outcome;
		uint64_t ms;
	} rows[] = {
		{ KEYRING_TOKEN("mine"), "down", OUTCOME_KMS_UNREACHABLE, 30000 },
		{ KEYRING_TOKEN("mine"), "gone", OUTCOME_KMS_KEY_GONE, 30000 },
		{ KEYRING_TOKEN("mine"), "hang", OUTCOME_TIMEOUT, 700 },
		/* nobody waits for a key that it does not name */
		{ KEYRING_TOKEN("other"), "hang", OUTCOME_NOT_BOUND, 30000 },
		{ KEYRING_TOKEN("cexluks:" U), "hang", OUTCOME_NOT_BOUND, 30000 },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t began = deadline_now();
		const struct attempt *a;

		GIVE(s, rows[i].token, NULL, NULL);
		a = run_with_keys(s, rows[i].role, true, rows[i].ms);
		if (a->state != ATTEMPT_FAILED || a->verdict.outcome != rows[i].outcome)
			fail_msg("row %zu: %s: %s", i, outcome_word(a->verdict.outcome), a->verdict.cause);
		assert_true(aftermath_is_failure(&s->round));
		assert_false(attempt_is_worth_another(a));
		assert_in_range(deadline_now() - began, 0, 20000);
		stage_strike(s);
	}
}

static void test_keys_hold_nobody_up_who_needs_none(void **state)
{
	struct stage *s = *state;
	uint64_t began = deadline_now();

	scratch_reset(s->disk);
	assert_int_equal(run_with_keys(s, "hang", true, 60000)->verdict.outcome, OUTCOME_NOT_BOUND);
	assert_in_range(deadline_now() - began, 0, 20000);
	stage_strike(s);
	began = deadline_now();
	assert_int_equal(run_with_keys(s, "hang", false, 1500)->verdict.outcome, OUTCOME_NOT_BOUND);
	assert_true(deadline_now() - began >= 1500);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, stage_setup, stage_teardown)
		T(test_each_answer_of_the_service_has_its_outcome),
		T(test_the_right_passphrase_gets_as_far_as_device_mapper),
		T(test_the_next_binding_is_tried_and_the_best_verdict_stays),
		T(test_a_slow_service_gets_company),
		T(test_a_slow_service_costs_seconds),
		T(test_a_profile_that_cannot_be_used_does_not_stop_the_other),
		T(test_pins_are_kept),
		T(test_a_volume_without_a_binding_says_so),
		T(test_a_damaged_header_is_refused_not_prompted_for),
		T(test_a_device_that_never_comes_ends_at_the_deadline),
		T(test_nobody_waits_for_an_optional_device),
		T(test_no_time_at_all_is_enough_for_a_verdict),
		T(test_waiting_costs_no_processor_time),
		T(test_an_abbreviation_must_fit_one_device),
		T(test_a_volume_named_by_path_and_by_uuid_is_one),
		T(test_a_scan_takes_what_carries_a_binding_and_ends_at_once),
		T(test_a_detached_header_is_waited_for_and_used),
		T(test_a_pending_question_gets_the_passphrase),
		T(test_a_question_that_comes_later_is_answered_when_it_comes),
		T(test_a_wrong_passphrase_is_never_sent_to_a_question),
		T(test_a_volume_left_to_its_token_fails_without_the_key),
		T(test_keys_hold_nobody_up_who_needs_none),
		T(test_two_volumes_on_one_keyless_device_do_not_starve_each_other),
	};

	STAGE_CHILD(argc, argv);
	return cmocka_run_group_tests_name("op/round", tests, NULL, NULL);
}
