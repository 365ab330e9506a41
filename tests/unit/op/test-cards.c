/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the verb "cards" claims about volumes: as much as can be known without asking anybody. */
#include "op/card-stage.h"

#include "op/capture.h"
#include "op/cards.h"

struct sight {
	struct cards cards;
	struct verdict v;
};

static void sight_done(struct sight *sight)
{
	cards_done(&sight->cards);
}

#define SIGHT _cleanup_(sight_done) struct sight

/* The stage's volume with this key and token, on a machine with @cards. */
static const struct cards_volume *look(struct stage *s, struct sight *sight, const struct blob *key,
				       const char *passphrase, const char *token, const char *cards)
{
	const struct cards_request request = { s->tree->root, true };

	volume_is(s, key, passphrase, cards);
	stage_tokens(s, token, NULL, NULL);
	(void)op_cards(&request, &sight->cards, &sight->v);
	assert_int_equal(sight->cards.n_volumes, 1);
	return &sight->cards.volumes[0];
}

static enum cards_use use_of(const struct sight *sight, unsigned card, unsigned domain)
{
	for (size_t i = 0; i < sight->cards.bus->n_cards; i++)
		for (size_t j = 0; j < sight->cards.bus->cards[i].n_queues; j++) {
			const struct cex_card *c = &sight->cards.bus->cards[i];

			if (c->id == card && c->queues[j].apqn.domain == domain)
				return cards_use(&sight->cards, c, &c->queues[j],
						 &sight->cards.volumes[0]);
		}
	fail_msg("no domain %02x.%04x", card, domain);
	return CARDS_CANNOT;
}

static void test_a_card_binding_tells_which_domain_opens_and_how(void **state)
{
	struct blob key = blob_pair();
	const struct cards_volume *volume;
	SIGHT sight = { 0 };

	volume = look(*state, &sight, &key, PUBLIC, CARD, "cca-and-ep11");
	assert_true(volume->opened && volume->secure);
	assert_int_equal(volume->kind, CEX_KEY_CCA_AESCIPHER);
	assert_memory_equal(volume->mkvp.bytes, vector_mkvp, CEX_MKVP_CCA);
	assert_int_equal(use_of(&sight, 0, 0x47), CARDS_OPENS);
	assert_int_equal(use_of(&sight, 0, 0x48), CARDS_OPENS_OLD);
	assert_int_equal(use_of(&sight, 1, 0x47), CARDS_CANNOT);
}

static void test_a_domain_with_another_master_key_opens_nothing(void **state)
{
	struct blob key = blob_pair();
	SIGHT sight = { 0 };

	key.bytes[10] ^= 0xff;
	key.bytes[136 + 10] ^= 0xff;
	(void)look(*state, &sight, &key, PUBLIC, CARD, "cca-and-ep11");
	assert_int_equal(use_of(&sight, 0, 0x47), CARDS_CANNOT);
	assert_int_equal(use_of(&sight, 0, 0x48), CARDS_CANNOT);
}

static void test_without_a_binding_that_opens_only_the_size_is_known(void **state)
{
	const char *const tokens[] = { NULL, CARD };
	struct blob key = blob_pair();

	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++) {
		const struct cards_volume *volume;
		SIGHT sight = { 0 };

		volume = look(*state, &sight, &key, HUMAN, tokens[i], "cca-and-ep11");
		assert_true(volume->secure && !volume->opened);
		assert_int_equal(volume->verdict.outcome, OUTCOME_OK);
		assert_int_equal(use_of(&sight, 0, 0x47), CARDS_MAY_OPEN);
		assert_int_equal(use_of(&sight, 0, 0x48), CARDS_MAY_OPEN);
		assert_int_equal(use_of(&sight, 1, 0x47), CARDS_CANNOT);
	}
}

static void test_what_only_has_the_size_of_a_secure_key_is_found_out(void **state)
{
	const struct blob keys[] = { blob_protected(), blob_mixed_masters(), blob_wrong_checksum() };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct cards_volume *volume;
		SIGHT sight = { 0 };

		volume = look(*state, &sight, &keys[i], PUBLIC, CARD, "cca-and-ep11");
		assert_true(volume->opened && !volume->secure);
		assert_non_null(strstr(volume->verdict.cause, "volume key is"));
		assert_int_equal(use_of(&sight, 0, 0x47), CARDS_CANNOT);
	}
}

/* The verb on this machine, which may have cards or not, with the stage's volume. */
static char *print(struct stage *s, const struct blob *key, const char *passphrase, const char *option)
{
	char program[] = "cexluks", verb[] = "cards", how[16] = "";
	char *argv[] = { program, verb, option ? how : NULL, NULL };
	char *text = NULL;

	(void)snprintf(how, sizeof(how), "%s", option ? option : "");
	volume_is(s, key, passphrase, GOOD_CARDS);
	stage_tokens(s, CARD, NULL, NULL);
	(void)capture_verb(argv, &text);
	return text;
}

static void expect_part(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' lacks '%s'", text, part);
}

static void test_the_master_key_is_printed_where_it_is_known(void **state)
{
	const struct blob pair = blob_pair(), protected = blob_protected();
	_cleanup_free_ char *known = print(*state, &pair, PUBLIC, NULL);
	_cleanup_free_ char *unknown = print(*state, &pair, HUMAN, NULL);
	_cleanup_free_ char *none = print(*state, &protected, PUBLIC, NULL);

	expect_part(known, "\n  key: CCA-AESCIPHER, wrapped by master key 0x0123456789abcdef\n  opens it:");
	expect_part(unknown, "\n  key: CCA-AESCIPHER, if it is what its size of 272 bytes says; its master "
			     "key is unknown without opening\n  may open it:");
	expect_part(none, "\n  the volume key is no secure key: a protected key needs no card: no card "
			  "protects this volume\n");
}

static void test_json_says_the_same(void **state)
{
	const struct blob pair = blob_pair(), protected = blob_protected();
	_cleanup_free_ char *known = print(*state, &pair, PUBLIC, "--json");
	_cleanup_free_ char *unknown = print(*state, &pair, HUMAN, "--json");
	_cleanup_free_ char *none = print(*state, &protected, PUBLIC, "--json");

	expect_part(known, "\"key\":\"CCA-AESCIPHER\",\"master_key\":\"0x0123456789abcdef\","
			   "\"may_open\":[],\"opens\":[");
	expect_part(known, "\"opens_with_old_master_key\":[");
	expect_part(unknown, "\"key\":\"CCA-AESCIPHER\",\"master_key\":\"unknown without opening\"");
	expect_part(unknown, "\"opens\":[],\"opens_with_old_master_key\":[]}");
	expect_part(none, "\"key\":\"not secure\",\"master_key\":\"none\",\"may_open\":[],\"opens\":[]");
	assert_int_equal(json_check(known, strcspn(known, "\n"), 8), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, key_setup, key_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_card_binding_tells_which_domain_opens_and_how),
		TEST(test_a_domain_with_another_master_key_opens_nothing),
		TEST(test_without_a_binding_that_opens_only_the_size_is_known),
		TEST(test_what_only_has_the_size_of_a_secure_key_is_found_out),
		TEST(test_the_master_key_is_printed_where_it_is_known),
		TEST(test_json_says_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
