/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What lower rooms report becomes an outcome with a cause that names the object. */
#include "unit.h"

#include <errno.h>
#include <string.h>

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
		{ LUKS_CHANGED + 1, OUTCOME_INTERNAL },
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
		cmocka_unit_test(test_errno_comes_in_either_sign),
		cmocka_unit_test(test_a_hint_belongs_to_one_verdict),
		cmocka_unit_test(test_long_causes_are_cut_and_stay_text),
	};

	return cmocka_run_group_tests_name("op/verdict", tests, NULL, NULL);
}
