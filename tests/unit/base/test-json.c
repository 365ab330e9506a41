/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"

#define DEPTH 8

static int setup(void **state)
{
	(void)state;
	json_setup();
	return 0;
}

static int check(const char *text)
{
	_cleanup_json_ cJSON *tree = NULL;
	int a = json_check(text, strlen(text), DEPTH);
	int b = json_parse(text, strlen(text), DEPTH, &tree);

	assert_int_equal(a, b);
	return a;
}

static const char *const good[] = {
	"{}", "[]", "null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e5", "1E+5", "1e-5", "0.0",
	"\"\"", "\"a\"", " { } ", "\t\r\n[ ]", "[1,2]", "[ 1 , 2 ]", "{\"a\":1}", "{ \"a\" : 1 }",
	"{\"a\":{\"a\":{}}}", "[[[[[[[[]]]]]]]]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0041\"",
	"\"\\ud83d\\ude00\"", "\"\xc3\xa9\"", "\"\xe2\x82\xac\"", "\"\xf0\x9f\x98\x80\"", "\"\x7f\"",
	"{\"a\":1,\"b\":1,\"A\":1}", "[{\"a\":1},{\"a\":1}]", "{\"\":1}",
	"{\"\\u0061\":1}", "{\"a\\n\":1,\"an\":1}", "{\"\\u0061\":1,\"u0061\":1}",
};

static const char *const bad[] = {
	"", " ", "{", "}", "[", "]", "[}", "{]", "[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "[1,,2]",
	"{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\":1",
	"{\"a\":1}}", "{}{}", "[][]", "{} x", "1 2", "\"a\"\"b\"", "nul", "nulL", "True", "TRUE", "tru e",
	"NaN", "Infinity", "-Infinity", "+1", "-", "01", "-01", "00", ".5", "5.", "1.e5", "1e", "1e+", "0x1",
	"1_0", "--1", "1a", "\"", "\"a", "a\"", "'a'", "\"\\\"", "\"\\x41\"", "\"\\a\"", "\"\\u\"",
	"\"\\u12\"", "\"\\u12g4\"", "\"\\U0041\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"",
	"\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\\ude00\\ud83d\"", "\"a\nb\"", "\"a\tb\"",
	"\"a\rb\"", "\"\x01\"", "\"\x1f\"", "\"\x80\"", "\"\xc3\"", "\"\xc3(\"", "\"\xc0\xaf\"",
	"\"\xe0\x80\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xf8\x88\x80\x80\x80\"",
	"\"\xff\"", "\"\xe2\x82\"", "\"\xf0\x9f\x98\"", "\xef\xbb\xbf{}", "// x\n{}", "/**/{}", "{}//",
	"# x\n1", "{\"a\":1,\"a\":2}", "{\"a\":1,\"b\":{},\"a\":2}", "{\"x\":{\"a\":1,\"a\":1}}",
	"[{\"a\":[1,{\"b\":1,\"b\":1}]}]", "{\"a\":\",\",\"a\":1}", "{\"a\":{\"a\":1},\"a\":1}",
	"{\"\":1,\"\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"\\u0061\":1,\"a\":2}",
	"{\"a\\n\":1,\"a\\u000a\":1}", "{\"\\/\":1,\"/\":1}", "{\"\\u002F\":1,\"\\u002f\":1}", "[[[[[[[[[]]]]]]]]]",
	"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}", "undefined", "\v1", "\f1",
	"\xa0" "1",
};

static void test_json_of_the_standard_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (check(good[i]))
			fail_msg("refused: %s", good[i]);
}

static void test_anything_else_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (check(bad[i]) != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
}

static void test_a_raw_nul_ends_nothing_silently(void **state)
{
	static const char behind[] = "{}\0{}", inside[] = "{\"a\0b\":1}", value[] = "\"a\0b\"";

	(void)state;
	assert_int_equal(json_check(behind, sizeof(behind) - 1, DEPTH), -EBADMSG);
	assert_int_equal(json_check(inside, sizeof(inside) - 1, DEPTH), -EBADMSG);
	assert_int_equal(json_check(value, sizeof(value) - 1, DEPTH), -EBADMSG);
	assert_int_equal(json_check("{}\0", 3, DEPTH), -EBADMSG);
}

/* Text is given with its length and on the heap, so that a sanitizer sees one byte too far. */
static void test_every_beginning_of_a_text_is_safe(void **state)
{
	static const char whole[] =
		"{\"a\":[1,-2.5e+3,true,null,\"\\ud83d\\ude00\\u0041\xf0\x9f\x98\x80\"],\"b\":{}}";

	(void)state;
	for (size_t len = 0; len < sizeof(whole); len++) {
		char *part = malloc(len + !len);

		memcpy(part, whole, len);
		assert_int_equal(json_check(part, len, DEPTH),
				 len == sizeof(whole) - 1 ? 0 : -EBADMSG);
		free(part);
	}
}

static void test_random_changes_never_pass_what_the_tree_cannot_hold(void **state)
{
	static const char whole[] = "{\"a\":[1,-2.5e+3,true,null,\"\\ud83d\\ude00x\"],\"b\":{\"c\":0}}";

	(void)state;
	srandom(4711);
	for (int i = 0; i < 20000; i++) {
		_cleanup_json_ cJSON *tree = NULL;
		char text[sizeof(whole)];
		int r;

		memcpy(text, whole, sizeof(text));
		for (int n = 0; n < 3; n++)
			text[random() % (long)(sizeof(text) - 1)] = (char)(random() % 256);
		r = json_parse(text, sizeof(text) - 1, DEPTH, &tree);
		assert_true(r == 0 || r == -EBADMSG);
		assert_true(!r == !!tree);
	}
}

static void test_depth_is_limited_before_anything_recurses(void **state)
{
	size_t n = 1 << 20;
	char *text = malloc(n);

	(void)state;
	memset(text, '[', n);
	assert_int_equal(json_check(text, n, DEPTH), -EBADMSG);
	for (size_t i = 0; i + 5 < n; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	assert_int_equal(json_check(text, n, DEPTH), -EBADMSG);
	free(text);
	assert_int_equal(json_check("1", 1, 0), 0);
	assert_int_equal(json_check("[]", 2, 0), -EBADMSG);
}

static void test_members_of_one_object_are_limited(void **state)
{
	char text[LIMIT_JSON_MEMBERS * 16 + 64];

	(void)state;
	for (unsigned members = LIMIT_JSON_MEMBERS; members <= LIMIT_JSON_MEMBERS + 1; members++) {
		size_t n = 0;

		for (unsigned i = 0; i < members; i++)
			n += (size_t)sprintf(text + n, "%s\"m%u\":%u", i ? "," : "{", i, i);
		(void)sprintf(text + n, "}");
		assert_int_equal(check(text), members == LIMIT_JSON_MEMBERS ? 0 : -EBADMSG);
	}
}

static void test_getters_insist_on_type_and_limits(void **state)
{
	static const char text[] = "{\"s\":\"abc\",\"n\":7,\"f\":7.5,\"big\":1e300,\"b\":true,\"z\":null,"
				   "\"neg\":-3,\"S\":\"other\"}";
	_cleanup_json_ cJSON *tree = NULL;
	int64_t v = 99;
	bool b = false;

	(void)state;
	assert_int_equal(json_parse(text, sizeof(text) - 1, DEPTH, &tree), 0);
	assert_string_equal(json_string(tree, "s", 0, 3), "abc");
	assert_string_equal(json_string(tree, "S", 0, 5), "other");
	assert_null(json_string(tree, "s", 4, 9));
	assert_null(json_string(tree, "s", 0, 2));
	assert_null(json_string(tree, "n", 0, 9));
	assert_null(json_string(tree, "none", 0, 9));
	assert_null(json_string(NULL, "s", 0, 9));
	assert_true(json_integer(tree, "n", 0, 7, &v));
	assert_int_equal(v, 7);
	assert_true(json_integer(tree, "neg", -3, 0, &v));
	assert_int_equal(v, -3);
	v = 99;
	assert_false(json_integer(tree, "n", 0, 6, &v));
	assert_false(json_integer(tree, "n", 8, 9, &v));
	assert_false(json_integer(tree, "f", 0, 9, &v));
	assert_false(json_integer(tree, "big", 0, INT64_MAX, &v));
	assert_false(json_integer(tree, "s", 0, 9, &v));
	assert_false(json_integer(tree, "b", 0, 9, &v));
	assert_int_equal(v, 99);
	assert_true(json_bool(tree, "b", &b));
	assert_true(b);
	assert_false(json_bool(tree, "n", &b));
	assert_false(json_bool(tree, "z", &b));
}

static void test_only_known_members_means_every_one_of_them(void **state)
{
	static const char *const names[] = { "a", "b" };
	_cleanup_json_ cJSON *tree = NULL;

	(void)state;
	assert_int_equal(json_parse("{\"a\":1,\"b\":2}", 13, DEPTH, &tree), 0);
	assert_true(json_only_members(tree, names, 2));
	assert_false(json_only_members(tree, names, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json_of_the_standard_is_accepted),
		cmocka_unit_test(test_anything_else_is_refused),
		cmocka_unit_test(test_a_raw_nul_ends_nothing_silently),
		cmocka_unit_test(test_every_beginning_of_a_text_is_safe),
		cmocka_unit_test(test_random_changes_never_pass_what_the_tree_cannot_hold),
		cmocka_unit_test(test_depth_is_limited_before_anything_recurses),
		cmocka_unit_test(test_members_of_one_object_are_limited),
		cmocka_unit_test(test_getters_insist_on_type_and_limits),
		cmocka_unit_test(test_only_known_members_means_every_one_of_them),
	};

	return cmocka_run_group_tests_name("base/json", tests, setup, NULL);
}
