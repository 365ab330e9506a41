/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an attempt does with a passphrase in hand, up to where device mapper would begin: attackers'
 * volumes, cards that lack something, come late or not at all, pinned patterns, key files.
 */
#include "op/card-stage.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "base/log.h"
#include "op/sealed-key.h"

#define WRONG_CARD CARD_AS("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "1")
#define OWNER	   ROOT "bindings = keyfile:/etc/luks/cex.key\n"
#define CRYPTTAB   "root UUID=" U "\n"
#define PATTERN_REST "242424242424242424242424242424242424242424242424242424242424242"

static void expect(const struct attempt *a, enum outcome outcome, const char *cause, size_t row)
{
	if (a->verdict.outcome != outcome || !strstr(a->verdict.cause, cause))
		fail_msg("row %zu: %s: %s", row, outcome_word(a->verdict.outcome), a->verdict.cause);
	assert_int_equal(a->state, outcome_is_refusal(outcome) ? ATTEMPT_REFUSED : ATTEMPT_FAILED);
	assert_null(a->passphrase);
	assert_null(a->key.key);
}

static void test_a_public_passphrase_opens_nothing_but_a_secure_key(void **state)
{
	const struct {
		struct blob blob;
		const char *cause;
	} rows[] = {
		{ blob_lookalike(), "clear key" },
		{ blob_protected(), "protected key" },
		{ blob_clear_token(), "clear key" },
		{ blob_truncated(), "broken" },
		{ blob_mixed_masters(), "different master keys" },
		{ blob_mixed_kinds(), "same kind" },
		{ blob_wrong_checksum(), "TVV" },
	};
	static const char *const configs[] = { "", OWNER };
	struct stage *s = *state;

	for (size_t i = 0; i < 2 * ARRAY_SIZE(rows); i++) {
		const bool keyfile = i % 2;

		volume_is(s, &rows[i / 2].blob, PUBLIC, GOOD_CARDS);
		stage_tokens(s, keyfile ? NULL : CARD, NULL, NULL);
		tree_put(s->tree, "/etc/luks/cex.key", PUBLIC);
		stage_begin(s, configs[keyfile], "", CRYPTTAB, ATTEMPT_ACTIVATE);
		expect(stage_run(s, 20000), OUTCOME_NOT_A_SECURE_KEY, rows[i / 2].cause, i);
		assert_int_equal(kernel.asked, 0);
		stage_strike(s);
	}
}

/* Before any passphrase is tried. */
static void test_a_public_passphrase_on_another_cipher_is_refused(void **state)
{
	static const char *const configs[] = { "", OWNER };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		stage_tokens(s, i ? NULL : CARD, NULL, NULL);
		stage_begin(s, configs[i], "", CRYPTTAB, ATTEMPT_ACTIVATE);
		expect(stage_run(s, 20000), OUTCOME_NOT_A_SECURE_KEY, "aes-xts-plain64", i);
		stage_strike(s);
	}
}

static void test_a_secure_key_that_the_card_can_use_is_activated(void **state)
{
	static const struct {
		const char *config, *token, *binding;
	} rows[] = {
		{ "", CARD, "card" },
		{ OWNER, NULL, "keyfile:/etc/luks/cex.key" },
		{ "[cexluks]\nrequire = secure-key\n", CARD, "card" },
		{ ROOT "verification-pattern = " PATTERN "\n", CARD, "card" },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	need_no_device_mapper();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;
		char binding[BINDING_NAME_SIZE];

		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		stage_tokens(s, rows[i].token, NULL, NULL);
		tree_put(s->tree, "/etc/luks/cex.key", PUBLIC);
		stage_begin(s, rows[i].config, "", CRYPTTAB, ATTEMPT_ACTIVATE);
		/* an interface that never comes up is nothing that a card waits for */
		s->round.wait_for_network = true;
		a = stage_run(s, 20000);
		expect(a, OUTCOME_DEVICE_MAPPER, "", i);
		binding_name(&a->binding, binding);
		assert_string_equal(binding, rows[i].binding);
		assert_int_equal(kernel.asked, 2); /* both halves, once */
		assert_int_equal(a->submitted_ms, 0);
		stage_strike(s);
	}
}

static void test_without_a_usable_card_the_verdict_names_the_master_key(void **state)
{
	static const struct {
		const char *cards;
		enum outcome outcome;
		const char *hint;
	} rows[] = {
		{ "no-card", OUTCOME_NO_CARD, "attach it" },
		{ "deconfigured", OUTCOME_CARD_OFFLINE, "set it online" },
		{ "accelerator-only", OUTCOME_CARD_WRONG_MODE, "mode" },
		{ "passed-through", OUTCOME_QUEUE_IN_USE, "domain" },
		{ "master-key-new-only", OUTCOME_MASTER_KEY_NOT_SET, "set the master key" },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;

		volume_is(s, &key, PUBLIC, rows[i].cards);
		stage_tokens(s, CARD, TOKEN("prod", "right"), NULL);
		stage_begin(s, PROD, "", CRYPTTAB, ATTEMPT_ACTIVATE);
		a = stage_run(s, 300);
		expect(a, rows[i].outcome, "wants master key 0123456789abcdef", i);
		assert_true(a->waited_for_card);
		assert_non_null(strstr(a->verdict.hint, "a passphrase cannot replace the card"));
		assert_non_null(strstr(a->verdict.hint, rows[i].hint));
		/* the other binding has the same volume key, so nobody was asked for it */
		assert_int_equal(a->tries, 0);
		assert_int_equal(a->binding.kind, BINDING_CARD);
		stage_strike(s);
	}
}

static void test_what_no_card_can_cure_is_decided_after_a_moment(void **state)
{
	static const struct {
		const char *cards;
		enum outcome outcome;
	} rows[] = {
		{ "handler-missing", OUTCOME_MODULE_MISSING },
		{ "no-ap-bus", OUTCOME_NO_AP_BUS },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t began = deadline_now();

		volume_is(s, &key, PUBLIC, rows[i].cards);
		stage_tokens(s, CARD, NULL, NULL);
		stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ACTIVATE);
		expect(stage_run(s, 30000), rows[i].outcome, "", i);
		assert_in_range(deadline_now() - began, LIMIT_MODULES_MS, LIMIT_MODULES_MS + 5000);
		stage_strike(s);
	}
}

/* A watch whose events this test sends; the timer is out of the way. */
static int watch_for(struct stage *s)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(cex_watch_new_from(s->setup.config->sysroot, pair[0], 600000,
					    &s->round.cards), 0);
	return pair[1];
}

static void uevent(int fd)
{
	static const char text[] = "change@/devices/ap\0ACTION=change\0DEVPATH=/devices/ap\0SUBSYSTEM=ap";

	assert_int_equal(send(fd, text, sizeof(text), 0), sizeof(text));
}

/* Something moves now, and the machine has other cards a moment later. */
static pid_t cards_become(struct stage *s, const char *cards, int fd)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	(void)usleep(400000);
	cards_are(s->tree, cards);
	uevent(fd);
	_exit(0);
}

static void test_a_card_that_comes_is_used_at_once(void **state)
{
	static const char *const before[] = { "no-card", "master-key-new-only", "handler-missing" };
	struct blob key = blob_pair();
	struct stage *s = *state;

	need_no_device_mapper();
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		_cleanup_close_ int fd = -1;
		uint64_t began;
		pid_t pid;

		volume_is(s, &key, PUBLIC, before[i]);
		stage_tokens(s, CARD, NULL, NULL);
		stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ACTIVATE);
		fd = watch_for(s);
		began = deadline_now();
		pid = cards_become(s, GOOD_CARDS, fd);
		expect(stage_run(s, 30000), OUTCOME_DEVICE_MAPPER, "", i);
		assert_in_range(deadline_now() - began, 300, 10000);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		stage_strike(s);
	}
}

/* What was missing has come, and with it the wait is one for a card again: long, and quiet. */
static void test_a_module_that_came_leaves_no_deadline_behind(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	_cleanup_close_ int fd = -1;
	pid_t pid;

	volume_is(s, &key, PUBLIC, "handler-missing");
	kernel.verify = -EBUSY;
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ACTIVATE);
	fd = watch_for(s);
	pid = cards_become(s, GOOD_CARDS, fd);
	expect(stage_run(s, LIMIT_MODULES_MS + 1500), OUTCOME_CARD_OFFLINE, "busy", 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* once more where a second has become three, by emulation beside other work */
	assert_in_range(kernel.asked, 1, 2);
}

/* An API key that the good cards keep. */
static void seal_api_key(struct stage *s)
{
	struct sealed_key sealed = { .what = "/prod.sealed", .profile = "prod" };
	_cleanup_volume_key_ struct volume_key lock = { 0 };
	_cleanup_secret_ struct secret *api_key = NULL;
	struct blob token = { .len = 136 };
	struct verdict v = { 0 };

	vector_aescipher_256(token.bytes);
	cards_are(s->tree, GOOD_CARDS);
	kernel_begin();
	assert_int_equal(secret_random_passphrase(44, &api_key), 0);
	memset(secret_data(api_key), 'k', 44);
	assert_int_equal(volume_key_take(blob_secret(&token), "paes-cbc-plain64", &lock, &v), OUTCOME_OK);
	if (sealed_key_make(&lock, api_key, s->tree->root, &sealed, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	tree_put_bytes(s->tree, "/prod.sealed", sealed.bytes, sealed.len, 0600);
}

#define SEALED                                                                                     \
	"[kms prod]\nendpoint = https://kms.test\ninstance = 01234567-89ab-cdef-0123-456789abcdef\n" \
	"api-key = sealed:/prod.sealed\nca-file = /ca\n"

static void test_a_card_that_comes_opens_the_api_key(void **state)
{
	static const char *const before[] = { "no-card", "master-key-new-only", "handler-missing" };
	struct stage *s = *state;

	need_no_device_mapper();
	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		_cleanup_close_ int fd = -1;
		const struct attempt *a;
		pid_t pid;

		seal_api_key(s);
		cards_are(s->tree, before[i]);
		stage_tokens(s, TOKEN("prod", "right"), NULL, NULL);
		stage_begin(s, SEALED, "", CRYPTTAB, ATTEMPT_ACTIVATE);
		fd = watch_for(s);
		pid = cards_become(s, GOOD_CARDS, fd);
		a = stage_run(s, 30000);
		expect(a, OUTCOME_DEVICE_MAPPER, "", i);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		stage_strike(s);
	}
}

/* What the service says then is told, not what cards lacked before. */
static void test_after_the_card_came_the_service_has_the_last_word(void **state)
{
	struct stage *s = *state;
	_cleanup_close_ int fd = -1;
	pid_t pid;

	seal_api_key(s);
	cards_are(s->tree, "no-card");
	stage_tokens(s, TOKEN("prod", "gone"), NULL, NULL);
	stage_begin(s, SEALED, "", CRYPTTAB, ATTEMPT_ACTIVATE);
	fd = watch_for(s);
	pid = cards_become(s, GOOD_CARDS, fd);
	expect(stage_run(s, 30000), OUTCOME_KMS_KEY_GONE, "deleted", 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_an_api_key_that_no_card_opens_is_told_and_tried_again_later(void **state)
{
	static const struct {
		const char *cards, *second;
		enum attempt_how how;
		enum outcome outcome;
		bool waits;
	} rows[] = {
		{ "no-card", NULL, ATTEMPT_ACTIVATE, OUTCOME_NO_CARD, true },
		{ "deconfigured", NULL, ATTEMPT_ACTIVATE, OUTCOME_CARD_OFFLINE, true },
		{ "no-ap-bus", NULL, ATTEMPT_ACTIVATE, OUTCOME_NO_AP_BUS, false },
		{ "no-card", NULL, ATTEMPT_PROVE, OUTCOME_NO_CARD, false },
		/* the next binding is tried first, and nobody waits any longer */
		{ "no-card", TOKEN("dr", "gone"), ATTEMPT_ACTIVATE, OUTCOME_NO_CARD, false },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;
		uint64_t began;

		seal_api_key(s);
		cards_are(s->tree, rows[i].cards);
		stage_tokens(s, TOKEN("prod", "right"), rows[i].second, NULL);
		stage_begin(s, SEALED DR, "", CRYPTTAB, rows[i].how);
		began = deadline_now();
		a = stage_run(s, LIMIT_MODULES_MS + 1000);
		expect(a, rows[i].outcome, "/prod.sealed", i);
		if (a->waited_for_card != rows[i].waits ||
		    (deadline_now() - began >= LIMIT_MODULES_MS + 1000) != rows[i].waits)
			fail_msg("row %zu: waited %d, %d ms", i, a->waited_for_card, (int)(deadline_now() - began));
		stage_strike(s);
	}
}

/* Looking costs the card a request, so only events and the timer lead to one. */
static void test_cards_are_not_asked_in_a_loop(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	_cleanup_close_ int fd = -1;

	volume_is(s, &key, PUBLIC, GOOD_CARDS);
	kernel.verify = -EBUSY;
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ACTIVATE);
	fd = watch_for(s);
	expect(stage_run(s, 1500), OUTCOME_CARD_OFFLINE, "busy", 0);
	assert_int_equal(kernel.asked, 1);
}

static void test_pinned_patterns_are_compared_once_the_card_can_compute_them(void **state)
{
	static const struct {
		const char *pins, *cmdline;
		int encrypt;
		enum outcome outcome;
	} rows[] = {
		{ "verification-pattern = " PATTERN "\n", "", 0, OUTCOME_DEVICE_MAPPER },
		{ "verification-pattern = 0" PATTERN_REST "\n", "", 0, OUTCOME_PATTERN_MISMATCH },
		{ "", "rd.cexluks.pattern=96fa=" PATTERN, 0, OUTCOME_DEVICE_MAPPER },
		{ "", "rd.cexluks.pattern=96fa=42", 0, OUTCOME_PATTERN_MISMATCH },
		/* the command line adds a condition and takes none away */
		{ "verification-pattern = 0" PATTERN_REST "\n", "rd.cexluks.pattern=96fa=" PATTERN, 0,
		  OUTCOME_PATTERN_MISMATCH },
		{ "verification-pattern = " PATTERN "\n", "rd.cexluks.pattern=96fa=00", 0,
		  OUTCOME_PATTERN_MISMATCH },
		{ "verification-pattern = " PATTERN "\n", "", CEX_REFUSED, OUTCOME_CARD_OFFLINE },
		{ "verification-pattern = " PATTERN "\n", "", CEX_MODULE_MISSING, OUTCOME_MODULE_MISSING },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	need_no_device_mapper();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char config[512];

		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		kernel.encrypt = rows[i].encrypt;
		stage_tokens(s, CARD, NULL, NULL);
		(void)snprintf(config, sizeof(config), ROOT "%s", rows[i].pins);
		stage_begin(s, config, rows[i].cmdline, CRYPTTAB, ATTEMPT_ACTIVATE);
		expect(stage_run(s, rows[i].outcome == OUTCOME_CARD_OFFLINE ? 300 : 20000),
		       rows[i].outcome, "", i);
		stage_strike(s);
	}
}

/* The service is a lock too, so a paes volume that no card protects may be meant. */
static void test_a_kms_binding_opens_an_unprotected_key_unless_forbidden(void **state)
{
	static const struct {
		const char *config, *cmdline;
		enum outcome outcome;
	} rows[] = {
		{ PROD, "", OUTCOME_DEVICE_MAPPER },
		{ "[cexluks]\nrequire = secure-key\n" PROD, "", OUTCOME_NOT_A_SECURE_KEY },
		{ PROD ROOT "require = secure-key\n", "", OUTCOME_NOT_A_SECURE_KEY },
		{ PROD ROOT "verification-pattern = " PATTERN "\n", "", OUTCOME_DEVICE_MAPPER },
		{ PROD, "rd.cexluks.pattern=96=00", OUTCOME_PATTERN_MISMATCH },
	};
	struct blob key = blob_lookalike();
	struct stage *s = *state;

	need_no_device_mapper();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		volume_is(s, &key, HUMAN, "no-card");
		stage_tokens(s, TOKEN("prod", "right"), NULL, NULL);
		stage_begin(s, rows[i].config, rows[i].cmdline, CRYPTTAB, ATTEMPT_ACTIVATE);
		expect(stage_run(s, 20000), rows[i].outcome, "", i);
		stage_strike(s);
	}
}

static void test_a_kms_binding_waits_for_the_card_of_a_secure_key(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;

	volume_is(s, &key, HUMAN, "no-card");
	stage_tokens(s, TOKEN("prod", "right"), TOKEN("dr", "down"), NULL);
	stage_begin(s, PROD DR, "", CRYPTTAB, ATTEMPT_ACTIVATE);
	a = stage_run(s, 5000);
	expect(a, OUTCOME_NO_CARD, "0123456789abcdef", 0);
	assert_string_equal(a->binding.token->profile, "prod");
}

static void test_a_binding_that_opens_nothing_leads_to_the_next(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;

	volume_is(s, &key, HUMAN, "no-card");
	stage_tokens(s, WRONG_CARD, TOKEN("prod", "right"), NULL);
	tree_put(s->tree, "/etc/luks/cex.key", "not this one");
	stage_begin(s, PROD ROOT "bindings = keyfile:/missing, keyfile:/etc/luks/cex.key, card, kms:prod\n",
		    "", CRYPTTAB, ATTEMPT_ACTIVATE);
	a = stage_run(s, 5000);
	expect(a, OUTCOME_NO_CARD, "0123456789abcdef", 0);
	assert_int_equal(a->binding.kind, BINDING_KMS);
	stage_strike(s);

	stage_begin(s, ROOT "bindings = keyfile:/missing\n", "", CRYPTTAB, ATTEMPT_ACTIVATE);
	a = stage_run(s, 5000);
	expect(a, OUTCOME_CREDENTIAL_MISSING, "/missing: No such file", 0);
}

static void test_nobody_gets_the_passphrase_before_a_card_can_use_the_key(void **state)
{
	struct blob key = blob_pair(), clear = blob_lookalike();
	struct stage *s = *state;
	int question = stage_ask(s, s->disk->path);
	_cleanup_close_ int fd = -1;
	char answer[256];
	pid_t pid;

	volume_is(s, &clear, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ANSWER);
	expect(stage_run(s, 20000), OUTCOME_NOT_A_SECURE_KEY, "", 0);
	stage_strike(s);

	volume_is(s, &key, HUMAN, "no-card");
	stage_tokens(s, TOKEN("prod", "right"), NULL, NULL);
	stage_begin(s, PROD, "", CRYPTTAB, ATTEMPT_LOAD);
	expect(stage_run(s, 5000), OUTCOME_NO_CARD, "", 1);
	stage_strike(s);

	volume_is(s, &key, PUBLIC, "no-card");
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ANSWER);
	expect(stage_run(s, 300), OUTCOME_NO_CARD, "", 2);
	stage_strike(s);
	assert_int_equal(recv(question, answer, sizeof(answer), 0), -1);

	/* and when the operator attaches one, the question is answered */
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ANSWER);
	fd = watch_for(s);
	pid = cards_become(s, GOOD_CARDS, fd);
	assert_int_equal(stage_run(s, 3000)->verdict.outcome, OUTCOME_TIMEOUT);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(recv(question, answer, sizeof(answer), 0), 1 + PUBLIC_LEN);
	assert_memory_equal(answer, "+" PUBLIC, 1 + PUBLIC_LEN);
	(void)close(question);
}

static void test_an_old_master_key_opens_and_is_remembered(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;
	const struct attempt *a;

	need_no_device_mapper();
	volume_is(s, &key, PUBLIC, "master-key-old");
	kernel.old = true;
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "", "", CRYPTTAB, ATTEMPT_ACTIVATE);
	a = stage_run(s, 20000);
	expect(a, OUTCOME_DEVICE_MAPPER, "", 0);
	assert_true(a->old_master_key);
}

/* Several keyslots, and the file's is not the first. */
static void test_a_key_file_finds_its_keyslot_among_others(void **state)
{
	struct blob key = { .len = 128 };
	struct stage *s = *state;
	struct crypt_device *cd = NULL;

	need_no_device_mapper();
	vector_aesdata(key.bytes);
	vector_aesdata(key.bytes + 64);
	volume_is(s, &key, "somebody's", GOOD_CARDS);
	assert_int_equal(crypt_init(&cd, s->disk->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_keyslot_add_by_volume_key(cd, 1, (const char *)key.bytes, key.len, PUBLIC,
							 PUBLIC_LEN), 1);
	crypt_free(cd);
	tree_put(s->tree, "/etc/luks/cex.key", PUBLIC);
	stage_begin(s, OWNER, "", CRYPTTAB, ATTEMPT_ACTIVATE);
	expect(stage_run(s, 20000), OUTCOME_DEVICE_MAPPER, "", 0);
	assert_int_equal(s->round.attempts[0].keyslot, 1);
	stage_strike(s);

	tree_put(s->tree, "/etc/luks/cex.key", "neither");
	stage_begin(s, OWNER, "", CRYPTTAB, ATTEMPT_ACTIVATE);
	expect(stage_run(s, 20000), OUTCOME_WRONG_PASSPHRASE, "", 1);
}

/* It would read the disk again, and a loaded key says nothing about what it may open. */
static void test_systemd_gets_no_public_passphrase_to_open_with(void **state)
{
	static const char left[] = "root UUID=" U " none tpm2-device=auto\n";
	static const struct {
		const char *config, *first, *second, *crypttab, *hint;
		enum attempt_how how;
		enum outcome outcome;
	} rows[] = {
		{ "", CARD, NULL, CRYPTTAB, "open = helper", ATTEMPT_LOAD, OUTCOME_CONFIG_ERROR },
		{ OWNER, NULL, NULL, CRYPTTAB, "open = helper", ATTEMPT_LOAD, OUTCOME_CONFIG_ERROR },
		{ "", CARD, NULL, left, "tpm2-device", ATTEMPT_ACTIVATE, OUTCOME_CONFIG_ERROR },
		{ OWNER, NULL, NULL, left, "tpm2-device", ATTEMPT_ACTIVATE, OUTCOME_CONFIG_ERROR },
		/* there it is compared afterwards */
		{ "", CARD, NULL, left, "", ATTEMPT_ANSWER, OUTCOME_TIMEOUT },
		/* the service says which volume it is */
		{ PROD, CARD, TOKEN("prod", "gone"), left, "", ATTEMPT_ACTIVATE, OUTCOME_KMS_KEY_GONE },
	};
	struct blob key = blob_pair();
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct attempt *a;

		volume_is(s, &key, PUBLIC, GOOD_CARDS);
		stage_tokens(s, rows[i].first, rows[i].second, NULL);
		tree_put(s->tree, "/etc/luks/cex.key", PUBLIC);
		stage_begin(s, rows[i].config, "", rows[i].crypttab, rows[i].how);
		a = stage_run(s, rows[i].how == ATTEMPT_ANSWER ? 300 : 5000);
		expect(a, rows[i].outcome, "", i);
		assert_non_null(strstr(a->verdict.hint, rows[i].hint));
		stage_strike(s);
	}
}

/* Conditions that systemd would not keep. */
static void test_a_volume_that_systemd_would_open_keeps_its_conditions(void **state)
{
	struct blob key = blob_pair();
	struct stage *s = *state;

	volume_is(s, &key, PUBLIC, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	stage_begin(s, "[cexluks]\nrequire = secure-key\n", "", "r UUID=" U " none tpm2-device=auto\n",
		    ATTEMPT_ACTIVATE);
	expect(stage_run(s, 20000), OUTCOME_CONFIG_ERROR, "tpm2-device", 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, key_setup, key_teardown)
		T(test_a_public_passphrase_opens_nothing_but_a_secure_key),
		T(test_a_public_passphrase_on_another_cipher_is_refused),
		T(test_a_secure_key_that_the_card_can_use_is_activated),
		T(test_without_a_usable_card_the_verdict_names_the_master_key),
		T(test_what_no_card_can_cure_is_decided_after_a_moment),
		T(test_a_card_that_comes_is_used_at_once),
		T(test_a_module_that_came_leaves_no_deadline_behind),
		T(test_a_card_that_comes_opens_the_api_key),
		T(test_after_the_card_came_the_service_has_the_last_word),
		T(test_an_api_key_that_no_card_opens_is_told_and_tried_again_later),
		T(test_cards_are_not_asked_in_a_loop),
		T(test_pinned_patterns_are_compared_once_the_card_can_compute_them),
		T(test_a_kms_binding_opens_an_unprotected_key_unless_forbidden),
		T(test_a_kms_binding_waits_for_the_card_of_a_secure_key),
		T(test_a_binding_that_opens_nothing_leads_to_the_next),
		T(test_nobody_gets_the_passphrase_before_a_card_can_use_the_key),
		T(test_an_old_master_key_opens_and_is_remembered),
		T(test_a_key_file_finds_its_keyslot_among_others),
		T(test_systemd_gets_no_public_passphrase_to_open_with),
		T(test_a_volume_that_systemd_would_open_keeps_its_conditions),
	};

	STAGE_CHILD(argc, argv);
	log_setup_level(LOG_LEVEL_ERR);
	return cmocka_run_group_tests_name("op/attempt-key", tests, NULL, NULL);
}
