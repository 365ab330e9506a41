/* SPDX-License-Identifier: GPL-2.0-or-later */
/* API keys and CA: where they come from, and which files are refused. */
#include "op/tree.h"

#include "op/config-old.h"
#include "op/credential-source.h"
#include "op/credential.h"
#include "op/image.h"

#define CA  "-----BEGIN CERTIFICATE-----\n"
#define ID  "01234567-89ab-cdef-0123-456789abcdef"
#define KMS "[kms prod]\nendpoint = https://a.test\ninstance = " ID "\nca-file = /ca\napi-key = "

static struct config *profile(struct tree *t, const char *text)
{
	struct config *c = NULL;
	struct verdict v = { 0 };

	tree_put(t, "/etc/cexluks/cexluks.conf", text);
	if (config_load(t->root, NULL, &c, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	return c;
}

static void key(struct tree *t, const char *name, const char *text, mode_t mode)
{
	tree_put_bytes(t, name, text, strlen(text), mode);
}

static enum outcome load(struct tree *t, struct config_profile *p, struct verdict *v)
{
	return credential_load(t->root, p, deadline_after(20000), v);
}

static void test_keys_are_read_in_order_and_trimmed(void **state)
{
	static const char *const texts[] = { "first-key", "first-key\n", "first-key\r\n",
					     "first-key  \n\n" };
	struct tree *t = *state;

	tree_put(t, "/ca", CA);
	key(t, "/b", "second", 0400);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_config_ struct config *c = profile(t, KMS "file:/a, file:/b\n");
		const struct kms_profile *p = &c->profiles[0].kms;
		struct verdict v = { 0 };

		key(t, "/a", texts[i], 0600);
		assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
		assert_int_equal(p->n_api_keys, 2);
		assert_int_equal(secret_len(p->api_keys[0]), 9);
		assert_memory_equal(secret_bytes(p->api_keys[0]), "first-key", 9);
		assert_memory_equal(secret_bytes(p->api_keys[1]), "second", 6);
		assert_string_equal(p->ca, CA);
		/* once more is no work and no leak */
		assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
		assert_int_equal(p->n_api_keys, 2);
	}
}

static void test_a_source_that_is_absent_is_skipped_unless_it_is_the_last(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "file:/none, file:/b\n");
	_cleanup_config_ struct config *none = profile(t, KMS "file:/none, credential:none\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/b", "second", 0600);
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
	assert_int_equal(c->profiles[0].kms.n_api_keys, 1);
	assert_int_equal(load(t, &none->profiles[0], &v),
			 OUTCOME_CREDENTIAL_MISSING);
	/* twice the same verdict, and the CA that was there is not lost */
	assert_int_equal(load(t, &none->profiles[0], &v),
			 OUTCOME_CREDENTIAL_MISSING);
}

static void test_files_that_hold_no_key_are_refused_by_name(void **state)
{
	char large[1100];
	const struct {
		const char *text;
		mode_t mode;
		const char *cause;
	} rows[] = {
		{ "", 0600, "/a" },	      { "\n", 0600, "/a" },	{ "two words", 0600, "/a" },
		{ "a\nb", 0600, "/a" },	      { "\ttab", 0600, "/a" },	{ "\xc3\xa9", 0600, "/a" },
		{ large, 0600, "/a" },	      { "key", 0640, "others" }, { "key", 0604, "others" },
		{ "key", 0620, "others" },
	};
	struct tree *t = *state;

	memset(large, 'k', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	tree_put(t, "/ca", CA);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_config_ struct config *c = profile(t, KMS "file:/a\n");
		struct verdict v = { 0 };

		key(t, "/a", rows[i].text, rows[i].mode);
		if (load(t, &c->profiles[0], &v) != OUTCOME_CREDENTIAL_UNUSABLE ||
		    !strstr(v.cause, rows[i].cause) || !strstr(v.cause, "/a"))
			fail_msg("row %zu: %s", i, v.cause);
		if (rows[i].mode != 0600)
			assert_non_null(strstr(v.hint, "chmod 0600"));
		if (*rows[i].text)
			assert_null(strstr(v.cause, rows[i].text)); /* the message shows no key */
	}
}

static void test_a_refused_source_takes_the_others_with_it_every_time(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "file:/a, file:/b\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/a", "good", 0600);
	key(t, "/b", "open-to-all", 0644);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(load(t, &c->profiles[0], &v),
				 OUTCOME_CREDENTIAL_UNUSABLE);
		assert_int_equal(c->profiles[0].kms.n_api_keys, 0);
	}
}

static void test_what_is_no_file_is_refused_and_does_not_hang(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "file:/a\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	assert_int_equal(mkfifo(tree_path(t, "/a"), 0600), 0);
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
}

static void test_headers_that_carry_none_are_a_source_that_is_missing(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *alone = profile(t, KMS "header:\n"), *first = profile(t, KMS "header:, file:/a\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/a", "key", 0600);
	assert_int_equal(load(t, &alone->profiles[0], &v), OUTCOME_CREDENTIAL_MISSING);
	assert_non_null(strstr(v.hint, "credential seal prod --header DEVICE"));
	assert_int_equal(load(t, &first->profiles[0], &v), OUTCOME_OK);
	assert_int_equal(first->profiles[0].kms.n_api_keys, 1);
}

static void test_systemd_credentials_come_from_its_folder(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "credential:prod\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/creds/other", "of another name", 0400);
	for (int i = 0; i < 2; i++) {
		/* no folder at all, and a folder without it */
		credential_set_directory(i ? tree_path(t, "/creds") : NULL);
		assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_MISSING);
		assert_non_null(strstr(v.cause, "credential:prod"));
		assert_non_null(strstr(v.hint, "LoadCredential=prod:"));
		assert_non_null(strstr(v.hint, "LoadCredentialEncrypted=prod:"));
	}
	key(t, "/creds/prod", "from-systemd", 0400);
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[0]), "from-systemd", 12);
	credential_set_directory(NULL);
}

static void test_a_systemd_credential_is_private_to_the_unit(void **state)
{
	static const struct {
		mode_t mode;
		enum outcome outcome;
	} rows[] = {
		{ 0400, OUTCOME_OK },
		{ 0440, OUTCOME_OK }, /* the mask of the access list that lets a unit's own user read it */
		{ 0600, OUTCOME_OK },
		{ 0404, OUTCOME_CREDENTIAL_UNUSABLE },
		{ 0460, OUTCOME_CREDENTIAL_UNUSABLE },
		{ 0644, OUTCOME_CREDENTIAL_UNUSABLE },
	};
	struct tree *t = *state;

	tree_put(t, "/ca", CA);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_config_ struct config *c = profile(t, KMS "credential:prod\n");
		struct verdict v = { 0 };

		key(t, "/creds/prod", "from-systemd", rows[i].mode);
		credential_set_directory(tree_path(t, "/creds"));
		if (load(t, &c->profiles[0], &v) != rows[i].outcome)
			fail_msg("row %zu: %s", i, v.cause);
	}
	tree_put(t, "/creds/folder/file", "");
	for (int i = 0; i < 2; i++) {
		_cleanup_config_ struct config *c = profile(t, i ? KMS "credential:folder\n" :
								   KMS "credential:pipe\n");
		struct verdict v = { 0 };

		if (!i)
			assert_int_equal(mkfifo(tree_path(t, "/creds/pipe"), 0400), 0);
		credential_set_directory(tree_path(t, "/creds"));
		assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
	}
	credential_set_directory(NULL);
}

/* A script in place of TrouSerS' program. */
static void play_tpm(struct tree *t, const char *script)
{
	static char program[PATH_MAX]; /* lives as long as it may be run */
	char text[512];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);
	tree_put_bytes(t, "/bin/unseal", text, strlen(text), 0755);
	(void)snprintf(program, sizeof(program), "%s", tree_path(t, "/bin/unseal"));
	credential_set_unseal_program(program);
}

static void test_a_tpm_opens_the_file_that_it_sealed(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/var/blob", "sealed-key", 0600);
	play_tpm(t, "test \"$*\" = \"-z --infile $3\" && exec cat \"$3\"");
	if (load(t, &c->profiles[0], &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(secret_len(c->profiles[0].kms.api_keys[0]), 10);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[0]), "sealed-key", 10);
}

static void test_a_tpm_that_refuses_says_what_to_do(void **state)
{
	static const struct {
		const char *script;
		const char *cause;
		const char *hint;
	} rows[] = {
		{ "exit 24", "PCRs", "tpm_sealdata" },
		{ "exit 33", "another TPM", "tpm_sealdata" },
		{ "exit 1", "SRK", "tpm_sealdata" },
		{ "exit 17", "tcsd is not running", "systemctl enable --now tcsd" },
		{ "exit 135", "tcsd", "credential:" },
		{ "exit 32", "owner", "tpm_takeownership" },
		{ "exit 18", "owner", "tpm_takeownership" },
		{ "exit 6", "deactivated", "firmware" },
		{ "exit 7", "disabled", "firmware" },
		{ "exit 38", "firmware", "restart" },
		{ "exit 3", "damaged", "tpm_sealdata" },
		{ "exit 254", "tpm_sealdata", "tpm_sealdata" },
		{ "exit 255", "cannot read", "mode" },
		{ "exit 99", "status 99", "tpm_unsealdata" },
		{ "kill -9 $$", "status 137", "tpm_unsealdata" },
		{ "exit 0", "nothing", "tpm_sealdata" },
		{ "echo", "API key", "alone" },
		{ "echo two words", "API key", "alone" },
		{ "echo key; exit 24", "PCRs", "tpm_sealdata" },
		{ "while :; do echo key; done", "API key", "alone" },
	};
	struct tree *t = *state;

	tree_put(t, "/ca", CA);
	key(t, "/var/blob", "sealed", 0600);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob, file:/ca\n");
		struct verdict v = { 0 };

		/* 3 and 17 are tried again as long as there is time */
		play_tpm(t, rows[i].script);
		if (credential_load(t->root, &c->profiles[0], deadline_after(2000), &v) !=
			    OUTCOME_CREDENTIAL_UNUSABLE ||
		    !strstr(v.cause, rows[i].cause) || !strstr(v.cause, "/var/blob") ||
		    !strstr(v.hint, rows[i].hint))
			fail_msg("%s: %s; %s", rows[i].script, v.cause, v.hint);
		assert_int_equal(c->profiles[0].kms.n_api_keys, 0); /* and nothing takes its place */
	}
}

static void test_what_a_tpm_could_not_open_is_told_without_one(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	play_tpm(t, "echo key");
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_MISSING);
	assert_non_null(strstr(v.hint, "tpm_sealdata"));
	tree_put(t, "/var/blob/file", "");
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
	assert_non_null(strstr(v.cause, "regular"));
}

static void test_a_tpm_is_waited_for_until_the_deadline(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob\n");
	struct verdict v = { 0 };
	uint64_t before = deadline_now();

	tree_put(t, "/ca", CA);
	key(t, "/var/blob", "sealed", 0600);
	play_tpm(t, "exec sleep 60");
	assert_int_equal(credential_load(t->root, &c->profiles[0], deadline_after(200), &v),
			 OUTCOME_CREDENTIAL_UNUSABLE);
	assert_non_null(strstr(v.cause, "in time"));
	assert_in_range(deadline_now() - before, 200, LIMIT_UNSEAL_MS / 2);
	credential_set_unseal_program("/nonexistent/tool");
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
	assert_non_null(strstr(v.cause, "/nonexistent/tool"));
	assert_non_null(strstr(v.hint, "install"));
}

static void test_a_daemon_that_is_starting_is_waited_for(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/var/blob", "sealed-key", 0600);
	/* no localhost, nobody at the port, then all is well */
	play_tpm(t, "test -e \"$3.2\" && exec cat \"$3\"\n"
		    "test -e \"$3.1\" && : >\"$3.2\" && exit 17\n"
		    ": >\"$3.1\"; exit 3");
	if (load(t, &c->profiles[0], &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[0]), "sealed-key", 10);
	/* what will not change is not tried again */
	{
		_cleanup_config_ struct config *once = profile(t, KMS "tpm:/var/blob\n");

		play_tpm(t, "test -e \"$3.3\" && exec cat \"$3\"\n: >\"$3.3\"; exit 24");
		assert_int_equal(load(t, &once->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
	}
}

static void test_a_sealed_key_is_for_its_owner_only(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0601 };
	struct tree *t = *state;

	tree_put(t, "/ca", CA);
	play_tpm(t, "exec cat \"$3\"");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_config_ struct config *c = profile(t, KMS "tpm:/var/blob\n");
		_cleanup_config_ struct config *old = profile(t, KMS "tpm:" CONFIG_OLD_BLOB "\n");
		struct verdict v = { 0 };

		key(t, "/var/blob", "sealed-key", modes[i]);
		assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CREDENTIAL_UNUSABLE);
		assert_non_null(strstr(v.hint, "chmod 0600"));
		/* as the README of the Python tool makes it */
		key(t, CONFIG_OLD_BLOB, "sealed-key", modes[i]);
		assert_int_equal(load(t, &old->profiles[0], &v), OUTCOME_OK);
	}
}

static void test_a_tpm_behind_another_source_may_be_out_of_order(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "file:/a, tpm:/var/blob, file:/b\n");
	struct verdict v = { 0 };

	tree_put(t, "/ca", CA);
	key(t, "/a", "first", 0600);
	key(t, "/b", "last", 0600);
	key(t, "/var/blob", "sealed", 0600);
	play_tpm(t, "exit 24");
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
	assert_int_equal(c->profiles[0].kms.n_api_keys, 2);
	assert_memory_equal(secret_bytes(c->profiles[0].kms.api_keys[1]), "last", 4);
}

static void test_without_a_ca_nothing_is_trusted(void **state)
{
	struct tree *t = *state;
	_cleanup_config_ struct config *c = profile(t, KMS "file:/a\n");
	_cleanup_config_ struct config *none =
		profile(t, "[kms prod]\nendpoint = https://a.test\ninstance = " ID
			   "\napi-key = file:/a\n");
	struct verdict v = { 0 };

	key(t, "/a", "key", 0600);
	assert_int_equal(load(t, &none->profiles[0], &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "[kms prod]"));
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "/ca"));
	tree_put(t, "/ca", "no PEM");
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_CONFIG_ERROR);
	assert_non_null(strstr(v.cause, "PEM"));
	tree_put(t, "/ca", CA);
	assert_int_equal(load(t, &c->profiles[0], &v), OUTCOME_OK);
}

static void collect(const char *line, void *userdata)
{
	strcat(userdata, line);
	strcat(userdata, "|");
}

static void test_an_image_gets_configuration_ca_and_key_files(void **state)
{
	struct tree *t = *state;
	struct boot_request request = { .sysroot = t->root };
	struct verdict v = { 0 };
	char lines[1024] = "";

	tree_put(t, "/etc/cexluks/cexluks.conf", KMS "file:/a, credential:x\n");
	tree_put(t, "/ca", CA);
	key(t, "/a", "key", 0600);
	assert_int_equal(op_image_files(&request, collect, lines, &v), OUTCOME_OK);
	assert_string_equal(lines, "/etc/cexluks/cexluks.conf|/ca|/a|");
	/* Ignition may make its key file later; it is public, so its mode does not matter */
	lines[0] = '\0';
	tree_put(t, "/cex.key", "public");
	tree_put(t, "/etc/cexluks/cexluks.conf",
		 "[volume root]\nuuid = 96fa7ba7-5229-4f32-a9d3-849404febb0e\n"
		 "bindings = card, keyfile:/none, keyfile:/cex.key\n");
	assert_int_equal(op_image_files(&request, collect, lines, &v), OUTCOME_OK);
	assert_string_equal(lines, "/etc/cexluks/cexluks.conf|/cex.key|");
	/* only what comes with the boot, or stands in headers: fine as well */
	tree_put(t, "/etc/cexluks/cexluks.conf", KMS "credential:x, header:\n");
	assert_int_equal(op_image_files(&request, collect, lines, &v), OUTCOME_OK);
}

static void test_an_image_that_could_not_work_is_not_made(void **state)
{
	static const struct {
		const char *config;
		enum outcome outcome;
	} rows[] = {
		{ KMS "file:/none\n", OUTCOME_CREDENTIAL_MISSING },
		{ KMS "file:/open\n", OUTCOME_CREDENTIAL_UNUSABLE },
		{ KMS "tpm:/a\n", OUTCOME_CREDENTIAL_UNUSABLE },
		{ KMS "file:/a, tpm:/a\n", OUTCOME_CREDENTIAL_UNUSABLE },
		{ KMS "sealed:/none\n", OUTCOME_CREDENTIAL_MISSING },
		{ KMS "sealed:/a\n", OUTCOME_CREDENTIAL_UNUSABLE }, /* not sealed at all */
		{ KMS "file:/a\n[kms dr]\nendpoint = https://a.test\ninstance = " ID
		      "\napi-key = file:/a\n",
		  OUTCOME_CONFIG_ERROR },
		{ "[cexluks]\ntimeout = never\n", OUTCOME_CONFIG_ERROR },
	};
	struct tree *t = *state;
	struct boot_request request = { .sysroot = t->root };

	tree_put(t, "/ca", CA);
	key(t, "/a", "key", 0600);
	key(t, "/open", "key", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct verdict v = { 0 };
		char lines[1024] = "";

		tree_put(t, "/etc/cexluks/cexluks.conf", rows[i].config);
		if (op_image_files(&request, collect, lines, &v) != rows[i].outcome)
			fail_msg("row %zu: %s", i, v.cause);
		assert_true(verdict_hint_text(&v)[0]);
	}
}

static void test_configured_volumes_get_the_crypttab_lines_that_are_missing(void **state)
{
	struct tree *t = *state;
	struct boot_request request = { .sysroot = t->root };
	struct verdict v = { 0 };
	char lines[1024] = "";

	tree_put(t, "/etc/cexluks/cexluks.conf",
		 "[volume a]\nuuid = 96FA7BA7-5229-4F32-A9D3-849404FEBB0E\noptions = discard , noauto\n"
		 "nofail = yes\n[volume b]\nuuid = 0b5e7ba7-5229-4f32-a9d3-849404febb0e\n"
		 "[volume c]\nuuid = 0c5e7ba7-5229-4f32-a9d3-849404febb0e\n");
	tree_put(t, "/etc/crypttab", "data UUID=0B5E7BA7-5229-4f32-a9d3-849404febb0e\n");
	assert_int_equal(op_image_crypttab(&request, collect, lines, &v), OUTCOME_OK);
	assert_string_equal(lines, "luks-96fa7ba7-5229-4f32-a9d3-849404febb0e "
				   "UUID=96fa7ba7-5229-4f32-a9d3-849404febb0e none "
				   "luks,nofail,discard,noauto|"
				   "luks-0c5e7ba7-5229-4f32-a9d3-849404febb0e "
				   "UUID=0c5e7ba7-5229-4f32-a9d3-849404febb0e none luks|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_keys_are_read_in_order_and_trimmed),
		T(test_a_source_that_is_absent_is_skipped_unless_it_is_the_last),
		T(test_files_that_hold_no_key_are_refused_by_name),
		T(test_a_refused_source_takes_the_others_with_it_every_time),
		T(test_what_is_no_file_is_refused_and_does_not_hang),
		T(test_headers_that_carry_none_are_a_source_that_is_missing),
		T(test_systemd_credentials_come_from_its_folder),
		T(test_a_systemd_credential_is_private_to_the_unit),
		T(test_a_tpm_opens_the_file_that_it_sealed),
		T(test_a_tpm_that_refuses_says_what_to_do),
		T(test_what_a_tpm_could_not_open_is_told_without_one),
		T(test_a_tpm_is_waited_for_until_the_deadline),
		T(test_a_daemon_that_is_starting_is_waited_for),
		T(test_a_sealed_key_is_for_its_owner_only),
		T(test_a_tpm_behind_another_source_may_be_out_of_order),
		T(test_without_a_ca_nothing_is_trusted),
		T(test_an_image_gets_configuration_ca_and_key_files),
		T(test_an_image_that_could_not_work_is_not_made),
		T(test_configured_volumes_get_the_crypttab_lines_that_are_missing),
	};

	return cmocka_run_group_tests_name("op/credential", tests, NULL, NULL);
}
