/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "kms/address.h"
#include "kms/profile.h"

static const struct {
	const char *text, *normal, *host;
} good[] = {
	{ "https://iam.cloud.ibm.com", "https://iam.cloud.ibm.com", "iam.cloud.ibm.com" },
	{ "https://iam.cloud.ibm.com/", "https://iam.cloud.ibm.com", "iam.cloud.ibm.com" },
	{ "https://EU-DE.kms.cloud.ibm.com", "https://eu-de.kms.cloud.ibm.com",
	  "eu-de.kms.cloud.ibm.com" },
	{ "https://api.eu-de.hs-crypto.cloud.ibm.com:8123",
	  "https://api.eu-de.hs-crypto.cloud.ibm.com:8123", "api.eu-de.hs-crypto.cloud.ibm.com" },
	{ "https://01234567-89ab-cdef-0123-456789abcdef.api.eu-de.kms.appdomain.cloud",
	  "https://01234567-89ab-cdef-0123-456789abcdef.api.eu-de.kms.appdomain.cloud",
	  "01234567-89ab-cdef-0123-456789abcdef.api.eu-de.kms.appdomain.cloud" },
	{ "https://203.0.113.7", "https://203.0.113.7", "203.0.113.7" },
	{ "https://203.0.113.7:65535/", "https://203.0.113.7:65535", "203.0.113.7" },
	{ "https://[2001:DB8::1]:1", "https://[2001:db8::1]:1", "2001:db8::1" },
	{ "https://[::1]", "https://[::1]", "::1" },
	{ "https://localhost:8443", "https://localhost:8443", "localhost" },
	{ "https://a", "https://a", "a" },
	{ "https://1a.b2", "https://1a.b2", "1a.b2" },
	{ "https://xn--bcher-kva.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example" },
};

static const char *const hostile[] = {
	"",
	" ",
	"/",
	"https",
	"https:",
	"https:/",
	"https://",
	"https:///",
	"https:////",
	"https://:443",
	"https://:",
	"http://kms.example",
	"http://169.254.169.254",
	"HTTPS://kms.example",
	"Https://kms.example",
	"ftp://kms.example",
	"file:///etc/passwd",
	"gopher://kms.example",
	"javascript:alert(1)",
	"kms.example",
	"//kms.example",
	"https:kms.example",
	"https:/kms.example",
	" https://kms.example",
	"https://kms.example ",
	"https:// kms.example",
	"https://kms .example",
	"https://kms.example\n",
	"https://kms.example\r\nX: y",
	"https://kms.example\t",
	"https://kms\x01.example",
	"https://kms\x7f.example",
	"https://kms\x80.example",
	"https://k\xc3\xbcms.example",
	"https://kms.example/api",
	"https://kms.example/api/v2/keys",
	"https://kms.example//",
	"https://kms.example/./",
	"https://kms.example/..",
	"https://kms.example/%2e%2e",
	"https://kms.example?x=y",
	"https://kms.example/?x",
	"https://kms.example#frag",
	"https://kms.example/#",
	"https://user@kms.example",
	"https://user:pass@kms.example",
	"https://@kms.example",
	"https://:@kms.example",
	"https://kms.example@evil.example",
	"https://kms.example:443@evil.example",
	"https://kms.example\\@evil.example",
	"https://kms.example\\evil",
	"https://kms.example%2eevil.example",
	"https://kms%00.example",
	"https://kms.example:",
	"https://kms.example:/",
	"https://kms.example:0",
	"https://kms.example:00443",
	"https://kms.example:0443",
	"https://kms.example:65536",
	"https://kms.example:99999",
	"https://kms.example:100000",
	"https://kms.example:4294967739",
	"https://kms.example:-1",
	"https://kms.example:+443",
	"https://kms.example: 443",
	"https://kms.example:443x",
	"https://kms.example:0x1bb",
	"https://kms.example:https",
	"https://kms.example:443:443",
	"https://kms.example::443",
	"https://.kms.example",
	"https://kms.example.",
	"https://kms..example",
	"https://.",
	"https://..",
	"https://-kms.example",
	"https://kms-.example",
	"https://kms.-example",
	"https://kms.example-",
	"https://-",
	"https://kms_internal.example",
	"https://kms,example",
	"https://kms;example",
	"https://kms'example",
	"https://kms\"example",
	"https://kms<example>",
	"https://kms|example",
	"https://kms`example`",
	"https://$(reboot).example",
	"https://kms$example",
	"https://kms!example",
	"https://kms*.example",
	"https://*.example",
	"https://kms(example)",
	"https://kms=example",
	"https://kms+example",
	"https://kms~example",
	"https://kms^example",
	"https://{kms}.example",
	"https://1",
	"https://1.2",
	"https://1.2.3",
	"https://127.1",
	"https://127.0.1",
	"https://2130706433",
	"https://0x7f000001",
	"https://0x7f.1",
	"https://0x7f.0.0.1",
	"https://0X7F000001",
	"https://017700000001",
	"https://0177.0.0.1",
	"https://127.0.0.01",
	"https://256.0.0.1",
	"https://1.2.3.4.5",
	"https://1.2.3.256",
	"https://1.2.3.0x4",
	"https://kms.1",
	"https://kms.0x1",
	"https://kms.0x",
	"https://1.2.3.4.",
	"https://[",
	"https://]",
	"https://[]",
	"https://[::1",
	"https://::1",
	"https://::1]",
	"https://2001:db8::1",
	"https://[::1]x",
	"https://[::1]443",
	"https://[::1]:",
	"https://[::1]:0",
	"https://[::1]:70000",
	"https://[::1]:443:1",
	"https://[::1]/x",
	"https://[::1]?",
	"https://[::1]@evil.example",
	"https://[127.0.0.1]",
	"https://[kms.example]",
	"https://[fe80::1%eth0]",
	"https://[fe80::1%25eth0]",
	"https://[::ffff:1.2.3]",
	"https://[1:2:3:4:5:6:7:8:9]",
	"https://[:::1]",
	"https://[[::1]]",
	"https://[::1]]",
	"https://[v1.x]",
	"https://a[::1]",
	"https://https://kms.example",
	"https://http://kms.example",
	"https://kms.example,https://evil.example",
	"https://kms.example https://evil.example",
	"https://kms.example;evil",
	"https://kms.example&x",
	"https://kms.example=",
	"https://<instance>.api.eu-de.kms.appdomain.cloud",
	"https://${INSTANCE}.example",
	"https://%s%s%s%n",
	"unix:///run/kms.sock",
	"socks5://kms.example",
	"data:text/plain,x",
	"about:blank",
	"https://\xe2\x80\xae" "example",
	"https://kms.example\xc2\xa0",
	"https://kms\xef\xbc\x8e" "example",
	"https://\xff",
};

/* Names that are wrong only by their length. */
static void fill_long(char *dst, size_t labels, size_t len)
{
	char *p = stpcpy(dst, "https://");

	for (size_t i = 0; i < labels; i++) {
		memset(p, 'a', len);
		p += len;
		*p++ = i + 1 < labels ? '.' : '\0';
	}
}

static void refuse(const char *url)
{
	char *kept = (char *)(uintptr_t)1, *ret = kept;

	if (!kms_profile_check_endpoint(url, &ret))
		fail_msg("accepted '%s'", url);
	assert_ptr_equal(ret, kept);
}

static void test_endpoints_of_the_services_are_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		_cleanup_free_ char *normal = NULL;
		_cleanup_free_ char *host = NULL;
		const char *wrong = kms_profile_check_endpoint(good[i].text, &normal);

		if (wrong)
			fail_msg("'%s': %s", good[i].text, wrong);
		assert_string_equal(normal, good[i].normal);
		host = kms_endpoint_host(normal);
		assert_string_equal(host, good[i].host);
	}
}

static void test_hostile_endpoints_are_refused(void **state)
{
	char text[2048];
	unsigned n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hostile); i++, n++)
		refuse(hostile[i]);
	/* One bad byte in the middle of a good name, whichever byte it is. */
	for (unsigned c = 1; c < 256; c++) {
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    strchr(".-", (int)c))
			continue;
		(void)snprintf(text, sizeof(text), "https://kms%cx.example", (int)c);
		refuse(text);
		n++;
	}
	fill_long(text, 1, 64);
	refuse(text);
	fill_long(text, 5, 60);
	refuse(text);
	assert_true(n > 200);
}

static void test_a_proxy_needs_http_and_a_port(void **state)
{
	_cleanup_free_ char *url = NULL;

	(void)state;
	assert_null(kms_profile_check_proxy("http://proxy.bank.example:3128/", &url));
	assert_string_equal(url, "http://proxy.bank.example:3128");
	assert_non_null(kms_profile_check_proxy("http://proxy.bank.example", &url));
	assert_non_null(kms_profile_check_proxy("https://proxy.bank.example:3128", &url));
	assert_non_null(kms_profile_check_proxy("socks5://proxy.bank.example:3128", &url));
	assert_non_null(kms_profile_check_proxy("http://user:pw@proxy.bank.example:3128", &url));
}

static void test_addresses_are_found_for_their_host(void **state)
{
	static const char text[] = "203.0.113.7, iam.example=[2001:db8::1],IAM.example=198.51.100.1";
	char *found = NULL;

	(void)state;
	assert_null(kms_profile_check_address(text));
	assert_int_equal(kms_address_for(text, "iam.example", false, &found), 0);
	assert_string_equal(found, "[2001:db8::1],198.51.100.1");
	free(found);
	assert_int_equal(kms_address_for(text, "kms.example", true, &found), 0);
	assert_string_equal(found, "203.0.113.7");
	free(found);
	assert_int_equal(kms_address_for(text, "kms.example", false, &found), 0);
	assert_null(found);
	assert_int_equal(kms_address_for(NULL, "kms.example", true, &found), 0);
	assert_null(found);
}

static void test_addresses_that_are_none_are_refused(void **state)
{
	static const char *const wrong[] = { "",	     ",",	    "1.2.3",	  "kms.example",
					     "=1.2.3.4",     "a=",	    "a=b",	  "a=1.2.3.4=5",
					     "1.2.3.4,",     "1.2.3.4 5",   "-a=1.2.3.4", "[::1",
					     "fe80::1%eth0", "a b=1.2.3.4", "0x7f.1",	  "1.2.3.4:443" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		if (!kms_profile_check_address(wrong[i]))
			fail_msg("accepted '%s'", wrong[i]);
}

static void test_key_names_are_uuids_or_aliases(void **state)
{
	char text[LIMIT_ALIAS_MAX + 2];

	(void)state;
	assert_true(kms_key_name_is_valid("fedcba98-7654-3210-fedc-ba9876543210"));
	assert_true(kms_key_name_is_valid("my_key-1"));
	assert_false(kms_key_name_is_valid(""));
	assert_false(kms_key_name_is_valid("a"));
	assert_false(kms_key_name_is_valid("a/b"));
	assert_false(kms_key_name_is_valid("../keys"));
	assert_false(kms_key_name_is_valid("a b"));
	assert_false(kms_key_name_is_valid("a\r\nb"));
	assert_false(kms_key_name_is_valid("a%2fb"));
	memset(text, 'a', sizeof(text));
	text[LIMIT_ALIAS_MAX] = '\0';
	assert_true(kms_key_name_is_valid(text));
	text[LIMIT_ALIAS_MAX] = 'a';
	text[LIMIT_ALIAS_MAX + 1] = '\0';
	assert_false(kms_key_name_is_valid(text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_endpoints_of_the_services_are_accepted),
		cmocka_unit_test(test_hostile_endpoints_are_refused),
		cmocka_unit_test(test_a_proxy_needs_http_and_a_port),
		cmocka_unit_test(test_addresses_are_found_for_their_host),
		cmocka_unit_test(test_addresses_that_are_none_are_refused),
		cmocka_unit_test(test_key_names_are_uuids_or_aliases),
	};

	return cmocka_run_group_tests_name("kms/profile", tests, NULL, NULL);
}
