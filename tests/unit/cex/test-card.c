/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cex/bus.h"
#include "fixture.h"

static struct cex_bus *load(const char *tree)
{
	struct cex_bus *bus = NULL;

	assert_int_equal(cex_bus_load(tree, &bus), 0);
	return bus;
}

static void test_no_ap_bus_is_no_error(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("no-ap-bus"));

	(void)state;
	assert_false(bus->present);
	assert_int_equal(bus->n_cards, 0);
}

static void test_a_bus_without_cards_is_present_and_settled(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("no-card"));

	(void)state;
	assert_true(bus->present);
	assert_true(bus->settled);
	assert_int_equal(bus->scans, 1);
	assert_int_equal(bus->default_domain, -1);
	assert_int_equal(bus->n_cards, 0);
}

static void test_cards_and_queues_come_by_number_with_their_states(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("two-cards-one-offline"));

	(void)state;
	assert_int_equal(bus->n_cards, 2);
	assert_int_equal(bus->cards[0].id, 0);
	assert_string_equal(bus->cards[0].type, "CEX8C");
	assert_string_equal(bus->cards[0].hwtype, "14");
	assert_string_equal(bus->cards[0].serial, "16BTDV8F");
	assert_int_equal(bus->cards[0].mode, CEX_MODE_CCA);
	assert_int_equal(cex_card_generation(&bus->cards[0]), 8);
	assert_int_equal(bus->cards[0].n_queues, 2);
	assert_int_equal(bus->cards[0].queues[0].apqn.domain, 0x47);
	assert_int_equal(bus->cards[0].queues[1].apqn.domain, 0x48);
	assert_string_equal(cex_device_status(&bus->cards[0].device), "online");
	assert_string_equal(cex_device_status(&bus->cards[1].device), "offline");
	assert_true(bus->default_usable);
}

static void test_registers_of_offline_queues_are_not_read(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("two-cards-one-offline"));

	(void)state;
	assert_int_equal(bus->cards[0].queues[0].masters.mode, CEX_MODE_CCA);
	assert_int_equal(bus->cards[1].queues[0].masters.mode, CEX_MODE_UNKNOWN);
}

static void test_ep11_cards_tell_their_api_and_long_serial(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("cca-and-ep11"));

	(void)state;
	assert_int_equal(bus->cards[1].mode, CEX_MODE_EP11);
	assert_int_equal(bus->cards[1].api_ordinal, 6);
	assert_string_equal(bus->cards[1].serial, "97006089DV8Z0123");
	assert_int_equal(bus->cards[0].api_ordinal, -1);
	assert_int_equal(bus->cards[1].queues[0].masters.mode, CEX_MODE_EP11);
}

static void test_statuses_are_the_words_of_lszcrypt(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *passed = load(FIXTURE("passed-through"));
	_cleanup_cex_bus_ struct cex_bus *down = load(FIXTURE("deconfigured"));

	(void)state;
	assert_string_equal(cex_device_status(&passed->cards[0].queues[0].device), "in use");
	assert_string_equal(cex_device_status(&passed->cards[0].queues[1].device), "-");
	assert_string_equal(cex_device_status(&passed->cards[0].queues[2].device), "assigned");
	assert_string_equal(cex_device_status(&down->cards[0].device), "deconfig");
	assert_string_equal(cex_device_status(&down->cards[1].queues[0].device), "chkstop");
}

static void test_functions_are_spelled_as_lszcrypt_does(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("cca-and-ep11"));
	char text[CEX_FUNCTIONS_SIZE];

	(void)state;
	cex_card_functions_text(&bus->cards[0], text);
	assert_string_equal(text, "S--D--N-F-");
	cex_card_functions_text(&bus->cards[1], text);
	assert_string_equal(text, "S----XN-F-");
}

static void test_garbage_in_sysfs_is_unknown_and_harmless(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("garbage"));
	const struct cex_card *card = &bus->cards[0];

	(void)state;
	assert_int_equal(bus->scans, -1);
	assert_false(bus->settled);
	assert_int_equal(bus->default_domain, -1);
	assert_int_equal(bus->n_cards, 3); /* cardzz and card001 are none */
	assert_int_equal(card->n_queues, 1); /* neither are 00.zzzz and another card's queue */
	assert_int_equal(card->device.online, -1);
	assert_int_equal(card->functions, 0);
	assert_int_equal(card->mode, CEX_MODE_UNKNOWN);
	assert_string_equal(card->serial, "");
	assert_int_equal(cex_card_generation(card), 0);
	for (const char *p = card->type; *p; p++)
		assert_in_range(*p, ' ', '~');
	assert_int_equal(bus->cards[1].n_queues, 2);
	assert_int_equal(bus->cards[1].queues[0].masters.mode, CEX_MODE_UNKNOWN);
}

static void test_se_states_come_from_the_queue(void **state)
{
	_cleanup_cex_bus_ struct cex_bus *bus = load(FIXTURE("secure-guest"));

	(void)state;
	assert_true(bus->has_se_states);
	assert_string_equal(cex_queue_se_state(&bus->cards[0].queues[0]), "usable");
	assert_string_equal(cex_queue_se_state(&bus->cards[0].queues[1]), "unbound");
	assert_string_equal(cex_queue_se_state(&bus->cards[0].queues[2]), "invalid");
}

static void test_a_path_that_is_too_long_is_an_error(void **state)
{
	struct cex_bus *bus = NULL;
	char sysroot[512];

	(void)state;
	memset(sysroot, 'x', sizeof(sysroot) - 1);
	sysroot[sizeof(sysroot) - 1] = '\0';
	assert_int_equal(cex_bus_load(sysroot, &bus), -ENAMETOOLONG);
	assert_null(bus);
}

static void test_apqns_are_strict(void **state)
{
	static const char *const wrong[] = { "",	"0.0047",   "00.47",	 "00.00477", "00-0047",
					     "00.004g", "000.0047", "0x.0047", "card00",   "00.0047 " };
	char text[CEX_APQN_SIZE];
	struct cex_apqn apqn;

	(void)state;
	assert_true(cex_apqn_parse("1F.00aB", &apqn));
	assert_int_equal(apqn.card, 0x1f);
	assert_int_equal(apqn.domain, 0xab);
	cex_apqn_text(&apqn, text);
	assert_string_equal(text, "1f.00ab");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(cex_apqn_parse(wrong[i], &apqn));
}

static void test_lists_of_apqns_are_written_as_zkey_writes_them(void **state)
{
	static const char *const wrong[] = {
		"", ",", "00.0047,", ",00.0047", "00.0047,,01.0047", "00.0047 01.0047", "00.0047, 01.0047",
		"100.0047", "00.10047", "0x0.47", "00", "00.", ".47", "00.0047.1", "00.0047,0.47", "-1.47",
	};
	static char many[(LIMIT_AP_APQNS + 1) * CEX_APQN_SIZE];
	struct cex_apqns list, again;
	char text[CEX_APQNS_SIZE];

	(void)state;
	assert_true(cex_apqns_parse("0.47,1F.00aB", &list));
	assert_int_equal(list.n, 2);
	cex_apqns_text(&list, text);
	assert_string_equal(text, "00.0047,1f.00ab");
	assert_true(cex_apqns_have(&list, &(struct cex_apqn){ 0x1f, 0xab }));
	assert_false(cex_apqns_have(&list, &(struct cex_apqn){ 0x1f, 0x47 }));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_false(cex_apqns_parse(wrong[i], &again));
	for (unsigned i = 0; i <= LIMIT_AP_APQNS; i++)
		(void)snprintf(many + strlen(many), CEX_APQN_SIZE + 1, "%s00.%04x", i ? "," : "", i);
	assert_false(cex_apqns_parse(many, &again));
	many[strlen(many) - CEX_APQN_SIZE] = '\0'; /* as many as there may be */
	assert_true(cex_apqns_parse(many, &again));
	cex_apqns_text(&again, text);
	assert_string_equal(text, many);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_ap_bus_is_no_error),
		cmocka_unit_test(test_a_bus_without_cards_is_present_and_settled),
		cmocka_unit_test(test_cards_and_queues_come_by_number_with_their_states),
		cmocka_unit_test(test_registers_of_offline_queues_are_not_read),
		cmocka_unit_test(test_ep11_cards_tell_their_api_and_long_serial),
		cmocka_unit_test(test_statuses_are_the_words_of_lszcrypt),
		cmocka_unit_test(test_functions_are_spelled_as_lszcrypt_does),
		cmocka_unit_test(test_garbage_in_sysfs_is_unknown_and_harmless),
		cmocka_unit_test(test_se_states_come_from_the_queue),
		cmocka_unit_test(test_a_path_that_is_too_long_is_an_error),
		cmocka_unit_test(test_apqns_are_strict),
		cmocka_unit_test(test_lists_of_apqns_are_written_as_zkey_writes_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
