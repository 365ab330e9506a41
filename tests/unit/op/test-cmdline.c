/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each word of the kernel command line does; the default is nothing at all. */
#include "op/tree.h"

#include "op/cmdline.h"

#define U "96fa7ba7-5229-4f32-a9d3-849404febb0e"

static struct cmdline *parse(const char *text)
{
	struct cmdline *c = NULL;

	assert_int_equal(cmdline_parse(text, &c), 0);
	return c;
}

static void add_list(char *to, const char *what, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)sprintf(to + strlen(to), " %s:%s", what, list[i]);
}

static void add_pairs(char *to, const char *what, const struct cmdline_pair *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)sprintf(to + strlen(to), " %s:%s:%s", what, list[i].uuid, list[i].value);
}

/* Everything that a line made different from an empty one, as words. */
static void effect(const struct cmdline *c, char to[static 4096])
{
	*to = '\0';
	if (c->off)
		strcat(to, " off");
	if (c->luks_off)
		strcat(to, " luks-off");
	if (c->keys_off)
		strcat(to, " keys-off");
	if (c->debug)
		strcat(to, " debug");
	if (c->neednet)
		strcat(to, " neednet");
	if (c->timeout_ms)
		(void)sprintf(to + strlen(to), " %ums", (unsigned)c->timeout_ms);
	if (c->shell_word)
		(void)sprintf(to + strlen(to), " shell:%s", c->shell_word);
	add_list(to, "uuid", c->uuids, c->n_uuids);
	add_list(to, "kms", c->profiles, c->n_profiles);
	add_pairs(to, "pattern", c->patterns, c->n_patterns);
	add_list(to, "luks", c->luks_uuids, c->n_luks_uuids);
	add_pairs(to, "name", c->luks_names, c->n_luks_names);
	add_pairs(to, "options", c->luks_options, c->n_luks_options);
	add_list(to, "warn", c->unknown, c->n_unknown);
}

static const struct {
	const char *text, *effect;
} rows[] = {
	/* ours */
	{ "rd.cexluks=0", " off" },
	{ "rd.cexluks=no", " off" },
	{ "rd.cexluks=off", " off" },
	{ "rd.cexluks", "" },
	{ "rd.cexluks=1", "" },
	{ "rd.cexluks=maybe", " warn:rd.cexluks" },
	{ "rd.cexluks.uuid=" U, " uuid:" U },
	{ "rd.cexluks.uuid=luks-96fa", " uuid:luks-96fa" },
	{ "rd.cexluks.uuid=a rd.cexluks.uuid=b", " uuid:a uuid:b" },
	{ "rd.cexluks.uuid", " warn:rd.cexluks.uuid" },
	/* narrows to nothing rather than to everything */
	{ "rd.cexluks.uuid=", " uuid: warn:rd.cexluks.uuid" },
	{ "rd.cexluks.uuid=root", " uuid:root warn:rd.cexluks.uuid" },
	{ "rd.cexluks.kms=dr", " kms:dr" },
	{ "rd.cexluks.kms=", " kms: warn:rd.cexluks.kms" },
	{ "rd.cexluks.kms=https://evil.test", " kms:https://evil.test" },
	{ "rd.cexluks.pattern=" U "=abcd", " pattern:" U ":abcd" },
	{ "rd.cexluks.pattern=" U "=", " pattern:" U ":" },
	{ "rd.cexluks.pattern=abcd", " warn:rd.cexluks.pattern" },
	{ "rd.cexluks.pattern==abcd", " warn:rd.cexluks.pattern" },
	{ "rd.cexluks.pattern", " warn:rd.cexluks.pattern" },
	{ "rd.cexluks.timeout=30", " 30000ms" },
	{ "rd.cexluks.timeout=30s", " 30000ms" },
	{ "rd.cexluks.timeout=0", " 1ms" },
	{ "rd.cexluks.timeout=86400", " 86400000ms" },
	{ "rd.cexluks.timeout=86401", " warn:rd.cexluks.timeout" },
	{ "rd.cexluks.timeout=99999999999999999999", " warn:rd.cexluks.timeout" },
	{ "rd.cexluks.timeout=-1", " warn:rd.cexluks.timeout" },
	{ "rd.cexluks.timeout=", " warn:rd.cexluks.timeout" },
	{ "rd.cexluks.timeout=1h", " warn:rd.cexluks.timeout" },
	{ "rd.cexluks.keys=0", " keys-off" },
	{ "rd.cexluks.keys=1", "" },
	{ "rd.cexluks.debug", " debug" },
	{ "rd.cexluks.debug=0", "" },
	{ "rd.cexluks.endpoint=https://evil.test", " warn:rd.cexluks.endpoint" },
	{ "rd.cexluks.ca=/evil.pem", " warn:rd.cexluks.ca" },
	{ "rd.cexluks.noverifyssl", " warn:rd.cexluks.noverifyssl" },
	{ "rd.cexluks.", " warn:rd.cexluks." },
	{ "rd.cexluksx=0", "" },
	{ "RD.CEXLUKS=0", "" },
	{ "xrd.cexluks=0", "" },
	{ "cexluks=0", "" },
	/* those of others that we honour */
	{ "rd.luks=0", " luks-off" },
	{ "rd.luks=1", "" },
	{ "rd.luks.uuid=" U, " luks:" U },
	{ "rd.luks.uuid=luks-" U, " luks:luks-" U },
	{ "rd.luks.uuid=96fa", " luks:96fa" },
	{ "rd.luks.uuid=", "" },
	{ "rd.luks.uuid=luks-", "" },
	{ "rd.luks.uuid=/dev/sda", "" },
	{ "rd.luks.name=" U "=root", " name:" U ":root" },
	{ "rd.luks.name=root", "" },
	{ "rd.luks.name==root", "" },
	{ "rd.luks.options=discard", " options::discard" },
	{ "rd.luks.options=" U "=discard", " options:" U ":discard" },
	{ "rd.luks.options=header=/x", " options::header=/x" },
	{ "rd.luks.options==discard", "" },
	{ "rd.neednet=1", " neednet" },
	{ "rd.neednet", " neednet" },
	{ "rd.neednet=0", "" },
	/* a shell beside an open volume */
	{ "rd.break", " shell:rd.break" },
	{ "rd.break=pre-mount", " shell:rd.break=pre-mount" },
	{ "init=/bin/sh", " shell:init=/bin/sh" },
	{ "rdinit=/bin/sh", " shell:rdinit=/bin/sh" },
	{ "systemd.debug-shell", " shell:systemd.debug-shell" },
	{ "systemd.debug_shell=1", " shell:systemd.debug_shell=1" },
	{ "rd.systemd.debug-shell=ttyS0", " shell:rd.systemd.debug-shell=ttyS0" },
	{ "rd.systemd.debug_shell=yes", " shell:rd.systemd.debug_shell=yes" },
	{ "systemd.debug-shell=0", "" },
	{ "rd.systemd.unit=emergency.target", " shell:rd.systemd.unit=emergency.target" },
	{ "rd.systemd.unit", "" },
	{ "systemd.unit=rescue.target", "" }, /* asks for root's password */
	{ "rdbreak=pre-mount", " shell:rdbreak=pre-mount" },
	{ "systemd.debug-shell=no", "" },
	{ "rd.systemd.debug-shell", " shell:rd.systemd.debug-shell" },
	{ "rd.systemd.debug_shell", " shell:rd.systemd.debug_shell" },
	{ "rd.systemd.debug_shell=0", "" },
	{ "rd.systemd.debug_shel", "" },
	{ "rd.systemd.debug_shells", "" },
	{ "systemd.crash_shell", " shell:systemd.crash_shell" },
	{ "systemd.crash_shell=no", "" },
	{ "rd.systemd.wants=debug-shell.service", " shell:rd.systemd.wants=debug-shell.service" },
	{ "systemd.wants=debug-shell.service", " shell:systemd.wants=debug-shell.service" },
	{ "rd.systemd.wants", "" },
	{ "rd.systemd.mask=cexluks-forget.service", " shell:rd.systemd.mask=cexluks-forget.service" },
	{ "rd.systemd.mask=x", " shell:rd.systemd.mask=x" }, /* what shuts volumes in has many names */
	{ "rd.systemd.mask", "" },
	{ "rd.systemd.break", " shell:rd.systemd.break" },
	{ "rd.systemd.break=", " shell:rd.systemd.break=" },
	{ "rd.systemd.break=pre-mount", " shell:rd.systemd.break=pre-mount" },
	{ "systemd.break=pre-basic", " shell:systemd.break=pre-basic" },
	{ "systemd.breakfast=1", "" },
	{ "rd.systemd.run=/bin/sh", " shell:rd.systemd.run=/bin/sh" },
	{ "systemd.run=/bin/sh", " shell:systemd.run=/bin/sh" },
	{ "systemd.run", "" },
	{ "systemd.run_success_action=none", "" },
	{ "systemd.set_credential=systemd.extra-unit.x.service:y",
	  " shell:systemd.set_credential=systemd.extra-unit.x.service:y" },
	{ "systemd.set-credential_binary=a:Yg==", " shell:systemd.set-credential_binary=a:Yg==" },
	{ "systemd.set_credential", "" },
	{ "rd.systemd.pull=tar,sysext::https://evil.test/x",
	  " shell:rd.systemd.pull=tar,sysext::https://evil.test/x" },
	{ "systemd.pull=tar,sysext::https://evil.test/x", "" },
	/* systemd takes single quotes off as well, and dracut's shell sees into double ones */
	{ "'rd.systemd.debug_shell'", " shell:rd.systemd.debug_shell" },
	{ "'rd.systemd.unit=x'", " shell:rd.systemd.unit=x" },
	{ "rd.sys'tem'd.unit=x", " shell:rd.systemd.unit=x" },
	{ "\"rd.systemd\".'unit'=x", " shell:rd.systemd.unit=x" },
	{ "'\"' rd.systemd.wants=x '\"'", " shell:rd.systemd.wants=x" },
	{ "x=\"a rd.break b\"", " shell:rd.break" },
	{ "x='a rd.break", " shell:rd.break" },
	{ "systemd.debug-shell='0 x'", " shell:systemd.debug-shell='0" },
	{ "'rd.shell'", "" },
	{ "x='rd.break'", "" },
	/* and nothing else of ours is read so */
	{ "'rd.cexluks=0'", "" },
	{ "x='a rd.cexluks=0 b'", " off" },
	{ "rd.cexluks='0'", " warn:rd.cexluks" },
	{ "rd.cexluks.kms='dr'", " kms:'dr'" },
	{ "rd.cmdline=ask", "" }, /* what is typed stands in /etc/cmdline.d */
	{ "init", "" }, /* a word for init itself */
	{ "rd.shell", "" },
	{ "rd.debug", "" },
	/* and those that change nothing, whatever they do to others */
	{ "", "" },
	{ "quiet", "" },
	{ "rd.noverifyssl", "" },
	{ "proxy=http://evil.test:3128", "" },
	{ "https_proxy=http://evil.test:3128", "" },
	{ "rd.luks.key=/evil", "" },
	{ "rd.luks.allow-discards", "" },
	{ "rd.luksx=0", "" },
	{ "luks=0", "" },
	{ "ip=dhcp", "" },
	{ "nameserver=203.0.113.1", "" },
	{ "ifname=eth0:00:11:22:33:44:55", "" },
	{ "root=/dev/mapper/root", "" },
	{ "rootflags=subvol=root", "" },
	{ "systemd.setenv=SSL_CERT_FILE=/evil", "" },
	{ "SSLKEYLOGFILE=/tmp/x", "" },
	{ "systemd.mask=cexluks-boot.service", "" },
	{ "rd.emergency", " shell:rd.emergency" },
	{ "rd.rescue", " shell:rd.rescue" },
	{ "rd.emergency=reboot", "" },
	{ "rd.timeout=0", "" },
	{ "rd.auto", "" },
	{ "log_buf_len=1M", "" },
	{ "console=ttyS0", "" },
	{ "rd.zfcp=0.0.4000,0x50050763070bc5e3,0x4002400000000000", "" },
	{ "=", "" },
	{ "==rd.cexluks=0", "" },
	/* how words are told apart */
	{ "\trd.cexluks=0\n", " off" },
	{ "a\vrd.cexluks=0", " off" },
	{ "\"rd.cexluks=0\"", " off" },
	{ "rd.cexluks=\"0\"", " off" },
	{ "x=\"a rd.cexluks=0\"", "" },
	{ "x=\"a rd.cexluks=0", "" },
	{ "rd.cexluks=0 rd.cexluks=1", " off" },
	{ "rd.cexluks=0 rd.cexluks", " off" },
	{ "rd.luks=0 rd.luks=1", "" },
	{ "rd.cexluks.timeout=50 rd.cexluks.timeout=20 rd.cexluks.timeout=30", " 20000ms" },
	{ "init=/a rd.break", " shell:init=/a" },
	{ "-- rd.cexluks=0", " off" },
};

static void test_each_word_has_its_effect_and_no_other(void **state)
{
	(void)state;
	assert_true(ARRAY_SIZE(rows) > 60);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_cmdline_ struct cmdline *c = parse(rows[i].text);
		char got[4096];

		effect(c, got);
		if (strcmp(got, rows[i].effect) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].text, got, rows[i].effect);
	}
}

static void test_an_effect_stays_beside_all_other_words(void **state)
{
	/* Words of a usual line before and behind change nothing about it. */
	static const char usual[] = "BOOT_IMAGE=/vmlinuz root=/dev/mapper/root ro ip=dhcp rd.shell quiet";
	char text[1024], got[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_cmdline_ struct cmdline *c = NULL;

		if (strchr(rows[i].text, '"'))
			continue; /* an open quotation goes to the end */
		(void)snprintf(text, sizeof(text), "%s %s %s", usual, rows[i].text, usual);
		c = parse(text);
		effect(c, got);
		assert_string_equal(got, rows[i].effect);
	}
}

static void test_lists_have_ends(void **state)
{
	_cleanup_free_ char *text = calloc(1, 64u << 10);
	_cleanup_cmdline_ struct cmdline *c = NULL;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < 100; i++)
		(void)sprintf(text + strlen(text),
			      "rd.cexluks.uuid=%x rd.cexluks.kms=p%d rd.luks.name=%x=n%d rd.luks.uuid=%x "
			      "rd.luks.options=%x=discard rd.cexluks.pattern=%x=00 rd.cexluks.what%d ",
			      i, i, i, i, i, i, i, i);
	c = parse(text);
	assert_int_equal(c->n_uuids, LIMIT_VOLUMES);
	assert_int_equal(c->n_profiles, LIMIT_PROFILES);
	assert_int_equal(c->n_luks_names, LIMIT_VOLUMES);
	assert_int_equal(c->n_luks_uuids, LIMIT_VOLUMES);
	assert_int_equal(c->n_luks_options, LIMIT_VOLUMES);
	assert_int_equal(c->n_patterns, LIMIT_VOLUMES);
	assert_int_equal(c->n_unknown, ARRAY_SIZE(c->unknown));
}

static void test_a_named_profile_leaves_out_all_others(void **state)
{
	_cleanup_cmdline_ struct cmdline *all = parse(""), *dr = parse("rd.cexluks.kms=dr");
	_cleanup_cmdline_ struct cmdline *none = parse("rd.cexluks.kms=");

	(void)state;
	assert_true(cmdline_allows_profile(all, "prod"));
	assert_true(cmdline_allows_profile(dr, "dr"));
	assert_false(cmdline_allows_profile(dr, "prod"));
	assert_false(cmdline_allows_profile(none, "prod"));
}

static void test_all_places_are_merged_and_the_kernel_speaks_last(void **state)
{
	_cleanup_cmdline_ struct cmdline *c = NULL;
	struct tree *t = *state;
	char got[4096];

	tree_put(t, "/etc/cmdline", "rd.luks=0 rd.luks.uuid=1");
	tree_put(t, "/etc/cmdline.d/10-a.conf", "rd.luks.uuid=2\n");
	tree_put(t, "/etc/cmdline.d/20-b.conf", "rd.luks.uuid=3\nrd.cexluks=0\n");
	tree_put(t, "/etc/cmdline.d/30-c.disabled", "rd.luks.uuid=9");
	tree_put(t, "/run/initramfs/cmdline.d/x.conf", "rd.luks.uuid=4");
	tree_put(t, "/proc/cmdline", "rd.luks=1 rd.luks.uuid=5 rd.cexluks=1\n");
	assert_int_equal(cmdline_load(t->root, &c), 0);
	effect(c, got);
	assert_string_equal(got, " off luks:1 luks:2 luks:3 luks:4 luks:5");
}

static void test_no_file_at_all_is_an_empty_line(void **state)
{
	_cleanup_cmdline_ struct cmdline *c = NULL;
	struct tree *t = *state;
	char got[4096];

	assert_int_equal(cmdline_load(t->root, &c), 0);
	effect(c, got);
	assert_string_equal(got, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_each_word_has_its_effect_and_no_other),
		T(test_an_effect_stays_beside_all_other_words),
		T(test_lists_have_ends),
		T(test_a_named_profile_leaves_out_all_others),
		T(test_all_places_are_merged_and_the_kernel_speaks_last),
		T(test_no_file_at_all_is_an_empty_line),
	};

	return cmocka_run_group_tests_name("op/cmdline", tests, NULL, NULL);
}
