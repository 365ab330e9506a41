/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Card bindings: on real headers in files, with trees of sysfs and a pkey device that does as it is told.
 * No test has a configuration but those that say so.
 */
#include "op/paes.h"

#include "luks/header.h"
#include "luks/scratch.h"
#include "op/bind.h"
#include "op/fake-pkey.h"

struct world {
	struct scratch *disk;
	struct tree *tree;
	struct fake_pkey pkey;
	struct cex_pkey_calls calls;
	unsigned asked; /* how often for the passphrase */
	struct bind_result result;
	struct verdict v;
};

static enum outcome ask(const char *device, void *userdata, struct secret **ret, struct verdict *v)
{
	struct world *w = userdata;

	(void)device;
	w->asked++;
	*ret = secret_of(HUMAN);
	return verdict_set(v, OUTCOME_OK, "asked");
}

static enum outcome bind_with(struct world *w, struct bind_request request)
{
	request.sysroot = w->tree->root;
	request.device = w->disk->path;
	request.binding = request.binding ? request.binding : "card";
	request.ask = ask;
	request.userdata = w;
	return op_bind(&request, &w->result, &w->v);
}

static enum outcome bind(struct world *w)
{
	return bind_with(w, (struct bind_request){ 0 });
}

/* Two tokens of the kind that leaves room for more keyslots in a small header. */
static struct blob blob_small(void)
{
	struct blob b = { .len = 128 };

	vector_aesdata(b.bytes);
	vector_aesdata(b.bytes + 64);
	return b;
}

static void disk_is(struct world *w, const char *cipher, const struct blob *key)
{
	const struct scratch_secrets what = { key->bytes, key->len, HUMAN, HUMAN_LEN };

	scratch_format_with(w->disk->path, cipher, "xts-plain64", &what);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct blob key = blob_small();

	assert_non_null(w);
	w->disk = scratch_new("aes", "xts-plain64", 64);
	w->tree = tree_new();
	w->pkey.queues = (struct cex_apqns){ { { 0, 0x47 } }, 1 };
	w->calls = (struct cex_pkey_calls)FAKE_PKEY_CALLS(&w->pkey);
	cex_pkey_set_calls(&w->calls);
	disk_is(w, "paes", &key);
	cards_are(w->tree, "two-cards-one-offline");
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	cex_pkey_set_calls(NULL);
	tree_free(w->tree);
	scratch_free(w->disk);
	free(w);
	return 0;
}

static struct luks_header *load(struct world *w)
{
	struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	struct luks_device *device = NULL;

	assert_int_equal(luks_device_open(w->disk->path, &device), 0);
	if (luks_header_load(device, NULL, &header, &reason) != 0)
		fail_msg("%s", reason.text);
	luks_device_free(device); /* the copy is made, and no keyslot is read */
	return header;
}

/* The one token of ours. */
static const struct luks_token *token_of(const struct luks_header *header)
{
	const struct luks_token *const *tokens;

	assert_int_equal(luks_header_tokens(header, &tokens), 1);
	return tokens[0];
}

/* Does it open the keyslot of that token? */
static void assert_opens(struct world *w)
{
	_cleanup_luks_device_ struct luks_device *device = NULL;
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct luks_reason reason = { "" };
	const struct luks_token *token;

	assert_int_equal(luks_device_open(w->disk->path, &device), 0);
	assert_int_equal(luks_header_load(device, NULL, &header, &reason), 0);
	token = token_of(header);
	assert_int_equal(luks_header_test(header, token->keyslot, token->passphrase, &reason), 0);
}

static void test_a_verified_secure_key_is_bound_without_any_configuration(void **state)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	const struct luks_token *token;
	struct world *w = *state;

	assert_int_equal(bind(w), OUTCOME_OK);
	assert_int_equal(w->asked, 1);
	assert_true(w->pkey.verifies > 0);
	assert_string_equal(w->result.warning, "");
	header = load(w);
	token = token_of(header);
	assert_int_equal(token->kind, LUKS_TOKEN_CARD);
	assert_int_equal(token->keyslot, w->result.keyslot);
	assert_int_equal(token->serial, 1);
	assert_int_equal(secret_len(token->passphrase), 32);
	assert_null(memchr(secret_bytes(token->passphrase), 0, 32));
	assert_opens(w);
}

static void test_no_two_bindings_have_the_same_passphrase(void **state)
{
	_cleanup_luks_header_ struct luks_header *first = NULL, *second = NULL;
	struct blob key = blob_small();
	struct world *w = *state;

	assert_int_equal(bind(w), OUTCOME_OK);
	first = load(w);
	disk_is(w, "paes", &key);
	assert_int_equal(bind(w), OUTCOME_OK);
	second = load(w);
	assert_false(secret_equal(token_of(first)->passphrase, token_of(second)->passphrase));
}

static void assert_refused(struct world *w, const char *cipher, const struct blob *key,
			   unsigned asked)
{
	struct print before;

	disk_is(w, cipher, key);
	before = fingerprint(w->disk->path);
	w->asked = 0;
	if (bind(w) != OUTCOME_NOT_A_SECURE_KEY || w->asked != asked)
		fail_msg("%s %zu: %s: %s, asked %u times", cipher, key->len,
			 outcome_word(w->v.outcome), w->v.cause, w->asked);
	assert_same_print(before, fingerprint(w->disk->path));
}

static void test_what_is_no_secure_key_is_refused_and_nothing_written(void **state)
{
	struct blob clear = blob_lookalike(), mixed = blob_mixed_masters(),
		    checksum = blob_wrong_checksum(), protected = blob_protected();
	struct world *w = *state;

	/* What the header alone tells needs no passphrase. */
	assert_refused(w, "aes", &clear, 0);
	assert_refused(w, "paes", &clear, 0);
	assert_refused(w, "paes", &protected, 0);
	assert_refused(w, "paes", &mixed, 1);
	assert_refused(w, "paes", &checksum, 1);
	assert_int_equal(w->pkey.verifies, 0);
}

static void forge(cJSON *root)
{
	cJSON *token = cJSON_Parse("{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,"
				   "\"kind\":\"card\",\"passphrase\":"
				   "\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\",\"serial\":3,"
				   "\"created\":\"2026-11-22T10:00:00Z\"}");

	assert_non_null(token);
	set(at(root, "tokens", NULL, NULL), "0", token);
}

/* The keyslot opens, the size is right, and what is in it is nothing that a card made. */
static void test_a_forged_binding_is_not_proven(void **state)
{
	struct blob key = { .len = 128 };
	const struct scratch_secrets what = { key.bytes, key.len, "0123456789abcdef0123456789abcdef",
					      32 };
	struct world *w = *state;
	struct print before;

	memset(key.bytes, 0x5a, key.len);
	scratch_format_with(w->disk->path, "paes", "xts-plain64", &what);
	mutate(w->disk, forge);
	before = fingerprint(w->disk->path);
	assert_int_equal(bind(w), OUTCOME_NOT_A_SECURE_KEY);
	assert_same_print(before, fingerprint(w->disk->path));
}

static void test_without_a_card_that_can_use_it_nothing_is_written(void **state)
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
	struct world *w = *state;
	struct print before = fingerprint(w->disk->path);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		cards_are(w->tree, rows[i].tree);
		if (bind(w) != rows[i].outcome)
			fail_msg("%s: %s: %s", rows[i].tree, outcome_word(w->v.outcome), w->v.cause);
		assert_same_print(before, fingerprint(w->disk->path));
	}
	cards_are(w->tree, "two-cards-one-offline");
	w->pkey.verify_error = ENODEV;
	assert_int_equal(bind(w), OUTCOME_CARD_OFFLINE);
	assert_same_print(before, fingerprint(w->disk->path));
}

static void test_again_is_nothing_to_do_even_where_the_card_is_away(void **state)
{
	struct world *w = *state;
	struct print before;

	assert_int_equal(bind(w), OUTCOME_OK);
	before = fingerprint(w->disk->path);
	w->asked = 0;
	assert_int_equal(bind(w), OUTCOME_NOTHING_TO_DO);
	cards_are(w->tree, "deconfigured");
	assert_int_equal(bind(w), OUTCOME_NOTHING_TO_DO);
	assert_int_equal(w->asked, 0);
	assert_same_print(before, fingerprint(w->disk->path));
}

static void damage(cJSON *root)
{
	set(at(root, "tokens", "0", NULL), "passphrase",
	    cJSON_CreateString("ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="));
}

static void test_a_binding_that_does_not_open_is_replaced(void **state)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct world *w = *state;

	assert_int_equal(bind(w), OUTCOME_OK);
	mutate(w->disk, damage);
	assert_int_equal(bind(w), OUTCOME_OK);
	header = load(w);
	assert_int_equal(token_of(header)->serial, 2);
	assert_opens(w);
}

static void test_a_renewed_binding_opens_the_volume_itself_and_the_old_one_goes(void **state)
{
	_cleanup_luks_header_ struct luks_header *before = NULL, *after = NULL;
	struct world *w = *state;

	assert_int_equal(bind(w), OUTCOME_OK);
	before = load(w);
	w->asked = 0;
	assert_int_equal(bind_with(w, (struct bind_request){ .renew = true }), OUTCOME_OK);
	assert_int_equal(w->asked, 0);
	after = load(w);
	assert_int_equal(token_of(after)->serial, 2);
	assert_false(secret_equal(token_of(before)->passphrase, token_of(after)->passphrase));
	assert_opens(w);
}

static void test_nothing_is_renewed_where_nothing_is_bound(void **state)
{
	struct world *w = *state;

	assert_int_equal(bind_with(w, (struct bind_request){ .renew = true }), OUTCOME_NOT_BOUND);
	assert_int_equal(w->asked, 0);
}

static void test_min_serial_is_honoured_where_it_is_configured(void **state)
{
	_cleanup_luks_header_ struct luks_header *header = NULL;
	struct world *w = *state;

	tree_put(w->tree, "/etc/cexluks/cexluks.conf",
		 "[volume root]\nuuid = " SCRATCH_UUID "\nmin-serial = 7\n");
	assert_int_equal(bind(w), OUTCOME_OK);
	header = load(w);
	assert_int_equal(token_of(header)->serial, 7);
	assert_int_equal(bind(w), OUTCOME_NOTHING_TO_DO);
	tree_put(w->tree, "/etc/cexluks/cexluks.conf",
		 "[volume root]\nuuid = " SCRATCH_UUID "\nmin-serial = 8\n");
	assert_int_equal(bind(w), OUTCOME_OK);
}

static void test_a_configuration_with_a_mistake_is_no_missing_one(void **state)
{
	struct world *w = *state;
	struct print before = fingerprint(w->disk->path);

	tree_put(w->tree, "/etc/cexluks/cexluks.conf", "[cexluks]\nlock = card\n");
	assert_int_equal(bind(w), OUTCOME_CONFIG_ERROR);
	assert_same_print(before, fingerprint(w->disk->path));
}

static void test_a_dry_run_asks_the_card_and_writes_nothing(void **state)
{
	struct world *w = *state;
	struct print before = fingerprint(w->disk->path);

	assert_int_equal(bind_with(w, (struct bind_request){ .dry_run = true }), OUTCOME_OK);
	assert_true(w->pkey.verifies > 0);
	assert_same_print(before, fingerprint(w->disk->path));
	cards_are(w->tree, "deconfigured");
	assert_int_equal(bind_with(w, (struct bind_request){ .dry_run = true }),
			 OUTCOME_CARD_OFFLINE);
}

static void add_kms_token(cJSON *root)
{
	cJSON *token = cJSON_Parse("{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,"
				   "\"kind\":\"kms\",\"profile\":\"prod\",\"key\":\"root-key\","
				   "\"ciphertext\":\"AAAA\",\"aad\":true,\"serial\":3,"
				   "\"created\":\"2026-11-22T10:00:00Z\"}");

	assert_non_null(token);
	set(at(root, "tokens", NULL, NULL), "5", token);
}

static void test_beside_a_kms_binding_it_says_that_the_card_is_the_only_lock(void **state)
{
	static const char warning[] = "the card is now the only lock: kms:prod adds nothing";
	struct world *w = *state;

	mutate(w->disk, add_kms_token);
	assert_int_equal(bind(w), OUTCOME_OK);
	assert_string_equal(w->result.warning, warning);
	assert_int_equal(bind(w), OUTCOME_NOTHING_TO_DO);
	assert_string_equal(w->result.warning, warning);
}

static void test_a_passphrase_that_is_known_is_not_asked_for(void **state)
{
	_cleanup_secret_ struct secret *known = secret_of(HUMAN);
	_cleanup_secret_ struct secret *wrong = secret_of("wrong");
	struct world *w = *state;

	assert_int_equal(bind_with(w, (struct bind_request){ .existing = wrong }),
			 OUTCOME_WRONG_PASSPHRASE);
	assert_int_equal(bind_with(w, (struct bind_request){ .existing = known }), OUTCOME_OK);
	assert_int_equal(w->asked, 0);
}

static void test_other_words_are_no_bindings(void **state)
{
	static const char *const words[] = { "cards", "Card", "card:", "kms", "", "keyfile:/etc/x" };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct bind_request request = { .binding = words[i], .sysroot = w->tree->root };

		assert_int_equal(bind_with(w, request), OUTCOME_USAGE);
		assert_int_equal(op_bind_check(&request, &w->v), OUTCOME_USAGE);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_a_verified_secure_key_is_bound_without_any_configuration),
		TEST(test_no_two_bindings_have_the_same_passphrase),
		TEST(test_what_is_no_secure_key_is_refused_and_nothing_written),
		TEST(test_a_forged_binding_is_not_proven),
		TEST(test_without_a_card_that_can_use_it_nothing_is_written),
		TEST(test_again_is_nothing_to_do_even_where_the_card_is_away),
		TEST(test_a_binding_that_does_not_open_is_replaced),
		TEST(test_a_renewed_binding_opens_the_volume_itself_and_the_old_one_goes),
		TEST(test_nothing_is_renewed_where_nothing_is_bound),
		TEST(test_min_serial_is_honoured_where_it_is_configured),
		TEST(test_a_configuration_with_a_mistake_is_no_missing_one),
		TEST(test_a_dry_run_asks_the_card_and_writes_nothing),
		TEST(test_beside_a_kms_binding_it_says_that_the_card_is_the_only_lock),
		TEST(test_a_passphrase_that_is_known_is_not_asked_for),
		TEST(test_other_words_are_no_bindings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
