/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificates are openssl's, with dates on both sides of the year from which on they are written with four digits. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/certificate.h"

#define CA \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBCjCBsgIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAd0ZXN0IENBMB4XDTI2\n" \
	"MDEwMTAwMDAwMFoXDTQ5MTIzMTIzNTk1OVowEjEQMA4GA1UEAwwHdGVzdCBDQTBZ\n" \
	"MBMGByqGSM49AgEGCCqGSM49AwEHA0IABPp5EcjGfX5eC1n8/JGrTGSQuJHdLO0e\n" \
	"jOot3N8lbXWsUwOIXh2XvbIL6w8OVp93UaBgPdtziXmpzEW7RSuMkwcwCgYIKoZI\n" \
	"zj0EAwIDRwAwRAIgKVxocqYmxCFEWn4hSNFKtOnXg+7MoCBEuurIQ6VpOmUCIBFm\n" \
	"BQJK+/XlODECkRyekwaUwBPLg1nj0VW33K5CA7FP\n" \
	"-----END CERTIFICATE-----\n"
#define SERVER \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBEDCBuAIBATAKBggqhkjOPQQDAjASMRAwDgYDVQQDDAd0ZXN0IENBMCAXDTI2\n" \
	"MDEwMTAwMDAwMFoYDzIwNTAwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtrbXMuZXhh\n" \
	"bXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPp5EcjGfX5eC1n8/JGrTGSQ\n" \
	"uJHdLO0ejOot3N8lbXWsUwOIXh2XvbIL6w8OVp93UaBgPdtziXmpzEW7RSuMkwcw\n" \
	"CgYIKoZIzj0EAwIDRwAwRAIgYrASFbp9YXksA0/twux/1hb5rS1aGC2ft7T1p3jr\n" \
	"1FMCIBZlkrgbNlH5MQ3XcfRPWl9Ym3/T1vdfoaJU62ZBseLy\n" \
	"-----END CERTIFICATE-----\n"
#define OTHER \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBBjCBrgIBATAKBggqhkjOPQQDAjAQMQ4wDAYDVQQDDAVvdGhlcjAeFw0yNjAx\n" \
	"MDEwMDAwMDBaFw0yNzAzMjgwMDAwMDBaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYH\n" \
	"KoZIzj0CAQYIKoZIzj0DAQcDQgAE+nkRyMZ9fl4LWfz8katMZJC4kd0s7R6M6i3c\n" \
	"3yVtdaxTA4heHZe9sgvrDw5Wn3dRoGA923OJeanMRbtFK4yTBzAKBggqhkjOPQQD\n" \
	"AgNHADBEAiAyis0gv/J87KrK9z8NtGJ4PHMON4DxE8yeh6gE28OUyAIgSajgW8NN\n" \
	"QBA35OLdYVZ821LkDJtEOoc76VeZUNElNc4=\n" \
	"-----END CERTIFICATE-----\n"
/* The same subject, and what else it has for a name: a mail address and the host; no host; an address; two lists. */
#define NAMED \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBdDCCARqgAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtrbXMuZXhh\n" \
	"bXBsZTAeFw0yNjExMjMwMTI0MzlaFw0zNjExMjAwMTI0MzlaMBYxFDASBgNVBAMM\n" \
	"C2ttcy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoYs8N5fhtyR7\n" \
	"G+P/MbOkd4ytbyP0SFyw0qH46U87+RlHuv/oEWWLG3CDUNnjKfunJ74RGKnwppN9\n" \
	"pfLDba0xxKNZMFcwDAYDVR0TAQH/BAIwADAoBgNVHREEITAfgRByb290QGttcy5l\n" \
	"eGFtcGxlggtrbXMuZXhhbXBsZTAdBgNVHQ4EFgQUkVR/Es7NPCan4QjavVPP4lMK\n" \
	"sO0wCgYIKoZIzj0EAwIDSAAwRQIgdt4lbT5W6uQzPL3q5NLGxqoot5GjttZDOKvT\n" \
	"6to+XIUCIQCRGPVg1Q4d5emMqBVeTFq6mVWGkkrUh/IMofU+9vMXVg==\n" \
	"-----END CERTIFICATE-----\n"
#define MAIL \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBVzCB/6ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2ttcy5leGFt\n" \
	"cGxlMB4XDTI2MTEyMzAxMjQ0MFoXDTM2MTEyMDAxMjQ0MFowFjEUMBIGA1UEAwwL\n" \
	"a21zLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAShizw3l+G3JHsb\n" \
	"4/8xs6R3jK1vI/RIXLDSofjpTzv5GUe6/+gRZYsbcINQ2eMp+6cnvhEYqfCmk32l\n" \
	"8sNtrTHEoz4wPDAbBgNVHREEFDASgRByb290QGttcy5leGFtcGxlMB0GA1UdDgQW\n" \
	"BBSRVH8Szs08JqfhCNq9U8/iUwqw7TAKBggqhkjOPQQDAgNHADBEAiBaDF5bk53u\n" \
	"r97IFWnjs4zr82/8IDM9+iEaYb/ztMoQdwIgDFZKQJtyovH8Rn3t2B3VP0HGOX3M\n" \
	"kZOlSmyoJs8sxLs=\n" \
	"-----END CERTIFICATE-----\n"
#define ADDRESS \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBTDCB86ADAgECAgEBMAoGCCqGSM49BAMCMBYxFDASBgNVBAMMC2ttcy5leGFt\n" \
	"cGxlMB4XDTI2MTEyMzAxMjQ0MFoXDTM2MTEyMDAxMjQ0MFowFjEUMBIGA1UEAwwL\n" \
	"a21zLmV4YW1wbGUwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAShizw3l+G3JHsb\n" \
	"4/8xs6R3jK1vI/RIXLDSofjpTzv5GUe6/+gRZYsbcINQ2eMp+6cnvhEYqfCmk32l\n" \
	"8sNtrTHEozIwMDAPBgNVHREECDAGhwR/AAABMB0GA1UdDgQWBBSRVH8Szs08Jqfh\n" \
	"CNq9U8/iUwqw7TAKBggqhkjOPQQDAgNIADBFAiEAngDXv03rQnFTIpIj9EEV0SSx\n" \
	"MzoiT3S+RwdaC5EqslMCIB2JDf5SAjkEIwYpsTRq/4wOOqHVNaxFlHrxNGCp3O8T\n" \
	"-----END CERTIFICATE-----\n"
#define TWICE \
	"-----BEGIN CERTIFICATE-----\n" \
	"MIIBbTCCARKgAwIBAgIBATAKBggqhkjOPQQDAjAWMRQwEgYDVQQDDAtrbXMuZXhh\n" \
	"bXBsZTAeFw0yNjExMjMwMTI1MzNaFw0zNjExMjAwMTI1MzNaMBYxFDASBgNVBAMM\n" \
	"C2ttcy5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEoYs8N5fhtyR7\n" \
	"G+P/MbOkd4ytbyP0SFyw0qH46U87+RlHuv/oEWWLG3CDUNnjKfunJ74RGKnwppN9\n" \
	"pfLDba0xxKNRME8wFgYDVR0RBA8wDYILa21zLmV4YW1wbGUwFgYDVR0RBA8wDYIL\n" \
	"a21zLmV4YW1wbGUwHQYDVR0OBBYEFJFUfxLOzTwmp+EI2r1Tz+JTCrDtMAoGCCqG\n" \
	"SM49BAMCA0kAMEYCIQCXXsvhdhevlKRLOLqtqMeqMWqFBWocsr0pT+SWWQmsRQIh\n" \
	"ALp6HSfpPmXuD/THKZWmMz5+5W1JtRhHftvj5ZMjNSLR\n" \
	"-----END CERTIFICATE-----\n"

static int next(const char **text, struct certificate *ret)
{
	return certificate_next(text, *text + strlen(*text), ret);
}

static void test_certificates_of_a_bundle_come_one_by_one(void **state)
{
	static const int64_t ends[] = { 2524607999, 2524608000, 1806192000 };
	const char *text = "What it is\n" CA "and between\n" SERVER OTHER "behind";

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct certificate c;

		assert_int_equal(next(&text, &c), 0);
		assert_int_equal(c.ends, ends[i]);
		certificate_done(&c);
	}
	assert_int_equal(next(&text, &(struct certificate){ 0 }), -ENOENT);
	assert_string_equal(text, "\nbehind");
}

static void test_who_signed_it_is_known_by_name(void **state)
{
	const char *text = CA SERVER OTHER;
	struct certificate ca, server, other;

	(void)state;
	assert_int_equal(next(&text, &ca), 0);
	assert_int_equal(next(&text, &server), 0);
	assert_int_equal(next(&text, &other), 0);
	assert_true(certificate_is_by(&server, &ca));
	assert_true(certificate_is_by(&ca, &ca));
	assert_false(certificate_is_by(&server, &other));
	assert_false(certificate_is_by(&ca, &server));
	certificate_done(&ca);
	certificate_done(&server);
	certificate_done(&other);
}

static bool has(const char *text, enum certificate_name kind)
{
	struct certificate c;
	bool found;

	assert_int_equal(next(&text, &c), 0);
	found = certificate_has_name(&c, kind);
	certificate_done(&c);
	return found;
}

static void test_a_subject_is_no_name_of_a_host(void **state)
{
	(void)state;
	assert_true(has(NAMED, CERTIFICATE_DNS));
	assert_false(has(NAMED, CERTIFICATE_ADDRESS));
	assert_true(has(ADDRESS, CERTIFICATE_ADDRESS));
	assert_false(has(ADDRESS, CERTIFICATE_DNS));
	assert_false(has(MAIL, CERTIFICATE_DNS));
	assert_false(has(SERVER, CERTIFICATE_DNS)); /* the first version, without extensions */
	assert_false(has(TWICE, CERTIFICATE_DNS));
}

static void test_dates_are_days_of_utc(void **state)
{
	char date[CERTIFICATE_DATE_SIZE];

	(void)state;
	certificate_date(1806192000, date);
	assert_string_equal(date, "2027-03-28");
	certificate_date(1806192000 - 1, date);
	assert_string_equal(date, "2027-03-27");
	certificate_date(0, date);
	assert_string_equal(date, "");
}

static void test_what_is_none_is_refused_and_passed_over(void **state)
{
	const char *text = "-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n" OTHER;
	const char *open_end = "-----BEGIN CERTIFICATE-----\nMAAA\n";
	struct certificate c;

	(void)state;
	assert_int_equal(next(&text, &c), -EBADMSG);
	assert_int_equal(next(&text, &c), 0);
	assert_int_equal(c.ends, 1806192000);
	certificate_done(&c);
	assert_int_equal(next(&open_end, &c), -ENOENT);
}

/* Each character in turn is another one, and each end comes too early: nothing is read that is not there. */
static void test_damage_is_refused_or_harmless(void **state)
{
	static const char whole[] = NAMED;
	char damaged[sizeof(whole)];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(whole); i++)
		for (const char *c = "AZz9+/=\n"; *c; c++) {
			struct certificate got = { 0 };
			const char *text = damaged;

			memcpy(damaged, whole, sizeof(whole));
			damaged[i] = *c;
			if (next(&text, &got) == 0)
				(void)certificate_has_name(&got, CERTIFICATE_ADDRESS);
			certificate_done(&got);
		}
	for (size_t len = 0; len + 2 < sizeof(whole); len++) {
		const char *text = whole;

		assert_int_not_equal(certificate_next(&text, whole + len, &(struct certificate){ 0 }), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates_of_a_bundle_come_one_by_one),
		cmocka_unit_test(test_who_signed_it_is_known_by_name),
		cmocka_unit_test(test_a_subject_is_no_name_of_a_host),
		cmocka_unit_test(test_dates_are_days_of_utc),
		cmocka_unit_test(test_what_is_none_is_refused_and_passed_over),
		cmocka_unit_test(test_damage_is_refused_or_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
