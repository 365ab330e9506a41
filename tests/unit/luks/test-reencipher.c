/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Headers as zkey-cryptsetup leaves them while it re-enciphers, made with the calls of libcryptsetup that it makes. The
 * library cares for no card here: the volume key is any, and the cipher an ordinary one.
 *
 * Source: reencipher_prepare(), reencipher_complete() and activate_unbound_keyslot() in zkey/zkey-cryptsetup.c of
 * s390-tools 2.43.
 */
#include "unit.h"

#include <errno.h>

#include "luks/bind.h"
#include "luks/header.h"
#include "luks/scratch.h"

#define MACHINE	 "0123456789abcdef0123456789abcdef"
#define KEY_SIZE 64
#define PENDING "{\"type\":\"paes-reencipher\",\"keyslots\":[\"2\"],\"verification-pattern\":\"00\"," \
			 "\"original-keyslot\":0,\"unbound-keyslot\":2}"

static int give_passphrase(const struct luks_token *token, void *userdata, struct secret **ret)
{
	(void)token;
	(void)userdata;
	*ret = secret_of(MACHINE);
	return 0;
}

/* A person in keyslot 0, a binding in keyslot 1 and token 0. */
static int make(void **state)
{
	struct scratch *s = scratch_new("aes", "xts-plain64", KEY_SIZE);
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_secret_ struct secret *human = secret_of(HUMAN);
	struct luks_token new = kms_token();
	struct luks_bind bind = { .token = &new, .existing = human, .unwrap = give_passphrase };
	struct luks_reason reason = { "" };
	int keyslot, token;

	assert_int_equal(luks_device_open(s->path, &device), 0);
	assert_int_equal(luks_bind_add(device, &bind, &keyslot, &token, &reason), 0);
	assert_int_equal(keyslot, 1);
	assert_int_equal(token, 0);
	scratch_read(s->path, s->image);
	*state = s;
	return 0;
}

static int drop(void **state)
{
	scratch_free(*state);
	return 0;
}

static struct crypt_device *by_zkey(const struct scratch *s)
{
	struct crypt_device *cd = NULL;

	assert_int_equal(crypt_init(&cd, s->path), 0);
	assert_int_equal(crypt_load(cd, CRYPT_LUKS2, NULL), 0);
	assert_int_equal(crypt_set_pbkdf_type(cd, &scratch_kdf), 0);
	return cd;
}

/* Keyslot 2 gets the new volume key, with the passphrase that zkey-cryptsetup was given. */
static void stage(struct crypt_device *cd, const char *passphrase, int flag, int expected)
{
	char key[KEY_SIZE];

	memset(key, 0xa5, sizeof(key));
	assert_int_equal(crypt_keyslot_add_by_key(cd, expected < 0 ? CRYPT_ANY_SLOT : expected, key, sizeof(key),
						  passphrase, strlen(passphrase), (uint32_t)flag),
			 2);
}

static void staged(const struct scratch *s, const char *passphrase)
{
	struct crypt_device *cd;

	scratch_reset(s);
	cd = by_zkey(s);
	stage(cd, passphrase, CRYPT_VOLUME_KEY_NO_SEGMENT, -1);
	assert_int_equal(crypt_keyslot_status(cd, 2), CRYPT_SLOT_UNBOUND);
	assert_true(crypt_token_json_set(cd, CRYPT_ANY_TOKEN, PENDING) >= 0);
	crypt_free(cd);
}

/* @remove: the answer to its question. */
static void completed(const struct scratch *s, const char *passphrase, bool remove)
{
	struct crypt_device *cd;

	staged(s, passphrase);
	cd = by_zkey(s);
	stage(cd, passphrase, CRYPT_VOLUME_KEY_SET, 2);
	assert_int_equal(crypt_keyslot_status(cd, 1), CRYPT_SLOT_UNBOUND);
	for (int id = 0; remove && id < 2; id++)
		assert_int_equal(crypt_keyslot_destroy(cd, id), 0);
	assert_true(crypt_token_json_set(cd, 1, NULL) >= 0);
	crypt_free(cd);
}

static struct luks_header *load(const struct scratch *s, struct luks_device **device)
{
	struct luks_header *header = NULL;
	struct luks_reason reason = { "" };

	assert_int_equal(luks_device_open(s->path, device), 0);
	assert_int_equal(luks_header_load(*device, NULL, &header, &reason), 0);
	return header;
}

static void test_while_it_is_staged_the_binding_opens(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *machine = secret_of(MACHINE);
	const struct luks_token *const *tokens;
	const struct luks_keyslot *keyslots;
	struct luks_reason reason = { "" };

	staged(s, MACHINE);
	header = load(s, &device);
	assert_int_equal(luks_header_tokens(header, &tokens), 1);
	assert_int_equal(tokens[0]->keyslot, 1);
	assert_false(tokens[0]->superseded);
	assert_int_equal(luks_header_keyslots(header, &keyslots), 2);
	assert_int_equal(luks_header_test(header, 1, machine, &reason), 0);
	/* The new key is zkey's business, and its token says so. */
	assert_int_equal(luks_header_idle_keyslot(header, -1), -1);
	assert_int_equal(luks_header_test(header, 2, machine, &reason), LUKS_NOT_BOUND);
}

static void test_a_binding_of_the_old_key_is_one_without_keyslot(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	_cleanup_secret_ struct secret *machine = secret_of(MACHINE);
	const struct luks_token *const *tokens;
	const struct luks_keyslot *keyslots;
	struct luks_reason reason = { "" };
	int found = -1;

	completed(s, MACHINE, false);
	header = load(s, &device);
	assert_int_equal(luks_header_tokens(header, &tokens), 1);
	assert_int_equal(tokens[0]->keyslot, -1);
	assert_true(tokens[0]->superseded);
	assert_int_equal(tokens[0]->old_keyslot, 1);
	assert_int_equal(luks_header_keyslots(header, &keyslots), 1);
	assert_false(keyslots[0].ours);
	/* Our passphrase opens what zkey-cryptsetup made with it; its own keyslot holds another key. */
	assert_int_equal(luks_header_find_keyslot(header, machine, false, &found, &reason), 0);
	assert_int_equal(found, 2);
	assert_int_equal(luks_header_test(header, 1, machine, &reason), LUKS_NOT_BOUND);
	/* The person's. */
	assert_int_equal(luks_header_idle_keyslot(header, -1), 0);
	assert_int_equal(luks_header_idle_keyslot(header, 0), -1);
}

static void test_removing_it_takes_its_old_keyslot_along_and_no_other(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;
	struct luks_reason reason = { "" };
	struct crypt_device *cd;

	completed(s, HUMAN, false);
	header = load(s, &device);
	assert_int_equal(luks_bind_remove(device, 0, &reason), 0);
	luks_header_free(take_ptr(header));
	luks_device_free(take_ptr(device));
	header = load(s, &device);
	assert_int_equal(luks_header_tokens(header, &tokens), 0);
	cd = by_zkey(s);
	assert_int_equal(crypt_keyslot_status(cd, 0), CRYPT_SLOT_UNBOUND);
	assert_int_equal(crypt_keyslot_status(cd, 1), CRYPT_SLOT_INACTIVE);
	assert_int_equal(crypt_keyslot_status(cd, 2), CRYPT_SLOT_ACTIVE_LAST);
	crypt_free(cd);
}

static void test_the_old_keyslots_stay_while_nothing_else_opens(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	struct crypt_device *cd;
	struct print before;

	completed(s, HUMAN, false);
	cd = by_zkey(s);
	assert_int_equal(crypt_keyslot_destroy(cd, 2), 0);
	crypt_free(cd);
	before = fingerprint(s->path);
	header = load(s, &device);
	assert_int_equal(luks_bind_remove(device, 0, &reason), LUKS_LAST_WAY_IN);
	assert_same_print(before, fingerprint(s->path));
}

static void test_cleaning_keeps_what_tells_of_the_binding(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	unsigned count = 7;
	struct print before;

	completed(s, HUMAN, false);
	before = fingerprint(s->path);
	header = load(s, &device);
	assert_int_equal(luks_bind_clean(device, &count, &reason), 0);
	assert_int_equal(count, 0);
	assert_same_print(before, fingerprint(s->path));
}

static void test_where_the_others_were_removed_only_the_token_is_left(void **state)
{
	const struct scratch *s = *state;
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *const *tokens;

	completed(s, HUMAN, true);
	header = load(s, &device);
	assert_int_equal(luks_header_tokens(header, &tokens), 1);
	assert_int_equal(tokens[0]->keyslot, -1);
	assert_false(tokens[0]->superseded);
	assert_int_equal(luks_header_idle_keyslot(header, -1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_while_it_is_staged_the_binding_opens),
		cmocka_unit_test(test_a_binding_of_the_old_key_is_one_without_keyslot),
		cmocka_unit_test(test_removing_it_takes_its_old_keyslot_along_and_no_other),
		cmocka_unit_test(test_the_old_keyslots_stay_while_nothing_else_opens),
		cmocka_unit_test(test_cleaning_keeps_what_tells_of_the_binding),
		cmocka_unit_test(test_where_the_others_were_removed_only_the_token_is_left),
	};

	return cmocka_run_group_tests(tests, make, drop);
}
