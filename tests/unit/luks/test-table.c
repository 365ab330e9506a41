/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <string.h>
#include <sys/sysmacros.h>

#include "luks/mapping.h"
#include "luks/table.h"
#include "luks/volume.h"

#define UUID "96fa7ba7-5229-4f32-a9d3-849404febb0e"
#define KEY  ":64:logon:cryptsetup:" UUID "-d0"
#define HEX  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct luks_facts facts = {
	.cipher = "aes-xts-plain64",
	.key_size = 64,
	.sector_size = 512,
	.data_offset = 16 << 20,
};

static struct luks_expectation expected(void)
{
	struct luks_expectation e = { .facts = &facts, .uuid = UUID, .name = "luks-root",
				      .devno = makedev(254, 2), .length = 1000 };
	return e;
}

static int look(const char *params)
{
	struct luks_table table = { .start = 0, .length = 1000 };
	struct luks_expectation e = expected();
	struct luks_reason reason;
	int r = luks_table_parse("crypt", params, &table, &reason);

	return r ? r : luks_table_compare(&table, &e, &reason);
}

static void test_the_table_that_cryptsetup_makes_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(look("aes-xts-plain64 " KEY " 0 254:2 32768"), 0);
	assert_int_equal(look("aes-xts-plain64 " HEX HEX " 0 254:2 32768"), 0);
	assert_int_equal(look("aes-xts-plain64 " KEY " 0 254:2 32768 1 allow_discards"), 0);
	assert_int_equal(look("aes-xts-plain64 " KEY " 0 254:2 32768 6 allow_discards same_cpu_crypt "
			      "submit_from_crypt_cpus no_read_workqueue no_write_workqueue "
			      "high_priority"),
			 0);
	assert_int_equal(look("aes-xts-plain64 " KEY " 0 254:2 32768 1 sector_size:512"), 0);
}

static void test_each_difference_is_a_mismatch(void **state)
{
	static const char *const wrong[] = {
		"cipher_null-ecb " KEY " 0 254:2 32768",
		"aes-cbc-plain64 " KEY " 0 254:2 32768",
		"paes-xts-plain64 " KEY " 0 254:2 32768",
		"capi:xts(aes)-plain64 " KEY " 0 254:2 32768",
		"aes-xts-plain64 - 0 254:2 32768",
		"aes-xts-plain64 " HEX " 0 254:2 32768",
		"aes-xts-plain64 " HEX HEX "0 0 254:2 32768",
		"aes-xts-plain64 " HEX HEX "zz 0 254:2 32768",
		"aes-xts-plain64 :32:logon:cryptsetup:" UUID "-d0 0 254:2 32768",
		"aes-xts-plain64 :64:user:cryptsetup:" UUID "-d0 0 254:2 32768",
		"aes-xts-plain64 :64:logon:cryptsetup:00000000-5229-4f32-a9d3-849404febb0e-d0 0 254:2 "
		"32768",
		"aes-xts-plain64 :64:logon:evil:" UUID "-d0 0 254:2 32768",
		"aes-xts-plain64 :64:logon: 0 254:2 32768",
		"aes-xts-plain64 :logon:x 0 254:2 32768",
		"aes-xts-plain64 :999999999999:logon:x 0 254:2 32768",
		"aes-xts-plain64 " KEY " 8 254:2 32768",
		"aes-xts-plain64 " KEY " -1 254:2 32768",
		"aes-xts-plain64 " KEY " 0 254:3 32768",
		"aes-xts-plain64 " KEY " 0 253:2 32768",
		"aes-xts-plain64 " KEY " 0 /dev/vda2 32768",
		"aes-xts-plain64 " KEY " 0 254:2 0",
		"aes-xts-plain64 " KEY " 0 254:2 32769",
		"aes-xts-plain64 " KEY " 0 254:2",
		"aes-xts-plain64 " KEY " 0",
		"aes-xts-plain64 " KEY,
		"aes-xts-plain64",
		"",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 sector_size:4096",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 sector_size:x",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 sector_size:99999",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 iv_large_sectors",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 integrity:28:aead",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 something_new",
		"aes-xts-plain64 " KEY " 0 254:2 32768 2 allow_discards",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 allow_discards iv_large_sectors",
		"aes-xts-plain64 " KEY " 0 254:2 32768 0 allow_discards",
		"aes-xts-plain64 " KEY " 0 254:2 32768 x",
		"aes-xts-plain64 " KEY "  254:2 32768",
		"aes-xts-plain64 " KEY " 0 : 32768",
		"aes-xts-plain64 " KEY " 0 254: 32768",
		"aes-xts-plain64 " KEY " 0 254:2 9999999999999999999",
		"aes-xts-plain64 " HEX HEX HEX HEX " 0 254:2 32768",
		"aes-xts-plain64 " KEY KEY KEY " 0 254:2 32768",
		"aes-xts-plain64 ::logon:cryptsetup:" UUID "-d0 0 254:2 32768",
		"aes-xts-plain64 :64:encrypted:cryptsetup:" UUID "-d0 0 254:2 32768",
		"aes-xts-plain64-" HEX " " KEY " 0 254:2 32768",
		"aes-xts-plain64 " KEY " 0 254:2 32768 17 allow_discards allow_discards allow_discards "
		"allow_discards allow_discards allow_discards allow_discards allow_discards allow_discards "
		"allow_discards allow_discards allow_discards allow_discards allow_discards allow_discards "
		"allow_discards allow_discards",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 sectorsize:512",
		"aes-xts-plain64 " KEY " 0 254:2 32768 1 sector_size:4294967808",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (look(wrong[i]) != LUKS_TABLE_MISMATCH)
			fail_msg("accepted: %s", wrong[i]);
}

static void test_sector_size_and_secure_key_follow_the_header(void **state)
{
	static const struct luks_facts paes = { .cipher = "paes-xts-plain64", .key_size = 272,
						.sector_size = 4096, .data_offset = 0, .iv_offset = 8 };
	static const char params[] = "paes-xts-plain64 :272:logon:cryptsetup:" UUID
				     "-d0 8 94:5 0 1 sector_size:4096";
	struct luks_table table = { .length = 8 };
	struct luks_expectation e = { .facts = &paes, .uuid = UUID, .name = "x",
				      .devno = makedev(94, 5), .length = 8 };
	struct luks_reason reason;

	(void)state;
	assert_int_equal(luks_table_parse("crypt", params, &table, &reason), 0);
	assert_int_equal(luks_table_compare(&table, &e, &reason), 0);
	table.length = 16;
	assert_int_equal(luks_table_compare(&table, &e, &reason), LUKS_TABLE_MISMATCH);
	table.length = 8;
	table.start = 1;
	assert_int_equal(luks_table_compare(&table, &e, &reason), LUKS_TABLE_MISMATCH);
	assert_int_equal(luks_table_parse("linear", "254:2 0", &table, &reason), LUKS_TABLE_MISMATCH);
	assert_int_equal(luks_table_parse("integrity", params, &table, &reason), LUKS_TABLE_MISMATCH);
}

static void test_the_reason_holds_no_key(void **state)
{
	struct luks_table table = { 0 };
	struct luks_reason reason = { "" };

	(void)state;
	assert_int_equal(luks_table_parse("crypt", "aes-xts-plain64 " HEX "0 0 254:2 0", &table,
					  &reason),
			 LUKS_TABLE_MISMATCH);
	assert_null(strstr(reason.text, "00112233"));
	assert_true(strlen(reason.text) > 10);
}

static void test_the_mapping_uuid_names_type_volume_and_mapping(void **state)
{
	(void)state;
	assert_true(luks_table_uuid_fits("CRYPT-LUKS2-96fa7ba752294f32a9d3849404febb0e-luks-root", UUID,
					 "luks-root"));
	assert_false(luks_table_uuid_fits("CRYPT-LUKS1-96fa7ba752294f32a9d3849404febb0e-luks-root", UUID,
					  "luks-root"));
	assert_false(luks_table_uuid_fits("CRYPT-LUKS2-96fa7ba752294f32a9d3849404febb0f-luks-root", UUID,
					  "luks-root"));
	assert_false(luks_table_uuid_fits("CRYPT-LUKS2-96fa7ba752294f32a9d3849404febb0e-other", UUID,
					  "luks-root"));
	assert_false(luks_table_uuid_fits("CRYPT-PLAIN-luks-root", UUID, "luks-root"));
	assert_false(luks_table_uuid_fits("", UUID, "luks-root"));
}

static void test_names_that_are_no_names_are_refused(void **state)
{
	char longest[129];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[128] = '\0';
	assert_false(luks_mapping_name_is_valid(longest));
	longest[127] = '\0';
	assert_true(luks_mapping_name_is_valid(longest));
	assert_true(luks_mapping_name_is_valid("luks-" UUID));
	assert_false(luks_mapping_name_is_valid(""));
	assert_false(luks_mapping_name_is_valid("."));
	assert_false(luks_mapping_name_is_valid(".."));
	assert_false(luks_mapping_name_is_valid("control"));
	assert_false(luks_mapping_name_is_valid("a/b"));
}

static void test_nothing_is_active_under_a_name_nobody_uses(void **state)
{
	int r = luks_volume_close("cexluks-no-such-mapping");

	(void)state;
	assert_false(luks_volume_is_active("cexluks-no-such-mapping"));
	/* with and without device mapper in this kernel */
	assert_true(r == LUKS_NO_DEVICE || r == LUKS_NO_MAPPER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_table_that_cryptsetup_makes_is_accepted),
		cmocka_unit_test(test_each_difference_is_a_mismatch),
		cmocka_unit_test(test_sector_size_and_secure_key_follow_the_header),
		cmocka_unit_test(test_the_reason_holds_no_key),
		cmocka_unit_test(test_the_mapping_uuid_names_type_volume_and_mapping),
		cmocka_unit_test(test_names_that_are_no_names_are_refused),
		cmocka_unit_test(test_nothing_is_active_under_a_name_nobody_uses),
	};

	return cmocka_run_group_tests_name("luks/table", tests, NULL, NULL);
}
