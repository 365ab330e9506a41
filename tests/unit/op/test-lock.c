/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What list and bind say about who really protects a volume. */
#include "op/paes.h"

#include "luks/scratch.h"
#include "op/lock.h"

#define CARD_PASSPHRASE "0123456789abcdef0123456789abcdef"
#define CARD_BASE64	"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
#define OTHER_BASE64	"ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="

/* What is bound to the one keyslot, which a card binding's passphrase opens. */
enum bindings {
	NOTHING,
	CARD,
	CARD_OTHER_PASSPHRASE,
	KMS,
	BOTH,
	TWO_KMS_AND_CARD,
};

static cJSON *parse(const char *text)
{
	cJSON *json = cJSON_Parse(text);

	assert_non_null(json);
	return json;
}

static void add_card(cJSON *tokens, const char *passphrase)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"card\","
		       "\"passphrase\":\"%s\",\"serial\":1,\"created\":\"2026-11-22T10:00:00Z\"}",
		       passphrase);
	set(tokens, "0", parse(text));
}

static void add_kms(cJSON *tokens, const char *id, const char *profile)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"kms\","
		       "\"profile\":\"%s\",\"key\":\"root-key\",\"ciphertext\":\"AAAA\",\"aad\":true,"
		       "\"serial\":1,\"created\":\"2026-11-22T10:00:00Z\"}",
		       profile);
	set(tokens, id, parse(text));
}

static enum bindings wanted;

static void bind_it(cJSON *root)
{
	cJSON *tokens = at(root, "tokens", NULL, NULL);

	if (wanted == CARD || wanted == BOTH || wanted == TWO_KMS_AND_CARD)
		add_card(tokens, CARD_BASE64);
	if (wanted == CARD_OTHER_PASSPHRASE)
		add_card(tokens, OTHER_BASE64);
	if (wanted == KMS || wanted == BOTH || wanted == TWO_KMS_AND_CARD)
		add_kms(tokens, "1", "prod");
	if (wanted == TWO_KMS_AND_CARD)
		add_kms(tokens, "2", "dr");
}

static void judge(const char *cipher, const struct blob *key, enum bindings bindings,
		  const char *sysroot, struct lock *ret)
{
	const struct scratch_secrets what = { key->bytes, key->len, CARD_PASSPHRASE, 32 };
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	struct scratch *s = scratch_new("aes", "xts-plain64", 64);

	scratch_format_with(s->path, cipher, "xts-plain64", &what);
	wanted = bindings;
	mutate(s, bind_it);
	assert_int_equal(luks_device_open(s->path, &device), 0);
	if (luks_header_load(device, NULL, &header, &reason) != 0)
		fail_msg("%s", reason.text);
	lock_judge(header, sysroot, ret);
	scratch_free(s);
}

static struct blob clear_key(size_t len)
{
	struct blob b = { .len = len };

	memset(b.bytes, 0x5a, len);
	return b;
}

static void test_each_volume_has_the_lock_that_it_really_has(void **state)
{
	const struct blob secure = blob_pair(), clear = clear_key(64), odd = blob_protected(),
			  broken = blob_mixed_masters(), looks = blob_lookalike();
	const struct {
		const char *cipher;
		const struct blob *key;
		enum bindings bindings;
		enum lock_kind kind;
		bool verified;
		const char *note;
	} rows[] = {
		{ "aes", &clear, NOTHING, LOCK_PASSPHRASE, true, "" },
		{ "aes", &clear, KMS, LOCK_KMS, true, "" },
		{ "aes", &clear, CARD, LOCK_NONE, true, "refused: not a secure key; its passphrase" },
		{ "aes", &clear, BOTH, LOCK_NONE, true, "whoever has the disk can open it" },
		{ "aes", &clear, CARD_OTHER_PASSPHRASE, LOCK_PASSPHRASE, true, "binding broken" },
		{ "paes", &secure, NOTHING, LOCK_CARD_AND_PASSPHRASE, false, "" },
		{ "paes", &secure, KMS, LOCK_CARD_AND_KMS, false, "" },
		{ "paes", &secure, CARD, LOCK_CARD, false, "" },
		{ "paes", &secure, BOTH, LOCK_CARD, false, "kms:prod adds nothing" },
		{ "paes", &secure, TWO_KMS_AND_CARD, LOCK_CARD, false, "kms:prod, kms:dr add nothing" },
		{ "paes", &secure, CARD_OTHER_PASSPHRASE, LOCK_CARD_AND_PASSPHRASE, false, "broken" },
		{ "paes", &clear, NOTHING, LOCK_PASSPHRASE, true, "its paes key is a clear one" },
		{ "paes", &clear, KMS, LOCK_KMS, true, "its paes key is a clear one" },
		{ "paes", &clear, CARD, LOCK_NONE, true, "not a secure key" },
		{ "paes", &looks, CARD, LOCK_NONE, true, "not a secure key" },
		{ "paes", &odd, NOTHING, LOCK_PASSPHRASE, true, "its paes key is no secure key" },
		{ "paes", &odd, CARD, LOCK_NONE, true, "not a secure key" },
		/* of the right size, so that only the key itself tells */
		{ "paes", &broken, KMS, LOCK_CARD_AND_KMS, false, "" },
		{ "paes", &broken, CARD, LOCK_PASSPHRASE, true, "not a secure key" },
		{ "paes", &broken, BOTH, LOCK_KMS, true, "not a secure key" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lock lock;

		judge(rows[i].cipher, rows[i].key, rows[i].bindings, "/nonexistent", &lock);
		if (lock.kind != rows[i].kind || lock.verified != rows[i].verified ||
		    !strstr(lock.note, rows[i].note) || !*rows[i].note != !*lock.note)
			fail_msg("row %zu: %s, %sverified, %s", i, lock_text(lock.kind),
				 lock.verified ? "" : "not ", lock.note);
	}
}

/* Structure and pattern can be forged, so only a card's word counts as verified. */
static void test_a_card_confirms_the_lock(void **state)
{
	const struct blob secure = blob_pair();
	struct tree *t = *state;
	struct lock lock;

	kernel_begin();
	cards_are(t, "two-cards-one-offline");
	judge("paes", &secure, CARD, t->root, &lock);
	assert_int_equal(lock.kind, LOCK_CARD);
	assert_true(lock.verified);
	kernel.verify = -ENODEV;
	judge("paes", &secure, CARD, t->root, &lock);
	assert_int_equal(lock.kind, LOCK_CARD);
	assert_false(lock.verified);
	kernel_end();
}

static void test_each_lock_has_its_own_word(void **state)
{
	(void)state;
	for (int a = LOCK_NONE; a <= LOCK_CARD_AND_PASSPHRASE; a++)
		for (int b = LOCK_NONE; b < a; b++)
			assert_string_not_equal(lock_text((enum lock_kind)a),
						lock_text((enum lock_kind)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_volume_has_the_lock_that_it_really_has),
		cmocka_unit_test_setup_teardown(test_a_card_confirms_the_lock, tree_setup, tree_teardown),
		cmocka_unit_test(test_each_lock_has_its_own_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
