/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <string.h>

#include "cex/masterkey.h"

#define CCA_PATTERN  "0123456789abcdef"
#define EP11_PATTERN "0123456789abcdeff0e1d2c3b4a5968755555555555555555555555555555555"

static struct cex_master_keys parse(const char *text)
{
	struct cex_master_keys keys;

	memset(&keys, 0xff, sizeof(keys));
	cex_master_keys_parse(text, &keys);
	return keys;
}

static void assert_register(const struct cex_master_keys *keys, enum cex_register reg,
			    enum cex_key_state state, const char *pattern)
{
	char text[CEX_MKVP_TEXT];

	assert_int_equal(keys->keys[reg].state, state);
	cex_mkvp_text(&keys->keys[reg].mkvp, text);
	assert_string_equal(text, pattern);
}

static void test_cca_registers_are_read(void **state)
{
	struct cex_master_keys keys = parse("AES NEW: empty 0x0000000000000000\n"
					    "AES CUR: valid 0x" CCA_PATTERN "\n"
					    "AES OLD: invalid 0x0000000000000000\n"
					    "APKA NEW: full 0x1111111111111111\n"
					    "APKA CUR: valid 0x2222222222222222\n"
					    "ASYM CUR: valid 0x33333333333333333333333333333333\n");

	(void)state;
	assert_int_equal(keys.mode, CEX_MODE_CCA);
	assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_VALID, CCA_PATTERN);
	assert_register(&keys, CEX_REGISTER_OLD, CEX_STATE_INVALID, "");
	assert_register(&keys, CEX_REGISTER_NEW, CEX_STATE_EMPTY, "");
}

static void test_ep11_counts_the_leftmost_16_bytes(void **state)
{
	struct cex_master_keys keys =
		parse("WK CUR: valid 0x" EP11_PATTERN "\nWK NEW: uncommitted 0x" EP11_PATTERN "\n");

	(void)state;
	assert_int_equal(keys.mode, CEX_MODE_EP11);
	assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_VALID, "0123456789abcdeff0e1d2c3b4a59687");
	assert_register(&keys, CEX_REGISTER_NEW, CEX_STATE_UNCOMMITTED,
			"0123456789abcdeff0e1d2c3b4a59687");
	assert_register(&keys, CEX_REGISTER_OLD, CEX_STATE_UNKNOWN, "");
}

static void test_dashes_are_unknown(void **state)
{
	struct cex_master_keys keys = parse("AES NEW: - -\nAES CUR: - -\nAES OLD: - -\n");

	(void)state;
	assert_int_equal(keys.mode, CEX_MODE_CCA);
	assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_UNKNOWN, "");
	keys = parse("WK CUR: invalid -\nWK NEW: empty -\n");
	assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_INVALID, "");
	assert_register(&keys, CEX_REGISTER_NEW, CEX_STATE_EMPTY, "");
}

static void test_a_valid_register_without_a_whole_pattern_is_not_believed(void **state)
{
	static const char *const texts[] = {
		"AES CUR: valid 0x12\n",       "AES CUR: valid\n",
		"AES CUR: valid 0x" CCA_PATTERN "00\n", "AES CUR: valid " CCA_PATTERN "\n",
		"AES CUR: valid 0x0123456789abcdeg\n", "WK CUR: valid 0x" CCA_PATTERN "\n",
		"AES CUR: valid 0x",	       "AES CUR: valid 0x0123456789abcdeF0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cex_master_keys keys = parse(texts[i]);

		assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_UNKNOWN, "");
	}
}

static void test_garbage_leaves_everything_unknown(void **state)
{
	static const char *const texts[] = { "", "\n\n\n", "AES", "AES CUR", "AES CUR:", "AES CUR: ",
					     "aes cur: valid 0x" CCA_PATTERN, "\x80\xff\x01",
					     "XAES CUR: valid 0x" CCA_PATTERN "\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct cex_master_keys keys = parse(texts[i]);

		for (int reg = 0; reg < CEX_REGISTERS; reg++)
			assert_register(&keys, (enum cex_register)reg, CEX_STATE_UNKNOWN, "");
	}
}

static void test_a_domain_is_of_one_kind(void **state)
{
	struct cex_master_keys keys =
		parse("AES CUR: valid 0x" CCA_PATTERN "\nWK CUR: valid 0x" EP11_PATTERN "\n");

	(void)state;
	assert_int_equal(keys.mode, CEX_MODE_CCA);
	assert_register(&keys, CEX_REGISTER_CUR, CEX_STATE_VALID, CCA_PATTERN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cca_registers_are_read),
		cmocka_unit_test(test_ep11_counts_the_leftmost_16_bytes),
		cmocka_unit_test(test_dashes_are_unknown),
		cmocka_unit_test(test_a_valid_register_without_a_whole_pattern_is_not_believed),
		cmocka_unit_test(test_garbage_leaves_everything_unknown),
		cmocka_unit_test(test_a_domain_is_of_one_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
