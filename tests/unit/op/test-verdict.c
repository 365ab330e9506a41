/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lower rooms report becomes an outcome with a cause that names the object. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/attributes.h"
#include "op/verdict.h"

static void test_each_condition_of_kms_has_its_outcome(void **state)
{
	static const struct {
		enum kms_condition condition;
		enum outcome outcome;
	} rows[] = {
		{ KMS_OK, OUTCOME_OK },
		{ KMS_NO_NETWORK, OUTCOME_NO_NETWORK },
		{ KMS_DNS_FAILED, OUTCOME_DNS_FAILED },
		{ KMS_UNREACHABLE, OUTCOME_KMS_UNREACHABLE },
		{ KMS_TLS_UNTRUSTED, OUTCOME_TLS_UNTRUSTED },
		{ KMS_TLS_CLOCK, OUTCOME_TLS_CLOCK },
		{ KMS_IAM_REFUSED, OUTCOME_IAM_REFUSED },
		{ KMS_CREDENTIAL_MISSING, OUTCOME_CREDENTIAL_MISSING },
		{ KMS_REFUSED, OUTCOME_KMS_REFUSED },
		{ KMS_KEY_GONE, OUTCOME_KMS_KEY_GONE },
		{ KMS_KEY_DISABLED, OUTCOME_KMS_KEY_DISABLED },
		{ KMS_BAD_CIPHERTEXT, OUTCOME_KMS_BAD_CIPHERTEXT },
		{ KMS_THROTTLED, OUTCOME_KMS_THROTTLED },
		{ KMS_TIMEOUT, OUTCOME_TIMEOUT },
		{ (enum kms_condition)(KMS_TIMEOUT + 1), OUTCOME_INTERNAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kms_reply reply = { .condition = rows[i].condition,
					   .cause = "kms.test said no",
					   .http_status = 409,
					   .code = "SOME_ERR" };
		struct verdict v = { 0 };

		assert_int_equal(verdict_kms(&v, &reply), rows[i].outcome);
		assert_string_equal(v.cause, "kms.test said no, HTTP 409 SOME_ERR");
		reply.http_status = 0;
		reply.code[0] = '\0';
		(void)verdict_kms(&v, &reply);
		assert_string_equal(v.cause, "kms.test said no");
		/* the condition's own name is the same word */
		if (rows[i].condition <= KMS_TIMEOUT)
			assert_string_equal(kms_condition_name(rows[i].condition),
					    outcome_word(rows[i].outcome));
	}
}

static void test_each_condition_of_luks_has_its_outcome_and_names_the_object(void **state)
{
	static const struct {
		int condition;
		enum outcome outcome;
	} rows[] = {
		{ LUKS_OK, OUTCOME_OK },
		{ LUKS_NO_DEVICE, OUTCOME_DEVICE_MISSING },
		{ LUKS_BUSY, OUTCOME_DEVICE_BUSY },
		{ LUKS_NOT_LUKS2, OUTCOME_HEADER_REFUSED },
		{ LUKS_REFUSED, OUTCOME_HEADER_REFUSED },
		{ LUKS_NOT_BOUND, OUTCOME_NOT_BOUND },
		{ LUKS_WRONG_PASSPHRASE, OUTCOME_WRONG_PASSPHRASE },
		{ LUKS_ACTIVE, OUTCOME_DEVICE_BUSY },
		{ LUKS_LAST_WAY_IN, OUTCOME_LAST_WAY_IN },
		{ LUKS_NO_SPACE, OUTCOME_HEADER_REFUSED },
		{ LUKS_NO_MAPPER, OUTCOME_DEVICE_MAPPER },
		{ LUKS_TABLE_MISMATCH, OUTCOME_HEADER_REFUSED },
		{ LUKS_CHANGED, OUTCOME_DEVICE_BUSY },
		{ LUKS_KERNEL_REFUSED, OUTCOME_DEVICE_MAPPER },
		{ LUKS_OCCUPIED, OUTCOME_DEVICE_BUSY },
		{ LUKS_NO_ENTROPY, OUTCOME_IMAGE_INCOMPLETE },
		{ LUKS_NO_ENTROPY + 1, OUTCOME_INTERNAL },
		{ -EACCES, OUTCOME_NO_PERMISSION },
		{ -EPERM, OUTCOME_NO_PERMISSION },
		{ -EIO, OUTCOME_INTERNAL },
	};
	static const struct luks_reason reason = { "because of 42" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct verdict v = { .hint = "stale" };

		assert_int_equal(verdict_luks(&v, rows[i].condition, "/dev/vda2", NULL),
				 rows[i].outcome);
		assert_non_null(strstr(v.cause, "/dev/vda2"));
		assert_null(strstr(v.hint, "stale"));
		assert_int_equal(verdict_luks(&v, rows[i].condition, "/dev/vda2", &reason),
				 rows[i].outcome);
		if (rows[i].condition == LUKS_REFUSED || rows[i].condition == LUKS_TABLE_MISMATCH)
			assert_non_null(strstr(v.cause, "because of 42"));
		assert_true(rows[i].outcome == OUTCOME_OK || verdict_hint_text(&v)[0]);
	}
}

/* What may pass by itself is worth another try, and a token that the kernel refuses breaks a rule. */
static void test_each_condition_of_a_card_has_its_outcome(void **state)
{
	static const struct {
		enum cex_condition condition;
		enum outcome outcome;
	} rows[] = {
		{ CEX_OK, OUTCOME_OK },
		{ CEX_NO_AP_BUS, OUTCOME_NO_AP_BUS },
		{ CEX_MODULE_MISSING, OUTCOME_MODULE_MISSING },
		{ CEX_NO_CARD, OUTCOME_NO_CARD },
		{ CEX_CARD_WRONG_MODE, OUTCOME_CARD_WRONG_MODE },
		{ CEX_QUEUE_IN_USE, OUTCOME_QUEUE_IN_USE },
		{ CEX_CARD_OFFLINE, OUTCOME_CARD_OFFLINE },
		{ CEX_MASTER_KEY_NOT_SET, OUTCOME_MASTER_KEY_NOT_SET },
		{ CEX_MASTER_KEY_UNKNOWN, OUTCOME_MASTER_KEY_UNKNOWN },
		{ CEX_MASTER_KEY_OLD, OUTCOME_OK },
		{ CEX_KEY_MALFORMED, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_KEY_NOT_SECURE, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_NO_QUEUE, OUTCOME_NO_CARD },
		{ CEX_NOT_SUPPORTED, OUTCOME_MODULE_MISSING },
		{ CEX_BUSY, OUTCOME_CARD_OFFLINE },
		{ CEX_REFUSED, OUTCOME_NOT_A_SECURE_KEY },
		{ CEX_CARD_ERROR, OUTCOME_CARD_OFFLINE },
		{ CEX_CARD_ERROR + 1, OUTCOME_INTERNAL },
	};
	static const struct cex_reason reason = { "00.0047 offline" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { .hint = "stale" };

		assert_int_equal(verdict_cex(&v, rows[i].condition, &reason), rows[i].outcome);
		assert_non_null(strstr(v.cause, "00.0047 offline"));
		assert_string_equal(v.hint, "");
		assert_true(!outcome_is_about_cards(v.outcome) || verdict_hint_text(&v)[0]);
	}
	assert_true(outcome_is_about_cards(OUTCOME_NO_AP_BUS));
	assert_true(outcome_is_about_cards(OUTCOME_MODULE_MISSING));
	assert_false(outcome_is_about_cards(OUTCOME_KMS_THROTTLED));
	assert_false(outcome_is_about_cards(OUTCOME_NOT_A_SECURE_KEY));
}

static void test_errno_comes_in_either_sign(void **state)
{
	struct verdict v = { 0 };

	(void)state;
	assert_int_equal(verdict_errno(&v, EACCES, "/x"), OUTCOME_NO_PERMISSION);
	assert_int_equal(verdict_errno(&v, -EACCES, "/x"), OUTCOME_NO_PERMISSION);
	assert_int_equal(verdict_errno(&v, -ENOSPC, "/x"), OUTCOME_INTERNAL);
	assert_string_equal(v.cause, "/x: No space left on device");
	assert_string_equal(verdict_hint_text(&v), "free some space");
}

static void test_a_hint_belongs_to_one_verdict(void **state)
{
	struct verdict v = { 0 };

	(void)state;
	(void)verdict_set(&v, OUTCOME_DNS_FAILED, "no answer for %s", "kms.test");
	assert_int_equal(verdict_hint(&v, "ask %s", "dns"), OUTCOME_DNS_FAILED);
	assert_string_equal(verdict_hint_text(&v), "ask dns");
	(void)verdict_set(&v, OUTCOME_DNS_FAILED, "again");
	assert_string_equal(verdict_hint_text(&v), outcome_hint(OUTCOME_DNS_FAILED));
}

static void test_long_causes_are_cut_and_stay_text(void **state)
{
	char text[2000];
	struct verdict v = { 0 };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	(void)verdict_set(&v, OUTCOME_INTERNAL, "%s", text);
	(void)verdict_hint(&v, "%s", text);
	assert_int_equal(strlen(v.cause), sizeof(v.cause) - 1);
	assert_int_equal(strlen(v.hint), sizeof(v.hint) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_condition_of_kms_has_its_outcome),
		cmocka_unit_test(test_each_condition_of_luks_has_its_outcome_and_names_the_object),
		cmocka_unit_test(test_each_condition_of_a_card_has_its_outcome),
		cmocka_unit_test(test_errno_comes_in_either_sign),
		cmocka_unit_test(test_a_hint_belongs_to_one_verdict),
		cmocka_unit_test(test_long_causes_are_cut_and_stay_text),
	};

	return cmocka_run_group_tests_name("op/verdict", tests, NULL, NULL);
}
