/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every key with its values, and every refusal with file, line and the known words. */
#include "op/tree.h"

#include "op/config.h"

#define CONF "/etc/cexluks/cexluks.conf"
#define I    "01234567-89ab-cdef-0123-456789abcdef"
#define K    "fedcba98-7654-3210-fedc-ba9876543210"
#define U    "96fa7ba7-5229-4f32-a9d3-849404febb0e"
#define U2   "00000000-5229-4f32-a9d3-849404febb0e"
#define CRN  "crn:v1:bluemix:public:kms:eu-de:a/0123456789abcdef0123456789abcdef:" I ":key:" K
#define HCRN "crn:v1:bluemix:public:hs-crypto:eu-de:a/0123456789abcdef0123456789abcdef:" I ":key:" K
#define PROD                                                                                       \
	"[kms prod]\nendpoint = https://eu-de.kms.cloud.ibm.com\ninstance = " I                    \
	"\napi-key = file:/etc/cexluks/prod.api-key\n"
#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static enum outcome load_bytes(struct tree *t, const char *text, size_t len, struct config **ret,
			       struct verdict *v)
{
	*v = (struct verdict){ 0 };
	*ret = NULL;
	tree_put_bytes(t, CONF, text, len, 0644);
	return config_load(t->root, NULL, ret, v);
}

static struct config *good(struct tree *t, const char *text)
{
	struct config *c;
	struct verdict v;

	if (load_bytes(t, text, strlen(text), &c, &v) != OUTCOME_OK)
		fail_msg("refused: %s\n%s", v.cause, text);
	assert_non_null(c);
	return c;
}

/* Refused, and the cause holds each of the words in @expected, which '|' separates. */
static void bad_bytes(struct tree *t, const char *text, size_t len, const char *expected)
{
	_cleanup_config_ struct config *c = NULL;
	_cleanup_free_ char *words = strdup(expected);
	struct verdict v;
	char *rest = NULL;

	assert_non_null(words);
	if (load_bytes(t, text, len, &c, &v) != OUTCOME_CONFIG_ERROR || c)
		fail_msg("not refused: %s", text);
	assert_non_null(strstr(v.cause, tree_path(t, CONF)));
	assert_true(verdict_hint_text(&v)[0]);
	for (char *w = strtok_r(words, "|", &rest); w; w = strtok_r(NULL, "|", &rest))
		if (!strstr(v.cause, w))
			fail_msg("\"%s\" lacks \"%s\"", v.cause, w);
}

static void bad(struct tree *t, const char *text, const char *expected)
{
	bad_bytes(t, text, strlen(text), expected);
}

static void test_an_empty_file_has_the_documented_defaults(void **state)
{
	_cleanup_config_ struct config *c = good(*state, "");

	assert_int_equal(c->timeout_ms, 60000);
	assert_int_equal(c->on_failure, ON_FAILURE_PROMPT);
	assert_int_equal(c->on_refusal, ON_REFUSAL_BLOCK);
	assert_false(c->secure_key || c->open_by_systemd || c->debug_shell);
	assert_int_equal(c->key_expiry_s, 300);
	assert_int_equal(c->n_profiles + c->n_volumes, 0);
}

static void test_every_main_key_arrives(void **state)
{
	_cleanup_config_ struct config *c =
		good(*state, "# a comment\n; another = one\n  # an indented one\n\n[cexluks]\n"
			     "timeout = 90s\non-failure=retry\non-refusal =halt\nrequire= secure-key\n"
			     "open = helper\ndebug-shell = allow\nkey-expiry = 2min\n");

	assert_int_equal(c->timeout_ms, 90000);
	assert_int_equal(c->on_failure, ON_FAILURE_RETRY);
	assert_int_equal(c->on_refusal, ON_REFUSAL_HALT);
	assert_true(c->secure_key && c->debug_shell && !c->open_by_systemd);
	assert_int_equal(c->key_expiry_s, 120);
}

static void test_the_keys_directory_has_a_profile_and_an_expiry(void **state)
{
	_cleanup_config_ struct config *c = good(*state, PROD), *named = NULL, *none = NULL;
	const char *name = NULL;
	struct verdict v = { 0 };

	assert_int_equal(c->keys_expiry_s, 0);
	assert_false(c->keys_at_boot);
	assert_int_equal(config_keys_profile(c, &name, &v), OUTCOME_OK);
	assert_string_equal(name, "prod");
	named = good(*state, "[cexluks]\nkeys-profile = dr\nkeys-expiry = 90s\nkeys-at-boot = yes\n" PROD
			     "[kms dr]\nendpoint = https://h\ninstance = " I "\napi-key = file:/a\n");
	assert_int_equal(named->keys_expiry_s, 90);
	assert_true(named->keys_at_boot);
	assert_int_equal(config_keys_profile(named, &name, &v), OUTCOME_OK);
	assert_string_equal(name, "dr");
	free(take_ptr(named->keys_profile));
	assert_int_equal(config_keys_profile(named, &name, &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.hint, "keys-profile"));
	none = good(*state, "");
	assert_int_equal(config_keys_profile(none, &name, &v), OUTCOME_CONFIG_ERROR);
	bad(*state, "[cexluks]\nkeys-profile = dr\n" PROD, "keys-profile|no [kms dr]");
	bad(*state, "[cexluks]\nkeys-expiry = soon\n", "line 2|keys-expiry|not a time");
	bad(*state, "[cexluks]\nkeys-expiry = 604801s\n", "line 2|out of range");
}

static void test_every_profile_key_arrives(void **state)
{
	_cleanup_config_ struct config *c =
		good(*state, "[kms prod]\nservice = key-protect-dedicated\n"
			     "endpoint = https://X.api.eu-de.kms.appdomain.cloud:8443/\n"
			     "iam-endpoint = https://iam.test\ninstance = " I "\nroot-key = disk-root\n"
			     "api-key = file:/a, credential:b ,\tfile:/c\nca-file = /ca.pem\n"
			     "proxy = http://proxy.test:3128\n"
			     "address = 203.0.113.7, iam.cloud.ibm.com=203.0.113.8\n");
	const struct config_profile *p = config_profile_find(c, "prod");

	assert_non_null(p);
	assert_int_equal(p->kms.service, KMS_SERVICE_KEY_PROTECT_DEDICATED);
	assert_string_equal(p->kms.endpoint, "https://x.api.eu-de.kms.appdomain.cloud:8443");
	assert_string_equal(p->kms.iam_endpoint, "https://iam.test");
	assert_string_equal(p->kms.instance, I);
	assert_string_equal(p->kms.root_key, "disk-root");
	assert_string_equal(p->api_key_source, "file:/a, credential:b ,\tfile:/c");
	assert_string_equal(p->kms.ca_file, "/ca.pem");
	assert_string_equal(p->kms.proxy, "http://proxy.test:3128");
	assert_non_null(p->kms.address);
	assert_null(config_profile_find(c, "dr"));
}

static void test_every_volume_key_arrives(void **state)
{
	_cleanup_config_ struct config *c =
		good(*state, PROD "[volume root]\nuuid = 96FA7BA7-5229-4F32-A9D3-849404FEBB0E\n"
				  "cipher = paes-xts-plain64\nverification-pattern = "
				  "599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2\nmin-serial = 3\nrequire = secure-key\n"
				  "bindings = card, kms:prod keyfile:/etc/luks/cex.key\n"
				  "options = discard, no-read-workqueue\nnofail = yes\n");
	const struct config_volume *v = config_volume_find(c, U);

	assert_non_null(v);
	assert_string_equal(v->uuid, U); /* mapper names and links are lower case */
	assert_string_equal(v->cipher, "paes-xts-plain64");
	assert_int_equal(v->min_serial, 3);
	assert_int_equal(v->n_bindings, 3);
	assert_string_equal(v->bindings[1], "kms:prod");
	assert_string_equal(v->options, "discard,no-read-workqueue");
	assert_true(v->nofail && v->secure_key);
	assert_null(config_volume_find(c, U2));
}

static void test_the_words_of_each_choice_are_taken(void **state)
{
	static const char *const texts[] = {
		"[cexluks]\non-failure = prompt\n",   "[cexluks]\non-failure = reboot\n",
		"[cexluks]\non-failure = poweroff\n", "[cexluks]\non-failure = halt\n",
		"[cexluks]\non-refusal = prompt\n",   "[cexluks]\non-refusal = block\n",
		"[cexluks]\nopen = systemd\n",	      "[cexluks]\nrequire = any\n",
		"[cexluks]\ndebug-shell = refuse\n",  "[cexluks]\ntimeout = 1\n",
		"[cexluks]\ntimeout = 100s\n",	      "[cexluks]\ntimeout = 1min\n",
		"[cexluks]\nkey-expiry = 60min\n",    PROD "service = hpcs\n",
		PROD "service = key-protect\n",	      "[volume a]\nuuid = " U "\nnofail = no\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		config_free(good(*state, texts[i]));
}

static void test_a_crn_stands_for_service_instance_and_root_key(void **state)
{
	static const struct {
		const char *text;
		enum kms_service service;
	} rows[] = {
		{ "crn = " CRN "\n", KMS_SERVICE_KEY_PROTECT },
		{ "crn = " HCRN "\n", KMS_SERVICE_HPCS },
		{ "crn = " CRN "\nservice = key-protect-dedicated\n",
		  KMS_SERVICE_KEY_PROTECT_DEDICATED },
		{ "service = key-protect-dedicated\ncrn = " CRN "\n",
		  KMS_SERVICE_KEY_PROTECT_DEDICATED },
		{ "service = hpcs\ncrn = " HCRN "\n", KMS_SERVICE_HPCS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_config_ struct config *c = NULL;
		char text[1024];

		(void)snprintf(text, sizeof(text),
			       "[kms a]\nendpoint = https://a.test\napi-key = file:/k\n%s",
			       rows[i].text);
		c = good(*state, text);
		assert_int_equal(c->profiles[0].kms.service, rows[i].service);
		assert_string_equal(c->profiles[0].kms.instance, I);
		assert_string_equal(c->profiles[0].kms.root_key, K);
	}
}

static void test_a_crn_contradicts_nothing_in_whatever_order(void **state)
{
	bad(*state, "[kms a]\ninstance = " I "\ncrn = " CRN "\n", "line 3|repeats");
	bad(*state, "[kms a]\ncrn = " CRN "\ninstance = " I "\n", "line 3|repeats");
	bad(*state, "[kms a]\nroot-key = " K "\ncrn = " CRN "\n", "line 3|repeats");
	bad(*state, "[kms a]\ncrn = " CRN "\nroot-key = " K "\n", "line 3|repeats");
	bad(*state, "[kms a]\nservice = hpcs\ncrn = " CRN "\n", "line 3|service");
	bad(*state, "[kms a]\ncrn = " CRN "\nservice = hpcs\n", "line 3|service");
	bad(*state, "[kms a]\ncrn = crn:v1:bluemix:public:cos:eu-de:a/x:" I ":key:" K "\n",
	    "line 2|neither kms nor hs-crypto");
	bad(*state, "[kms a]\ncrn = crn:v1:bluemix:public:kms:eu-de:a/x:" I "::\n", "line 2|CRN");
	bad(*state, "[kms a]\ncrn = crn:v1:b:p:kms:e:a/x:" I ":key:" K ":more\n", "line 2|CRN");
	bad(*state, "[kms a]\ncrn = crn\n", "line 2|CRN");
}

static void test_an_unknown_word_is_refused_with_the_known_ones(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[cexluks]\ntimeot = 60s\n", "line 2|timeot|timeout|on-failure|key-expiry" },
		{ "[kms a]\nregion = eu\n", "line 2|region|endpoint|api-key|address" },
		{ "[volume a]\nname = x\n", "line 2|name|uuid|min-serial|nofail" },
		{ "[luks]\n", "line 1|[luks]|[cexluks] [kms NAME] [volume NAME]" },
		{ "\n\n[]\n", "line 3|unknown section" },
		{ "[Cexluks]\n", "line 1|unknown section" },
		{ "[kms]\n", "line 1|unknown section [kms]" },
		{ "[kms a b]\n", "line 1|unknown section [kms a b]" },
		{ "[kms ../a]\n", "line 1|unknown section" },
		{ "[volume]\n", "line 1|unknown section" },
		{ "[cexluks]\non-failure = panic\n", "line 2|panic|prompt retry reboot poweroff halt" },
		{ "[cexluks]\non-refusal = open\n", "line 2|open|block halt prompt" },
		{ "[cexluks]\nrequire = yes\n", "line 2|any secure-key" },
		{ "[cexluks]\nopen = dracut\n", "line 2|helper systemd" },
		{ "[cexluks]\ndebug-shell = no\n", "line 2|refuse allow" },
		{ "[kms a]\nservice = vault\n", "line 2|hpcs key-protect key-protect-dedicated" },
		{ "[volume a]\nnofail = true\n", "line 2|yes no" },
		{ "[volume a]\nbindings = kms:a, tang\n", "line 2|card kms:PROFILE keyfile:PATH" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad(*state, rows[i].text, rows[i].expected);
}

static void test_a_bad_value_names_key_and_line(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[cexluks]\ntimeout = 0\n", "line 2|timeout|out of range" },
		{ "[cexluks]\ntimeout = 101s\n", "line 2|out of range" },
		{ "[cexluks]\ntimeout = 2min\n", "line 2|out of range" },
		{ "[cexluks]\ntimeout = -1\n", "line 2|not a time" },
		{ "[cexluks]\ntimeout = 1h\n", "line 2|not a time" },
		{ "[cexluks]\ntimeout = 99999999999999999999\n", "line 2|out of range" },
		/* times 60 this is 44 in 64 bits */
		{ "[cexluks]\ntimeout = 307445734561825861min\n", "line 2|out of range" },
		{ "[cexluks]\nkey-expiry = 3601s\n", "line 2|out of range" },
		{ "[cexluks]\ntimeout =\n", "line 2|timeout|has no value" },
		{ "[cexluks]\n= 60s\n", "line 2|unknown key" },
		{ "[kms a]\nendpoint = http://a.test\n", "line 2|endpoint|https://" },
		{ "[kms a]\nendpoint = https://u@a.test\n", "line 2|endpoint" },
		{ "[kms a]\nendpoint = https://a.test/api\n", "line 2|endpoint" },
		{ "[kms a]\niam-endpoint = ftp://a\n", "line 2|iam-endpoint" },
		{ "[kms a]\ninstance = prod\n", "line 2|instance|UUID" },
		{ "[kms a]\nroot-key = a/b\n", "line 2|root-key|alias" },
		{ "[kms a]\napi-key = SECRET\n", "line 2|api-key|file:PATH|credential:NAME|tpm:PATH" },
		{ "[kms a]\napi-key = file:key\n", "line 2|absolute" },
		{ "[kms a]\napi-key = tpm:blob\n", "line 2|absolute" },
		{ "[kms a]\napi-key = credential:\n", "line 2|credential:" },
		{ "[kms a]\napi-key = credential:../k\n", "line 2|credential:" },
		{ "[kms a]\napi-key = ,\n", "line 2|one to four" },
		{ "[kms a]\napi-key = file:/1,file:/2,file:/3,file:/4,file:/5\n", "line 2|one to four" },
		{ "[kms a]\nca-file = ca.pem\n", "line 2|ca-file|absolute" },
		{ "[kms a]\nproxy = https://p:1\n", "line 2|proxy" },
		{ "[kms a]\naddress = kms.test\n", "line 2|address" },
		{ "[volume a]\nuuid = 96fa\n", "line 2|UUID" },
		{ "[volume a]\nverification-pattern = xyz\n", "line 2|pattern" },
		{ "[volume a]\nmin-serial = 0\n", "line 2|number" },
		{ "[volume a]\nmin-serial = 3x\n", "line 2|number" },
		{ "[volume a]\nmin-serial = 9007199254740992\n", "line 2|number" },
		{ "[volume a]\nbindings = ,\n", "line 2|no binding" },
		{ "[volume a]\nbindings = card card card card card card card card card\n",
		  "line 2|too many" },
		{ "[volume a]\noptions = discard#x\n", "line 2|crypttab" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad(*state, rows[i].text, rows[i].expected);
}

static void test_what_inih_would_misread_is_refused(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "[cexluks]\ntimeout = 60s ; a minute\n", "line 2|comment" },
		{ "[kms a]\nca-file = /etc/a\t;b\n", "line 2|comment" },
		{ "[cexluks]\ntimeout: 60s\n", "line 2|key = value" },
		{ "[cexluks]\ntimeout:x = 60s\n", "line 2|key = value" },
		{ "[kms a]\nendpoint: https://a?b=c\n", "line 2|key = value" },
		{ "[cexluks]\ntimeout\n", "line 2|key = value" },
		{ "[cexluks]\ntimeout = 60s\n  on-failure = halt\n", "line 3|blank" },
		{ "[cexluks]\n [kms a]\n", "line 2|blank" },
		{ "[cexluks]\ntimeout = 60s\n\von-failure = halt\n", "line 3|control" },
		{ "[cexluks]\ntimeout = 60s\ron-failure = halt\n", "line 2|control" },
		{ "[cexluks]\ntimeout = 60s\x1b[2J\n", "line 2|control" },
		{ "[kms a\nservice = hpcs\n", "line 1|]" },
		{ "[cexluks] timeout = 60s\n", "line 1|alone" },
		{ "[cexluks] ; main\n", "line 1|alone" },
		{ "[kms " X50 X50 "]\n", "line 1|64 characters" },
		{ "timeout = 60s\n", "line 1|before the first section" },
		{ "\xef\xbb\xbf[cexluks]\n", "line 1|byte order mark" },
		{ "\xef\xbb\xbf# x = y\n", "line 1|byte order mark" },
		{ "# " X50 X50 X50 X50 "\n", "line 1|198 characters" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bad(*state, rows[i].text, rows[i].expected);
}

static void test_a_semicolon_inside_a_word_is_verbatim(void **state)
{
	_cleanup_config_ struct config *c = good(*state, PROD "ca-file = /etc/a;b#c=d\n");

	assert_string_equal(c->profiles[0].kms.ca_file, "/etc/a;b#c=d");
}

static void test_lines_may_end_as_on_other_systems(void **state)
{
	_cleanup_config_ struct config *c =
		good(*state, "[cexluks]\r\n\r\n \r\n# x\r\ntimeout = 30s\r\n[volume a]\r\nuuid = " U);

	assert_int_equal(c->timeout_ms, 30000);
	assert_string_equal(c->volumes[0].uuid, U);
}

static void test_the_longest_line_is_read_whole(void **state)
{
	char text[512], value[256];
	_cleanup_config_ struct config *c = NULL;

	memset(value, 'x', sizeof(value));
	value[0] = '/';
	value[198 - strlen("ca-file = ")] = '\0';
	(void)snprintf(text, sizeof(text), PROD "ca-file = %s\n", value);
	c = good(*state, text);
	assert_string_equal(c->profiles[0].kms.ca_file, value);
	(void)snprintf(text, sizeof(text), PROD "ca-file = %sx\n", value);
	bad(*state, text, "line 5|198");
}

static void test_nothing_is_given_twice(void **state)
{
	bad(*state, "[cexluks]\ntimeout = 1\ntimeout = 2\n", "line 3|timeout|twice");
	bad(*state, "[cexluks]\ntimeout = 1\n[cexluks]\ntimeout = 2\n", "line 3|second [cexluks]");
	bad(*state, PROD PROD, "line 5|second [kms prod]");
	bad(*state, "[volume a]\nuuid = " U "\n[volume a]\n", "line 3|second [volume a]");
	bad(*state, "[volume a]\nuuid = " U "\n[volume b]\nuuid = " U "\n", "line 4|another");
}

static void test_sections_are_complete_or_refused(void **state)
{
	bad(*state, "\n[kms prod]\n", "line 2|[kms prod]|endpoint");
	bad(*state, "[kms prod]\nendpoint = https://a.test\n", "line 1|instance");
	bad(*state, "[kms prod]\nendpoint = https://a.test\ninstance = " I "\n", "line 1|api-key");
	bad(*state, "[volume a]\nuuid = " U "\nbindings = kms:dr\n", "line 1|kms:dr|[kms dr]");
	/* its conditions would hold for nothing */
	bad(*state, "\n[volume root]\ncipher = aes-xts-plain64\n", "line 2|[volume root]|uuid");
}

static void test_open_by_systemd_keeps_no_conditions_so_it_is_refused_with_them(void **state)
{
	static const char *const conditions[] = { "cipher = aes-xts-plain64", "require = secure-key",
						  "verification-pattern = "
						  "599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2599c2fc2" };
	char text[512];

	bad(*state, "[cexluks]\nopen = systemd\nrequire = secure-key\n", "secure-key|systemd");
	for (size_t i = 0; i < ARRAY_SIZE(conditions); i++) {
		(void)snprintf(text, sizeof(text),
			       "[cexluks]\nopen = systemd\n[volume a]\nuuid = " U "\n%s\n",
			       conditions[i]);
		bad(*state, text, "line 3|[volume a]|systemd");
	}
}

static void test_limits_on_sections_hold(void **state)
{
	char text[8192] = "";
	size_t n = 0;

	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "[kms p%d]\nendpoint = https://a.test\ninstance = " I
				      "\napi-key = file:/k\n",
				      i);
	config_free(good(*state, text));
	(void)snprintf(text + n, sizeof(text) - n, "[kms last]\n");
	bad(*state, text, "line 65|16");
	n = 0;
	for (int i = 0; i < 64; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "[volume v%d]\nuuid = 96fa7ba7-5229-4f32-a9d3-8494040000%02x\n", i,
				      i);
	config_free(good(*state, text));
	(void)snprintf(text + n, sizeof(text) - n, "[volume last]\n");
	bad(*state, text, "line 129|64");
}

static void test_files_that_are_none_are_refused(void **state)
{
	static const char nul[] = "[cexluks]\n\0timeout = 60s\n";
	_cleanup_free_ char *large = calloc(1, (64u << 10) + 2);
	struct tree *t = *state;
	struct config *c = NULL;
	struct verdict v = { 0 };

	bad_bytes(t, nul, sizeof(nul) - 1, "NUL");
	assert_non_null(large);
	memset(large, '\n', (64u << 10) + 1);
	bad(t, large, "larger");
	assert_int_equal(unlink(tree_path(t, CONF)), 0);
	assert_int_equal(mkfifo(t->path, 0600), 0); /* must not hang either */
	assert_int_equal(config_load(t->root, NULL, &c, &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "regular"));
	assert_int_equal(unlink(t->path), 0);
	assert_int_equal(mkdir(t->path, 0755), 0);
	assert_int_equal(config_load(t->root, NULL, &c, &v), OUTCOME_CONFIG_ERROR);
	assert_int_equal(rmdir(t->path), 0);
}

static void test_a_file_that_others_can_change_is_refused_with_the_chmod(void **state)
{
	struct tree *t = *state;
	struct config *c = NULL;
	struct verdict v = { 0 };

	for (mode_t mode = 0620; mode; mode = mode == 0620 ? 0602 : 0) {
		tree_put_bytes(t, CONF, "", 0, mode);
		assert_int_equal(config_load(t->root, NULL, &c, &v), OUTCOME_CONFIG_ERROR);
		assert_null(c);
		assert_non_null(strstr(v.hint, "chmod go-w"));
	}
}

static void test_no_file_is_nothing_to_do_unless_it_was_named(void **state)
{
	struct tree *t = *state;
	struct config *c = NULL;
	struct verdict v = { 0 };

	assert_int_equal(config_load(t->root, NULL, &c, &v), OUTCOME_NOTHING_TO_DO);
	assert_int_equal(config_load(t->root, tree_path(t, "/none"), &c, &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "/none"));
	assert_null(c);
}

static void test_bindings_are_spelled_in_three_ways(void **state)
{
	(void)state;
	assert_string_equal(config_binding_profile("kms:prod"), "prod");
	assert_null(config_binding_profile("kms:"));
	assert_null(config_binding_profile("kms:a/b"));
	assert_null(config_binding_profile("KMS:prod"));
	assert_null(config_binding_profile("kms:" X50 X50));
	assert_true(config_binding_is_valid("card"));
	assert_true(config_binding_is_valid("keyfile:/etc/luks/cex.key"));
	assert_false(config_binding_is_valid("keyfile:cex.key"));
	assert_false(config_binding_is_valid("card2"));
	assert_false(config_binding_is_valid(""));
}

static void test_one_value_is_checked_as_in_the_file(void **state)
{
	(void)state;
	assert_null(config_check_value("kms", "endpoint", "https://eu-de.kms.cloud.ibm.com"));
	assert_non_null(config_check_value("kms", "endpoint", "http://eu-de.kms.cloud.ibm.com"));
	assert_null(config_check_value("kms", "instance", I));
	assert_non_null(config_check_value("kms", "instance", CRN));
	assert_null(config_check_value("kms", "crn", CRN));
	assert_null(config_check_value("kms", "ca-file", "/ca.pem"));
	assert_non_null(config_check_value("kms", "ca-file", "/ca.pem ; not in a file either"));
	assert_non_null(config_check_value("kms", "ca-file", "/" X50 X50 X50 X50));
	assert_non_null(config_check_value("kms", "ca-file", "/a\x1b[2J"));
	assert_non_null(config_check_value("kms", "ca-file", ""));
	assert_null(config_check_value("volume", "uuid", U));
	assert_non_null(config_check_value("kms", "uuid", U));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_value_is_checked_as_in_the_file),
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_an_empty_file_has_the_documented_defaults),
		T(test_every_main_key_arrives),
		T(test_the_keys_directory_has_a_profile_and_an_expiry),
		T(test_every_profile_key_arrives),
		T(test_every_volume_key_arrives),
		T(test_the_words_of_each_choice_are_taken),
		T(test_a_crn_stands_for_service_instance_and_root_key),
		T(test_a_crn_contradicts_nothing_in_whatever_order),
		T(test_an_unknown_word_is_refused_with_the_known_ones),
		T(test_a_bad_value_names_key_and_line),
		T(test_what_inih_would_misread_is_refused),
		T(test_a_semicolon_inside_a_word_is_verbatim),
		T(test_lines_may_end_as_on_other_systems),
		T(test_the_longest_line_is_read_whole),
		T(test_nothing_is_given_twice),
		T(test_sections_are_complete_or_refused),
		T(test_open_by_systemd_keeps_no_conditions_so_it_is_refused_with_them),
		T(test_limits_on_sections_hold),
		T(test_files_that_are_none_are_refused),
		T(test_a_file_that_others_can_change_is_refused_with_the_chmod),
		T(test_no_file_is_nothing_to_do_unless_it_was_named),
		T(test_bindings_are_spelled_in_three_ways),
	};

	return cmocka_run_group_tests_name("op/config", tests, NULL, NULL);
}
