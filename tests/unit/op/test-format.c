/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making volumes: files for disks, trees of sysfs for machines, a pkey device and a cipher that do as they
 * are told.
 */
#include "op/paes.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "luks/pattern.h"
#include "luks/scratch.h"
#include "op/fake-pkey.h"
#include "op/format.h"
#include "op/recovery-key.h"

#define DISK_SIZE (24u << 20)
#define TYPED	  "what a person types"

struct world {
	struct tree *tree;
	char disk[80], key_file[80];
	struct fake_pkey pkey;
	struct cex_pkey_calls calls;
	bool mute;		/* people do not get to see the recovery key */
	bool card_goes_at_bind; /* once the header is written */
	enum { NEVER, AT_ASKING, AT_SHOWING } disk_changes_at;
	unsigned asked, shown;
	struct secret *recovery_key;
	struct format_result result;
	struct verdict v;
};

/* Another disk gets its name: a volume that looks like any. */
static void change_disk(const struct world *w)
{
	assert_int_equal(rename(w->disk, tree_path(w->tree, "/renamed")), 0);
	assert_int_equal(close(open(w->disk, O_CREAT | O_RDWR | O_CLOEXEC, 0600)), 0);
	assert_int_equal(truncate(w->disk, DISK_SIZE), 0);
	scratch_format(w->disk, "aes", "xts-plain64", 64);
}

static enum outcome ask(const char *device, void *userdata, struct secret **ret, struct verdict *v)
{
	struct world *w = userdata;

	assert_string_equal(device, w->disk);
	w->asked++;
	if (w->disk_changes_at == AT_ASKING)
		change_disk(w);
	*ret = secret_of(TYPED);
	return verdict_set(v, OUTCOME_OK, "typed");
}

static enum outcome show(const struct secret *recovery_key, void *userdata, struct verdict *v)
{
	struct world *w = userdata;

	if (w->disk_changes_at == AT_SHOWING)
		change_disk(w);
	if (w->mute)
		return verdict_set(v, OUTCOME_INTERNAL, "nobody sees it");
	w->shown++;
	secret_free(take_ptr(w->recovery_key));
	assert_int_equal(secret_new(secret_len(recovery_key), &w->recovery_key), 0);
	memcpy(secret_data(w->recovery_key), secret_bytes(recovery_key), secret_len(recovery_key));
	return verdict_set(v, OUTCOME_OK, "shown");
}

static void step(const char *text, void *userdata)
{
	struct world *w = userdata;

	if (w->card_goes_at_bind && strstr(text, "binding"))
		w->pkey.verify_error = ENODEV;
}

/* With a recovery key for people, if the request has nothing else. */
static enum outcome format_with(struct world *w, struct format_request request)
{
	request.sysroot = w->tree->root;
	request.device = w->disk;
	request.show = show;
	request.step = step;
	request.userdata = w;
	if (!request.ask)
		request.recovery_key = true;
	return op_format(&request, &w->result, &w->v);
}

static enum outcome format(struct world *w)
{
	return format_with(w, (struct format_request){ 0 });
}

#define BIND_CARD .bindings = (const char *const[]){ "card" }, .n_bindings = 1

static void key_file_is(struct world *w, const struct blob *key)
{
	tree_put_bytes(w->tree, "/key", key->bytes, key->len, 0600);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	json_setup();
	w->tree = tree_new();
	tree_put(w->tree, "/disk", "");
	strcpy(w->disk, tree_path(w->tree, "/disk"));
	strcpy(w->key_file, tree_path(w->tree, "/key"));
	assert_int_equal(truncate(w->disk, DISK_SIZE), 0);
	kernel_begin();
	w->pkey.queues = (struct cex_apqns){ { { 0, 0x47 } }, 1 };
	w->calls = (struct cex_pkey_calls)FAKE_PKEY_CALLS(&w->pkey);
	cex_pkey_set_calls(&w->calls);
	cards_are(w->tree, "two-cards-one-offline");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	cex_pkey_set_calls(NULL);
	kernel_end();
	secret_free(w->recovery_key);
	tree_free(w->tree);
	free(w);
	return 0;
}

/* Not a byte of it was written: it is as sparse as it was made. */
static void assert_untouched(const struct world *w)
{
	struct stat st;

	assert_int_equal(w->result.state, FORMAT_UNTOUCHED);
	assert_int_equal(stat(w->disk, &st), 0);
	assert_int_equal(st.st_size, DISK_SIZE);
	assert_int_equal(st.st_blocks, 0);
}

struct volume {
	struct luks_device *device;
	struct luks_header *header;
};

static void volume_done(struct volume *volume)
{
	luks_header_free(volume->header);
	luks_device_free(volume->device);
}

static struct volume volume_of(const struct world *w)
{
	struct volume volume = { 0 };
	struct luks_reason reason = { "" };

	assert_int_equal(luks_device_open(w->disk, &volume.device), 0);
	if (luks_header_load(volume.device, NULL, &volume.header, &reason) != 0)
		fail_msg("%s", reason.text);
	return volume;
}

#define VOLUME(name, w) _cleanup_(volume_done) struct volume name = volume_of(w)

static const struct luks_keyslot *slots_of(const struct volume *volume, size_t n)
{
	const struct luks_keyslot *slots;

	assert_int_equal(luks_header_keyslots(volume->header, &slots), n);
	return slots;
}

static void test_a_new_key_makes_a_volume_that_the_recovery_key_opens(void **state)
{
	struct luks_reason reason = { "" };
	char pattern[LUKS_PATTERN_SIZE];
	struct world *w = *state;

	assert_int_equal(format(w), OUTCOME_OK);
	assert_int_equal(w->pkey.makes, 2);
	assert_int_equal(w->asked, 0);
	assert_int_equal(w->shown, 1);
	assert_int_equal(w->result.lock.kind, LOCK_CARD_AND_PASSPHRASE);
	VOLUME(volume, w);
	assert_string_equal(luks_header_cipher(volume.header), "paes-xts-plain64");
	assert_int_equal(luks_header_key_size(volume.header), 272);
	assert_string_equal(luks_header_uuid(volume.header), w->result.uuid);
	assert_string_equal(slots_of(&volume, 1)[0].kdf, "pbkdf2");
	assert_int_equal(slots_of(&volume, 1)[0].iterations, 1000);
	assert_int_equal(secret_len(w->recovery_key), RECOVERY_KEY_LEN);
	assert_int_equal(luks_header_test(volume.header, 0, w->recovery_key, &reason), 0);
	assert_int_equal(luks_pattern_get(volume.header, pattern, &reason), 0);
	assert_string_equal(pattern, PATTERN);
	assert_string_equal(w->result.pattern, PATTERN);
	assert_true(w->result.pattern_stored);
}

static void test_bindings_are_made_in_the_same_go(void **state)
{
	const struct luks_token *const *tokens;
	struct world *w = *state;

	assert_int_equal(format_with(w, (struct format_request){ BIND_CARD }), OUTCOME_OK);
	assert_int_equal(w->result.n_bound, 1);
	assert_int_equal(w->result.lock.kind, LOCK_CARD);
	assert_true(w->result.lock.verified);
	VOLUME(volume, w);
	assert_int_equal(luks_header_tokens(volume.header, &tokens), 1);
	assert_int_equal(tokens[0]->kind, LUKS_TOKEN_CARD);
}

/* Under FIPS, which knows no Argon2; slow all the same, where a person chose the passphrase. */
static void test_a_passphrase_and_a_recovery_key_have_keyslots_of_their_own(void **state)
{
	_cleanup_secret_ struct secret *typed = secret_of(TYPED);
	struct luks_reason reason = { "" };
	struct world *w = *state;
	int a, b;

	tree_put(w->tree, "/proc/sys/crypto/fips_enabled", "1\n");
	assert_int_equal(format_with(w, (struct format_request){ .ask = ask, .recovery_key = true }),
			 OUTCOME_OK);
	VOLUME(volume, w);
	(void)slots_of(&volume, 2);
	assert_int_equal(luks_header_find_keyslot(volume.header, typed, false, &a, &reason), 0);
	assert_int_equal(luks_header_find_keyslot(volume.header, w->recovery_key, false, &b, &reason), 0);
	assert_int_not_equal(a, b);
	assert_int_equal(slots_of(&volume, 2)[b].iterations, 1000);
	assert_string_equal(slots_of(&volume, 2)[a].kdf, "pbkdf2");
	assert_true(slots_of(&volume, 2)[a].iterations > 1000);
}

static void test_a_typed_passphrase_is_derived_by_memory(void **state)
{
	struct world *w = *state;

	assert_int_equal(format_with(w, (struct format_request){ .ask = ask }), OUTCOME_OK);
	VOLUME(volume, w);
	assert_string_equal(slots_of(&volume, 1)[0].kdf, "argon2id");
	assert_int_equal(w->shown, 0);
	assert_int_equal(w->asked, 1);
}

static void test_a_given_key_is_taken_when_a_card_verifies_it(void **state)
{
	struct blob key = blob_pair();
	struct world *w = *state;

	key_file_is(w, &key);
	assert_int_equal(format_with(w, (struct format_request){ .volume_key_file = w->key_file }),
			 OUTCOME_OK);
	assert_int_equal(w->pkey.makes, 0);
	assert_true(w->pkey.verifies > 0);
	VOLUME(volume, w);
	assert_int_equal(luks_header_key_size(volume.header), 272);
}

static void test_a_given_key_that_is_no_secure_key_is_refused(void **state)
{
	struct blob short_one = { .len = 5 }, large = { .len = 672 };
	const struct blob rows[] = {
		blob_lookalike(),     blob_mixed_masters(), blob_mixed_kinds(), blob_truncated(),
		blob_wrong_checksum(), blob_protected(),    blob_clear_token(), blob_ep11(true),
		short_one,	      large,
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		key_file_is(w, &rows[i]);
		if (format_with(w, (struct format_request){ .volume_key_file = w->key_file }) !=
		    OUTCOME_NOT_A_SECURE_KEY)
			fail_msg("row %zu: %s: %s", i, outcome_word(w->v.outcome), w->v.cause);
		assert_non_null(strstr(w->v.cause, w->key_file));
		assert_untouched(w);
	}
	assert_int_equal(w->pkey.verifies, 0);
	assert_int_equal(w->shown, 0);
}

static void test_key_files_that_cannot_be_are_told(void **state)
{
	unsigned char much[673] = { 1 };
	struct format_request request = { .volume_key_file = NULL };
	struct world *w = *state;

	request.volume_key_file = w->key_file;
	assert_int_equal(format_with(w, request), OUTCOME_USAGE);
	tree_put_bytes(w->tree, "/key", much, sizeof(much), 0600);
	assert_int_equal(format_with(w, request), OUTCOME_NOT_A_SECURE_KEY);
	tree_put(w->tree, "/key", "");
	assert_int_equal(format_with(w, request), OUTCOME_NOT_A_SECURE_KEY);
	request.volume_key_file = w->tree->root;
	assert_int_equal(format_with(w, request), OUTCOME_USAGE);
	assert_untouched(w);
}

static void test_without_a_card_nothing_is_written(void **state)
{
	static const struct {
		const char *tree;
		enum outcome outcome;
	} rows[] = {
		{ "accelerator-only", OUTCOME_CARD_WRONG_MODE },
		{ "deconfigured", OUTCOME_CARD_OFFLINE },
		{ "passed-through", OUTCOME_QUEUE_IN_USE },
		{ "handler-missing", OUTCOME_MODULE_MISSING },
		{ "master-key-new-only", OUTCOME_MASTER_KEY_NOT_SET },
	};
	struct blob key = blob_pair();
	struct world *w = *state;

	key_file_is(w, &key);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cards_are(w->tree, rows[i].tree);
		if (format(w) != rows[i].outcome)
			fail_msg("%s: %s: %s", rows[i].tree, outcome_word(w->v.outcome), w->v.cause);
		assert_untouched(w);
		if (format_with(w, (struct format_request){ .volume_key_file = w->key_file }) !=
		    rows[i].outcome)
			fail_msg("%s: %s: %s", rows[i].tree, outcome_word(w->v.outcome), w->v.cause);
		assert_untouched(w);
	}
	assert_int_equal(w->shown, 0);
}

static void test_a_card_that_does_not_unwrap_the_key_is_found_before_writing(void **state)
{
	struct world *w = *state;

	kernel.encrypt = CEX_CARD_ERROR;
	assert_int_not_equal(format(w), OUTCOME_OK);
	assert_untouched(w);
}

static void test_a_kernel_that_cannot_compute_the_pattern_is_no_obstacle(void **state)
{
	struct luks_reason reason = { "" };
	char pattern[LUKS_PATTERN_SIZE];
	struct world *w = *state;

	kernel.encrypt = CEX_MODULE_MISSING;
	assert_int_equal(format(w), OUTCOME_OK);
	assert_string_equal(w->result.pattern, "");
	VOLUME(volume, w);
	assert_int_equal(luks_pattern_get(volume.header, pattern, &reason), LUKS_NOT_BOUND);
}

static void test_what_holds_something_is_overwritten_only_when_told(void **state)
{
	char first[UUID_SIZE];
	struct world *w = *state;

	assert_int_equal(format(w), OUTCOME_OK);
	strcpy(first, w->result.uuid);
	assert_int_equal(format(w), OUTCOME_DEVICE_BUSY);
	assert_int_equal(w->result.state, FORMAT_UNTOUCHED);
	assert_non_null(strstr(w->v.cause, "LUKS"));
	assert_non_null(strstr(w->v.hint, "--force"));
	assert_int_equal(format_with(w, (struct format_request){ .force = true }), OUTCOME_OK);
	assert_string_not_equal(w->result.uuid, first);
}

static void test_a_dry_run_makes_a_key_and_drops_it(void **state)
{
	struct world *w = *state;

	assert_int_equal(format_with(w, (struct format_request){ BIND_CARD, .dry_run = true }),
			 OUTCOME_OK);
	assert_true(w->pkey.makes > 0);
	assert_int_equal(w->shown, 0);
	assert_untouched(w);
}

static bool repository_has(struct world *w, const char *file)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "/etc/zkey/repository/%s", file);
	return access(tree_path(w->tree, name), F_OK) == 0;
}

static void test_the_key_is_saved_and_can_be_used_again_by_name(void **state)
{
	struct world *w = *state;

	tree_put(w->tree, "/etc/zkey/repository/other", "");
	assert_int_equal(chmod(tree_path(w->tree, "/etc/zkey/repository"), 0770), 0);
	assert_int_equal(format_with(w, (struct format_request){ .save_key = "root" }), OUTCOME_OK);
	assert_true(w->result.key_saved);
	assert_true(repository_has(w, "root.skey"));
	assert_true(repository_has(w, "root.info"));
	w->pkey.makes = 0;
	assert_int_equal(format_with(w, (struct format_request){ .zkey_name = "root", .force = true }),
			 OUTCOME_OK);
	assert_int_equal(w->pkey.makes, 0);
}

static void test_a_name_that_is_taken_stops_before_the_device_is_touched(void **state)
{
	struct world *w = *state;

	assert_int_equal(format_with(w, (struct format_request){ .save_key = "root" }),
			 OUTCOME_USAGE); /* no repository */
	tree_put(w->tree, "/etc/zkey/repository/root.skey", "a key");
	assert_int_equal(format_with(w, (struct format_request){ .save_key = "root" }),
			 OUTCOME_USAGE);
	assert_non_null(strstr(w->v.hint, "--zkey-name root"));
	assert_false(w->result.key_saved);
	assert_untouched(w);
}

static void test_words_that_contradict_each_other_are_wrong_usage(void **state)
{
	static const char *const twice[] = { "card", "card" }, *const other[] = { "cards" };
	const struct format_request rows[] = {
		{ .volume_key_file = "a", .zkey_name = "b" },
		{ .volume_key_file = "a", .bits = 256 },
		{ .zkey_name = "a", .key_type = "CCA-AESDATA" },
		{ .zkey_name = "a", .apqns = "00.0047" },
		{ .zkey_name = "a", .save_key = "b" },
		{ .zkey_name = "../a" },
		{ .save_key = "a/b" },
		{ .bits = 192 },
		{ .sector_size = 4095 },
		{ .sector_size = 8192 },
		{ .uuid = "root" },
		{ .label = "123456789012345678901234567890123456789012345678" },
		{ .bindings = twice, .n_bindings = 2 },
		{ .bindings = other, .n_bindings = 1 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (format_with(w, rows[i]) != OUTCOME_USAGE)
			fail_msg("row %zu: %s: %s", i, outcome_word(w->v.outcome), w->v.cause);
		assert_untouched(w);
	}
	assert_int_equal(w->pkey.makes, 0);
}

static void test_a_binding_that_cannot_be_is_found_before_a_key_is_made(void **state)
{
	static const char *const bindings[] = { "kms:prod" };
	struct world *w = *state;

	assert_int_equal(format_with(w, (struct format_request){ .bindings = bindings, .n_bindings = 1 }),
			 OUTCOME_CONFIG_ERROR);
	assert_int_equal(w->pkey.makes, 0);
	assert_untouched(w);
}

/* The header stays, it opens, and the result says what is missing. */
static void test_a_binding_that_fails_leaves_a_volume_that_works(void **state)
{
	struct luks_reason reason = { "" };
	struct world *w = *state;

	w->card_goes_at_bind = true;
	assert_int_equal(format_with(w, (struct format_request){ BIND_CARD }), OUTCOME_CARD_OFFLINE);
	assert_int_equal(w->result.state, FORMAT_WRITTEN);
	assert_int_equal(w->result.n_bound, 0);
	assert_true(w->result.pattern_stored);
	assert_int_equal(w->shown, 1);
	VOLUME(volume, w);
	assert_int_equal(luks_header_test(volume.header, 0, w->recovery_key, &reason), 0);
}

/* While somebody types, and while somebody writes the recovery key down. */
static void test_a_disk_that_takes_its_name_meanwhile_stays_as_it_is(void **state)
{
	const struct format_request rows[] = {
		{ .force = true, .ask = ask },
		{ .force = true, BIND_CARD },
	};
	struct world *w = *state;

	tree_put(w->tree, "/proc/sys/crypto/fips_enabled", "1\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool written = !rows[i].ask;
		char pattern[LUKS_PATTERN_SIZE];
		struct luks_reason reason = { "" };

		w->disk_changes_at = written ? AT_SHOWING : AT_ASKING;
		assert_int_equal(format_with(w, rows[i]), OUTCOME_DEVICE_BUSY);
		assert_non_null(strstr(w->v.cause, "is another device now"));
		assert_int_equal(w->result.state, written ? FORMAT_WRITTEN : FORMAT_UNTOUCHED);
		assert_false(w->result.pattern_stored);
		VOLUME(volume, w);
		assert_string_equal(luks_header_uuid(volume.header), SCRATCH_UUID);
		assert_int_equal(luks_pattern_get(volume.header, pattern, &reason), LUKS_NOT_BOUND);
	}
}

static bool no_memory, no_disk; /* for the new header; to write it to */

/* In place of the C library's. */
int memfd_create(const char *name, unsigned flags)
{
	if (no_memory && strstr(name, "format")) {
		errno = ENOMEM;
		return -1;
	}
	return (int)syscall(SYS_memfd_create, name, flags);
}

int fsync(int fd)
{
	if (!no_disk)
		return (int)syscall(SYS_fsync, fd);
	errno = EIO;
	return -1;
}

static void test_whether_a_failed_write_had_begun_is_told(void **state)
{
	struct world *w = *state;

	no_memory = true;
	assert_int_equal(format_with(w, (struct format_request){ .force = true }), OUTCOME_INTERNAL);
	no_memory = false;
	assert_untouched(w);
	no_disk = true;
	assert_int_equal(format(w), OUTCOME_INTERNAL);
	no_disk = false;
	assert_int_equal(w->result.state, FORMAT_UNKNOWN);
	assert_int_equal(w->shown, 0);
}

static void test_a_recovery_key_that_nobody_saw_is_told(void **state)
{
	struct world *w = *state;

	w->mute = true;
	assert_int_equal(format(w), OUTCOME_INTERNAL);
	assert_int_equal(w->result.state, FORMAT_WRITTEN);
	assert_false(w->result.shown);
}

static void test_uuid_label_and_sector_size_are_those_asked_for(void **state)
{
	static const struct format_request request = { .uuid = SCRATCH_UUID,
						       .label = "root",
						       .sector_size = 512 };
	struct crypt_device *cd = NULL;
	struct world *w = *state;

	assert_int_equal(format_with(w, request), OUTCOME_OK);
	assert_string_equal(w->result.uuid, SCRATCH_UUID);
	assert_int_equal(crypt_init(&cd, w->disk), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_get_sector_size(cd), 512);
	crypt_free(cd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_new_key_makes_a_volume_that_the_recovery_key_opens),
		TEST(test_bindings_are_made_in_the_same_go),
		TEST(test_a_passphrase_and_a_recovery_key_have_keyslots_of_their_own),
		TEST(test_a_typed_passphrase_is_derived_by_memory),
		TEST(test_a_given_key_is_taken_when_a_card_verifies_it),
		TEST(test_a_given_key_that_is_no_secure_key_is_refused),
		TEST(test_key_files_that_cannot_be_are_told),
		TEST(test_without_a_card_nothing_is_written),
		TEST(test_a_card_that_does_not_unwrap_the_key_is_found_before_writing),
		TEST(test_a_kernel_that_cannot_compute_the_pattern_is_no_obstacle),
		TEST(test_what_holds_something_is_overwritten_only_when_told),
		TEST(test_a_dry_run_makes_a_key_and_drops_it),
		TEST(test_the_key_is_saved_and_can_be_used_again_by_name),
		TEST(test_a_name_that_is_taken_stops_before_the_device_is_touched),
		TEST(test_words_that_contradict_each_other_are_wrong_usage),
		TEST(test_a_binding_that_cannot_be_is_found_before_a_key_is_made),
		TEST(test_a_binding_that_fails_leaves_a_volume_that_works),
		TEST(test_a_disk_that_takes_its_name_meanwhile_stays_as_it_is),
		TEST(test_whether_a_failed_write_had_begun_is_told),
		TEST(test_a_recovery_key_that_nobody_saw_is_told),
		TEST(test_uuid_label_and_sector_size_are_those_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
