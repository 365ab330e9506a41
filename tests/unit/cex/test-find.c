/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <string.h>

#include "base/attributes.h"
#include "cex/find.h"
#include "fixture.h"

static const unsigned char pattern_a[] = { PATTERN_A };
static const unsigned char pattern_b[] = { PATTERN_B };

/* A CCA-AESCIPHER key under @pattern, NULL for any. */
static enum cex_condition find_cca(const char *tree, const unsigned char *pattern,
				   struct cex_apqn *apqn, struct cex_reason *reason)
{
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, NULL);
	struct cex_modules modules;

	if (pattern)
		want.mkvp = cex_mkvp_make(CEX_MODE_CCA, pattern);
	assert_int_equal(cex_bus_load(tree, &bus), 0);
	assert_int_equal(cex_modules_load(tree, &modules), 0);
	return cex_find(bus, &modules, &want, apqn, reason);
}

static enum cex_condition find_a(const char *tree)
{
	struct cex_apqn apqn;

	return find_cca(tree, pattern_a, &apqn, NULL);
}

static void test_a_current_master_key_is_found(void **state)
{
	struct cex_apqn apqn = { 0xff, 0xff };

	(void)state;
	assert_int_equal(find_cca(FIXTURE("two-cards-one-offline"), pattern_a, &apqn, NULL), CEX_OK);
	assert_int_equal(apqn.card, 0);
	assert_int_equal(apqn.domain, 0x47);
}

static void test_current_wins_over_old(void **state)
{
	struct cex_apqn apqn = { 0xff, 0xff };

	(void)state;
	assert_int_equal(find_cca(FIXTURE("cca-and-ep11"), pattern_a, &apqn, NULL), CEX_OK);
	assert_int_equal(apqn.domain, 0x47);
	assert_int_equal(find_cca(FIXTURE("cca-and-ep11"), pattern_b, &apqn, NULL), CEX_OK);
	assert_int_equal(apqn.domain, 0x48);
}

static void test_each_obstacle_has_its_condition(void **state)
{
	static const struct {
		const char *tree;
		enum cex_condition condition;
	} rows[] = {
		{ FIXTURE("no-ap-bus"), CEX_NO_AP_BUS },
		{ FIXTURE("no-card"), CEX_NO_CARD },
		{ FIXTURE("accelerator-only"), CEX_CARD_WRONG_MODE },
		{ FIXTURE("passed-through"), CEX_QUEUE_IN_USE },
		{ FIXTURE("deconfigured"), CEX_CARD_OFFLINE },
		{ FIXTURE("master-key-new-only"), CEX_MASTER_KEY_NOT_SET },
		{ FIXTURE("master-key-old"), CEX_MASTER_KEY_OLD },
		{ FIXTURE("handler-missing"), CEX_MODULE_MISSING },
		{ FIXTURE("no-queue-driver"), CEX_MODULE_MISSING },
		{ FIXTURE("before-the-split"), CEX_OK },
		{ FIXTURE("emulated"), CEX_OK },
		{ FIXTURE("garbage"), CEX_MASTER_KEY_NOT_SET },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum cex_condition found = find_a(rows[i].tree);

		if (found != rows[i].condition)
			print_error("%s: %s\n", rows[i].tree, cex_condition_text(found));
		assert_int_equal(found, rows[i].condition);
	}
}

static void test_another_master_key_is_unknown(void **state)
{
	static const unsigned char other[8] = { 9 };
	struct cex_apqn apqn;

	(void)state;
	assert_int_equal(find_cca(FIXTURE("emulated"), other, &apqn, NULL), CEX_MASTER_KEY_UNKNOWN);
}

static void test_an_offline_domain_is_nearer_than_one_with_another_key(void **state)
{
	static const unsigned char other[8] = { 9 };
	struct cex_reason reason = { "" };
	struct cex_apqn apqn = { 0, 0 };

	(void)state;
	assert_int_equal(find_cca(FIXTURE("two-cards-one-offline"), other, &apqn, &reason),
			 CEX_CARD_OFFLINE);
	assert_int_equal(apqn.card, 1);
	assert_string_equal(reason.text, "01.0047 offline, 00.0047 has 0123456789abcdef, "
					 "00.0048 has 0123456789abcdef");
}

static void test_the_missing_module_is_named(void **state)
{
	struct cex_reason reason = { "" };
	struct cex_apqn apqn;

	(void)state;
	assert_int_equal(find_cca(FIXTURE("handler-missing"), pattern_a, &apqn, &reason),
			 CEX_MODULE_MISSING);
	assert_non_null(strstr(reason.text, "pkey_cca"));
}

static void test_ep11_keys_need_ep11_cards_and_do_not_mind_a_missing_pkey_cca(void **state)
{
	static const unsigned char pattern[16] = { PATTERN_A, 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5,
						   0x96, 0x87 };
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_EP11, pattern);
	struct cex_want want = cex_want_make(CEX_KEY_EP11_AES_HEADER, &mkvp);
	_cleanup_cex_bus_ struct cex_bus *both = NULL, *cca = NULL;
	struct cex_apqn apqn = { 0, 0 };

	(void)state;
	assert_int_equal(cex_bus_load(FIXTURE("cca-and-ep11"), &both), 0);
	assert_int_equal(cex_find(both, NULL, &want, &apqn, NULL), CEX_OK);
	assert_int_equal(apqn.card, 1);
	want.min_api_ordinal = 7;
	assert_int_equal(cex_find(both, NULL, &want, &apqn, NULL), CEX_CARD_WRONG_MODE);
	assert_int_equal(cex_bus_load(FIXTURE("emulated"), &cca), 0);
	assert_int_equal(cex_find(cca, NULL, &want, &apqn, NULL), CEX_CARD_WRONG_MODE);
}

static void test_a_card_too_old_for_the_kind_is_of_no_use(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, NULL);
	struct cex_apqn apqn;

	(void)state;
	assert_int_equal(cex_bus_load(FIXTURE("before-the-split"), &bus), 0);
	assert_int_equal(cex_find(bus, NULL, &want, &apqn, NULL), CEX_OK);
	memcpy(bus->cards[0].type, "CEX5C", 6);
	assert_int_equal(cex_find(bus, NULL, &want, &apqn, NULL), CEX_CARD_WRONG_MODE);
	want = cex_want_make(CEX_KEY_CCA_AESDATA, NULL);
	assert_int_equal(cex_find(bus, NULL, &want, &apqn, NULL), CEX_OK);
}

static void test_a_volume_without_known_pattern_takes_any_valid_master_key(void **state)
{
	struct cex_apqn apqn;

	(void)state;
	assert_int_equal(find_cca(FIXTURE("emulated"), NULL, &apqn, NULL), CEX_OK);
	assert_int_equal(find_cca(FIXTURE("master-key-new-only"), NULL, &apqn, NULL),
			 CEX_MASTER_KEY_NOT_SET);
}

static void test_an_old_key_without_a_current_one_does_not_count(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = NULL;
	struct cex_mkvp mkvp = cex_mkvp_make(CEX_MODE_CCA, pattern_a);
	struct cex_want want = cex_want_make(CEX_KEY_CCA_AESCIPHER, &mkvp);
	struct cex_apqn apqn;

	(void)state;
	assert_int_equal(cex_bus_load(FIXTURE("master-key-old"), &bus), 0);
	bus->cards[0].queues[0].masters.keys[CEX_REGISTER_CUR].state = CEX_STATE_INVALID;
	assert_int_equal(cex_find(bus, NULL, &want, &apqn, NULL), CEX_MASTER_KEY_NOT_SET);
}

static enum cex_module_state state_of(const char *tree, enum cex_module module)
{
	struct cex_modules modules;

	assert_int_equal(cex_modules_load(tree, &modules), 0);
	return modules.states[module];
}

static void test_modules_are_called_absent_only_when_that_is_certain(void **state)
{
	(void)state;
	assert_int_equal(state_of(FIXTURE("emulated"), CEX_MODULE_PKEY), CEX_MODULE_PRESENT);
	assert_int_equal(state_of(FIXTURE("emulated"), CEX_MODULE_PKEY_CCA), CEX_MODULE_UNKNOWN);
	assert_int_equal(state_of(FIXTURE("emulated"), CEX_MODULE_ZCRYPT_CEX4), CEX_MODULE_PRESENT);
	assert_int_equal(state_of(FIXTURE("emulated"), CEX_MODULE_PAES_S390), CEX_MODULE_PRESENT);
	assert_int_equal(state_of(FIXTURE("before-the-split"), CEX_MODULE_PKEY_CCA),
			 CEX_MODULE_MONOLITHIC);
	assert_int_equal(state_of(FIXTURE("handler-missing"), CEX_MODULE_PKEY_CCA), CEX_MODULE_ABSENT);
	assert_int_equal(state_of(FIXTURE("handler-missing"), CEX_MODULE_PKEY_EP11),
			 CEX_MODULE_PRESENT);
	assert_int_equal(state_of(FIXTURE("no-queue-driver"), CEX_MODULE_ZCRYPT_CEX4),
			 CEX_MODULE_ABSENT);
	assert_int_equal(state_of(FIXTURE("no-ap-bus"), CEX_MODULE_PKEY), CEX_MODULE_ABSENT);
	assert_int_equal(state_of(FIXTURE("no-ap-bus"), CEX_MODULE_PAES_S390), CEX_MODULE_ABSENT);
	assert_int_equal(state_of(FIXTURE("no-card"), CEX_MODULE_PAES_S390), CEX_MODULE_PRESENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_current_master_key_is_found),
		cmocka_unit_test(test_current_wins_over_old),
		cmocka_unit_test(test_each_obstacle_has_its_condition),
		cmocka_unit_test(test_another_master_key_is_unknown),
		cmocka_unit_test(test_an_offline_domain_is_nearer_than_one_with_another_key),
		cmocka_unit_test(test_the_missing_module_is_named),
		cmocka_unit_test(test_ep11_keys_need_ep11_cards_and_do_not_mind_a_missing_pkey_cca),
		cmocka_unit_test(test_a_card_too_old_for_the_kind_is_of_no_use),
		cmocka_unit_test(test_a_volume_without_known_pattern_takes_any_valid_master_key),
		cmocka_unit_test(test_an_old_key_without_a_current_one_does_not_count),
		cmocka_unit_test(test_modules_are_called_absent_only_when_that_is_certain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
