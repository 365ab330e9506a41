/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "luks/bind.h"
#include "luks/change.h"
#include "luks/header.h"
#include "luks/scratch.h"

/* Sanitizers make each run ten times slower and add nothing to the hundred. */
#ifdef __SANITIZE_ADDRESS__
#define KILLS 20
#else
#define KILLS 100
#endif

#define MACHINE "0123456789abcdef0123456789abcdef"

static int give_passphrase(const struct luks_token *token, void *userdata, struct secret **ret)
{
	unsigned *calls = userdata;

	assert_string_equal(token->profile, "prod");
	assert_int_equal(token->keyslot, -1);
	if (calls)
		(*calls)++;
	*ret = secret_of(MACHINE);
	return 0;
}

static int service_says_no(const struct luks_token *token, void *userdata, struct secret **ret)
{
	(void)token;
	(void)userdata;
	(void)ret;
	return 1007;
}

static int make(void **state)
{
	*state = scratch_new("aes", "xts-plain64", 64);
	return 0;
}

static int drop(void **state)
{
	scratch_free(*state);
	return 0;
}

static struct luks_device *device_of(const struct scratch *s)
{
	struct luks_device *device = NULL;

	assert_int_equal(luks_device_open(s->path, &device), 0);
	return device;
}

static int bind_with(const struct scratch *s, const char *existing, luks_bind_unwrap_fn unwrap,
		     bool keyring, int *keyslot, int *token)
{
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *old = secret_of(existing);
	struct luks_token new = kms_token();
	struct luks_bind bind = { .token = &new, .existing = old, .unwrap = unwrap,
				  .keyring_token = keyring };
	struct luks_reason reason = { "" };

	return luks_bind_add(device, &bind, keyslot, token, &reason);
}

static struct luks_header *load(const struct scratch *s, struct luks_device **device)
{
	struct luks_header *header = NULL;
	struct luks_reason reason = { "" };

	*device = device_of(s);
	assert_int_equal(luks_header_load(*device, NULL, &header, &reason), 0);
	return header;
}

static int opens(const struct scratch *s, const char *text)
{
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *passphrase = secret_of(text);
	struct luks_reason reason = { "" };
	int keyslot;

	return luks_bind_check_passphrase(device, passphrase, &keyslot, &reason);
}

static size_t count_tokens(const struct scratch *s)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = load(s, &device);
	const struct luks_token *const *tokens;

	return luks_header_tokens(header, &tokens);
}

static size_t count_keyslots(const struct scratch *s)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = load(s, &device);
	const struct luks_keyslot *keyslots;

	return luks_header_keyslots(header, &keyslots);
}

static void test_bind_adds_a_cheap_keyslot_that_its_token_names(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *machine = secret_of(MACHINE);
	const struct luks_token *const *tokens;
	const struct luks_keyslot *keyslots;
	struct luks_reason reason;
	int keyslot = -1, token = -1;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, &keyslot, &token), 0);
	assert_int_equal(keyslot, 1);
	assert_int_equal(token, 0);
	header = load(s, &device);
	assert_int_equal(luks_header_tokens(header, &tokens), 1);
	assert_int_equal(tokens[0]->keyslot, keyslot);
	assert_string_equal(tokens[0]->ciphertext, "eyJjaXBoZXJ0ZXh0IjoiLi4uIn0=");
	assert_int_equal(luks_header_keyslots(header, &keyslots), 2);
	assert_true(keyslots[1].ours);
	assert_false(keyslots[0].ours);
	assert_string_equal(keyslots[1].kdf, "pbkdf2");
	assert_int_equal(keyslots[1].iterations, 1000);
	assert_int_equal(luks_header_test(header, keyslot, machine, &reason), 0);
	assert_int_equal(luks_header_test(header, 0, machine, &reason), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(luks_header_test(header, 7, machine, &reason), LUKS_NOT_BOUND);
	assert_int_equal(opens(s, HUMAN), 0);
}

static void test_bind_asks_the_service_once_and_with_the_stored_token(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *old = secret_of(HUMAN);
	struct luks_token new = kms_token();
	unsigned calls = 0;
	struct luks_bind bind = { .token = &new, .existing = old, .unwrap = give_passphrase,
				  .userdata = &calls };
	struct luks_reason reason;

	scratch_reset(s);
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, &reason), 0);
	assert_int_equal(calls, 1);
}

/* The keyslot that was found is believed, which saves the human's derivation: another is not tried. */
static void test_bind_opens_only_the_keyslot_that_was_found_before(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *machine = secret_of(MACHINE);
	struct luks_token new = kms_token();
	struct luks_bind bind = { .token = &new, .existing = machine, .unwrap = give_passphrase };
	struct luks_reason reason;
	int first, keyslot, token;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, &first, NULL), 0);
	assert_int_equal(luks_bind_check_passphrase(device, machine, &bind.existing_keyslot, &reason),
			 0);
	assert_int_equal(bind.existing_keyslot, first);
	bind.existing_is_known = true;
	assert_int_equal(luks_bind_add(device, &bind, &keyslot, &token, &reason), 0);
	assert_int_equal(luks_bind_remove(device, token, &reason), 0);
	bind.existing_keyslot = 0;
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, &reason), LUKS_WRONG_PASSPHRASE);
	bind.existing_keyslot = keyslot;
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, &reason), LUKS_NOT_BOUND);
	assert_int_equal(count_tokens(s), 1);
	assert_int_equal(count_keyslots(s), 2);
}

static int find(const struct scratch *s, const char *text, bool skip_ours, int *ret)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = load(s, &device);
	_cleanup_secret_ struct secret *passphrase = secret_of(text);
	struct luks_reason reason;

	return luks_header_find_keyslot(header, passphrase, skip_ours, ret, &reason);
}

static void test_the_keyslot_of_a_passphrase_is_found_and_ours_can_be_left_out(void **state)
{
	const struct scratch *s = *state;
	int ours, keyslot = -1;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, &ours, NULL), 0);
	assert_int_equal(find(s, MACHINE, true, &keyslot), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(find(s, "wrong", false, &keyslot), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(keyslot, -1);
	assert_int_equal(find(s, MACHINE, false, &keyslot), 0);
	assert_int_equal(keyslot, ours);
	assert_int_equal(find(s, HUMAN, true, &keyslot), 0);
	assert_int_equal(keyslot, 0);
}

static void test_preferred_keyslots_are_looked_at_first_and_ignored_ones_never(void **state)
{
	const struct scratch *s = *state;
	struct crypt_device *cd = NULL;
	int keyslot = -1;

	scratch_reset(s);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	assert_int_equal(crypt_keyslot_add_by_passphrase(cd, 1, HUMAN, HUMAN_LEN, HUMAN, HUMAN_LEN), 1);
	assert_int_equal(crypt_keyslot_set_priority(cd, 1, CRYPT_SLOT_PRIORITY_PREFER), 0);
	assert_int_equal(find(s, HUMAN, false, &keyslot), 0);
	assert_int_equal(keyslot, 1);
	assert_int_equal(crypt_keyslot_set_priority(cd, 1, CRYPT_SLOT_PRIORITY_IGNORE), 0);
	assert_int_equal(find(s, HUMAN, false, &keyslot), 0);
	assert_int_equal(keyslot, 0);
	assert_int_equal(crypt_keyslot_set_priority(cd, 0, CRYPT_SLOT_PRIORITY_IGNORE), 0);
	assert_int_equal(find(s, HUMAN, false, &keyslot), LUKS_WRONG_PASSPHRASE);
	crypt_free(cd);
}

static void test_bind_with_a_wrong_passphrase_changes_no_byte(void **state)
{
	const struct scratch *s = *state;
	struct print before;

	scratch_reset(s);
	before = fingerprint(s->path);
	assert_int_equal(bind_with(s, "wrong", give_passphrase, false, NULL, NULL),
			 LUKS_WRONG_PASSPHRASE);
	assert_same_print(before, fingerprint(s->path));
}

static void test_bind_takes_its_token_back_when_the_service_refuses(void **state)
{
	const struct scratch *s = *state;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, service_says_no, false, NULL, NULL), 1007);
	assert_int_equal(count_tokens(s), 0);
	assert_int_equal(count_keyslots(s), 1);
	assert_int_equal(opens(s, HUMAN), 0);
}

static void test_bind_refuses_a_token_that_it_could_not_read_back(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = device_of(s);
	_cleanup_secret_ struct secret *old = secret_of(HUMAN);
	struct luks_token new = kms_token();
	char place[] = "https://evil.example";
	struct luks_bind bind = { .token = &new, .existing = old, .unwrap = give_passphrase };
	struct luks_reason reason;
	struct print before;

	new.profile = place;
	scratch_reset(s);
	before = fingerprint(s->path);
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, &reason), LUKS_REFUSED);
	assert_same_print(before, fingerprint(s->path));
}

static void test_bind_leaves_foreign_tokens_as_they_are(void **state)
{
	static const char clevis[] = "{\"type\":\"clevis\",\"keyslots\":[\"0\"],\"jwe\":{\"tag\":\"x\"}}";
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_keyslot *keyslots;
	struct crypt_device *cd = NULL;
	const char *json;
	int token = -1;

	scratch_reset(s);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_token_json_set(cd, 0, clevis), 0);
	crypt_free(cd);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, NULL, &token), 0);
	assert_int_equal(token, 1);
	cd = NULL;
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_token_json_get(cd, 0, &json), 0);
	assert_string_equal(json, clevis);
	crypt_free(cd);
	header = load(s, &device);
	assert_int_equal(luks_header_keyslots(header, &keyslots), 2);
	assert_string_equal(keyslots[0].token_type, "clevis");
}

static void test_bind_for_systemd_adds_one_keyring_token_for_all_bindings(void **state)
{
	const struct scratch *s = *state;
	struct crypt_device *cd = NULL;
	const char *json;
	int token = -1;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, true, NULL, NULL), 0);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, true, NULL, &token), 0);
	assert_int_equal(token, 2);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_token_json_get(cd, 1, &json), 1);
	assert_string_equal(json, "{\"type\":\"luks2-keyring\",\"keyslots\":[\"1\",\"2\"],"
				  "\"key_description\":\"cexluks:" SCRATCH_UUID "\"}");
	crypt_free(cd);
}

static void test_unbind_removes_tokens_and_keyslot_and_nothing_else(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason;
	struct crypt_device *cd = NULL;
	const char *json;
	int token = -1;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, true, NULL, &token), 0);
	device = device_of(s);
	assert_int_equal(luks_bind_remove(device, token + 5, &reason), LUKS_NOT_BOUND);
	assert_int_equal(luks_bind_remove(device, token, &reason), 0);
	assert_int_equal(count_tokens(s), 0);
	assert_int_equal(count_keyslots(s), 1);
	assert_int_equal(opens(s, HUMAN), 0);
	assert_int_equal(opens(s, MACHINE), LUKS_WRONG_PASSPHRASE);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	for (int id = 0; id < 32; id++)
		assert_true(crypt_token_json_get(cd, id, &json) < 0);
	crypt_free(cd);
}

static void test_the_last_keyslot_is_never_removed(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_reason reason;
	struct print before;
	int token = -1;

	scratch_reset(s);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, NULL, &token), 0);
	device = device_of(s);
	assert_int_equal(luks_bind_remove_keyslot(device, 9, &reason), LUKS_NOT_BOUND);
	assert_int_equal(luks_bind_remove_keyslot(device, 0, &reason), 0);
	before = fingerprint(s->path);
	assert_int_equal(luks_bind_remove(device, token, &reason), LUKS_LAST_WAY_IN);
	assert_int_equal(luks_bind_remove_keyslot(device, 1, &reason), LUKS_LAST_WAY_IN);
	assert_same_print(before, fingerprint(s->path));
	assert_int_equal(opens(s, MACHINE), 0);
}

static void test_a_full_header_refuses_another_binding_and_keeps_what_it_has(void **state)
{
	const struct scratch *s = *state;
	int r = 0, n = 0;

	scratch_reset(s);
	while (n < 40 && !(r = bind_with(s, HUMAN, give_passphrase, false, NULL, NULL)))
		n++;
	assert_int_equal(r, LUKS_NO_SPACE);
	assert_true(n > 0);
	assert_int_equal(count_tokens(s), n);
	assert_int_equal(count_keyslots(s), n + 1);
	assert_int_equal(opens(s, HUMAN), 0);
}

static int change_header_meanwhile(const struct luks_token *token, void *userdata,
				   struct secret **ret)
{
	struct crypt_device *cd = NULL;

	(void)token;
	assert_int_equal(crypt_init(&cd, userdata), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_label(cd, "elsewhere", NULL), 0);
	crypt_free(cd);
	*ret = secret_of(MACHINE);
	return 0;
}

static void test_a_change_by_somebody_else_is_noticed_and_kept(void **state)
{
	struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_secret_ struct secret *old = secret_of(HUMAN);
	struct luks_token new = kms_token();
	struct luks_bind bind = { .token = &new, .existing = old, .userdata = s->path,
				  .unwrap = change_header_meanwhile };
	struct luks_reason reason;
	struct crypt_device *cd = NULL;

	scratch_reset(s);
	device = device_of(s);
	assert_int_equal(luks_bind_add(device, &bind, NULL, NULL, &reason), LUKS_CHANGED);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_string_equal(crypt_get_label(cd), "elsewhere");
	crypt_free(cd);
	assert_int_equal(count_keyslots(s), 1);
	assert_int_equal(opens(s, HUMAN), 0);
	assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, NULL, NULL), 0);
	assert_int_equal(count_tokens(s), 1);
}

/* One copy of the header written and the other one not: the header is not as it was, by our own doing. */
static void test_a_write_that_failed_is_not_called_somebody_elses(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct luks_change change = { .seqid = 12345 };
	struct luks_reason reason;

	scratch_reset(s);
	device = device_of(s);
	change.device = device;
	assert_int_equal(luks_change_result(&change, "a write", -EIO, &reason), -EIO);
	assert_int_equal(luks_change_result(&change, "a write", -EINVAL, &reason), LUKS_CHANGED);
}

static void test_clean_removes_tokens_without_a_keyslot_but_no_credential(void **state)
{
	static const char *const left[] = {
		"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"credential\","
		"\"profile\":\"prod\",\"sealed\":\"AAAA\"}",
		"{\"type\":\"cexluks\",\"keyslots\":[],\"version\":1,\"kind\":\"kms\",\"profile\":\"prod\","
		"\"key\":\"abcd\",\"ciphertext\":\"AAAA\",\"aad\":false,\"serial\":1,"
		"\"created\":\"2026-11-22T10:00:00Z\"}",
	};
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	struct crypt_device *cd = NULL;
	struct luks_reason reason;
	struct print before;
	unsigned count = 99;

	scratch_reset(s);
	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(crypt_token_json_set(cd, i, left[i]), i);
	crypt_free(cd);
	device = device_of(s);
	assert_int_equal(luks_bind_clean(device, &count, &reason), 0);
	assert_int_equal(count, 1);
	assert_int_equal(count_tokens(s), 1);
	before = fingerprint(s->path);
	assert_int_equal(luks_bind_clean(device, &count, &reason), 0);
	assert_int_equal(count, 0);
	assert_same_print(before, fingerprint(s->path));
}

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static pid_t start_bind(const struct scratch *s)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		/* secrets do not survive a fork, so the child makes its own */
		(void)bind_with(s, HUMAN, give_passphrase, false, NULL, NULL);
		_exit(0);
	}
	return pid;
}

/* What must hold wherever the lightning struck. */
static void check_after_kill(const struct scratch *s, unsigned *ret_tokens, unsigned *ret_dead)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *machine = secret_of(MACHINE);
	const struct luks_token *const *tokens;
	struct luks_reason reason;
	size_t n;

	assert_int_equal(opens(s, HUMAN), 0);
	header = load(s, &device);
	n = luks_header_tokens(header, &tokens);
	for (size_t i = 0; i < n; i++) {
		(*ret_tokens)++;
		if (tokens[i]->keyslot < 0)
			(*ret_dead)++;
		else
			assert_int_equal(luks_header_test(header, tokens[i]->keyslot, machine, &reason),
					 0);
	}
}

/* A whole run with warm caches, in seconds. */
static double time_bind(const struct scratch *s)
{
	double start = 0;
	int status;

	for (int i = 0; i < 2; i++) {
		scratch_reset(s);
		start = seconds();
		assert_true(waitpid(start_bind(s), &status, 0) > 0);
	}
	return seconds() - start;
}

static bool kill_bind_after(const struct scratch *s, double wait)
{
	struct timespec ts = { .tv_sec = (time_t)wait,
			       .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9) };
	pid_t pid = start_bind(s);
	int status;

	(void)nanosleep(&ts, NULL);
	(void)kill(pid, SIGKILL);
	assert_true(waitpid(pid, &status, 0) > 0);
	return WIFSIGNALED(status);
}

static void test_bind_killed_at_100_moments_loses_nothing(void **state)
{
	const struct scratch *s = *state;
	unsigned killed = 0, tries = 0, tokens = 0, dead = 0, left;
	double whole = time_bind(s);

	srandom((unsigned)getpid());
	while (killed < KILLS && tries++ < 8 * KILLS) {
		/* A random moment; those after the end of the run do not count. */
		scratch_reset(s);
		if (!kill_bind_after(s, whole * (double)(random() % 10000) / 10000))
			continue;
		killed++;
		check_after_kill(s, &tokens, &dead);
		assert_int_equal(bind_with(s, HUMAN, give_passphrase, false, NULL, NULL), 0);
		assert_true(count_tokens(s) <= 2);
		left = 0;
		check_after_kill(s, &(unsigned){ 0 }, &left);
		assert_int_equal(left, 0);
	}
	print_message("%u binds of %.0f ms killed: %u left a token, %u of these without a keyslot\n",
		      killed, whole * 1000, tokens, dead);
	assert_int_equal(killed, KILLS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bind_adds_a_cheap_keyslot_that_its_token_names),
		cmocka_unit_test(test_bind_asks_the_service_once_and_with_the_stored_token),
		cmocka_unit_test(test_bind_opens_only_the_keyslot_that_was_found_before),
		cmocka_unit_test(test_the_keyslot_of_a_passphrase_is_found_and_ours_can_be_left_out),
		cmocka_unit_test(test_preferred_keyslots_are_looked_at_first_and_ignored_ones_never),
		cmocka_unit_test(test_bind_with_a_wrong_passphrase_changes_no_byte),
		cmocka_unit_test(test_bind_takes_its_token_back_when_the_service_refuses),
		cmocka_unit_test(test_bind_refuses_a_token_that_it_could_not_read_back),
		cmocka_unit_test(test_bind_leaves_foreign_tokens_as_they_are),
		cmocka_unit_test(test_bind_for_systemd_adds_one_keyring_token_for_all_bindings),
		cmocka_unit_test(test_unbind_removes_tokens_and_keyslot_and_nothing_else),
		cmocka_unit_test(test_the_last_keyslot_is_never_removed),
		cmocka_unit_test(test_a_full_header_refuses_another_binding_and_keeps_what_it_has),
		cmocka_unit_test(test_a_change_by_somebody_else_is_noticed_and_kept),
		cmocka_unit_test(test_a_write_that_failed_is_not_called_somebody_elses),
		cmocka_unit_test(test_clean_removes_tokens_without_a_keyslot_but_no_credential),
		cmocka_unit_test(test_bind_killed_at_100_moments_loses_nothing),
	};

	return cmocka_run_group_tests_name("luks/bind", tests, make, drop);
}
