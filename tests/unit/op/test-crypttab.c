/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/tree.h"

#include <errno.h>

#include "op/crypttab.h"

#define U "96fa7ba7-5229-4f32-a9d3-849404febb0e"

static struct crypttab_options options(const char *text)
{
	struct crypttab_options o = { 0 };

	crypttab_options_add(&o, text);
	return o;
}

static void test_each_honoured_option_sets_its_flag_and_no_other(void **state)
{
	static const struct {
		const char *text;
		struct crypttab_options expected;
	} rows[] = {
		{ NULL, { .nofail = false } },
		{ "", { .nofail = false } },
		{ "none", { .nofail = false } },
		{ "-", { .nofail = false } },
		{ "luks", { .nofail = false } },
		{ "discard", { .flags.discard = true } },
		{ "allow-discards", { .flags.discard = true } },
		{ "no-read-workqueue", { .flags.no_read_workqueue = true } },
		{ "no-write-workqueue", { .flags.no_write_workqueue = true } },
		{ "same-cpu-crypt", { .flags.same_cpu_crypt = true } },
		{ "submit-from-crypt-cpus", { .flags.submit_from_crypt_cpus = true } },
		{ "readonly", { .flags.read_only = true } },
		{ "read-only", { .flags.read_only = true } },
		{ "nofail", { .nofail = true } },
		{ "noauto", { .noauto = true } },
		{ "header=/boot/h.img", { .header = "/boot/h.img" } },
		{ "x-initrd.attach", { .nofail = false } },
		{ "tries=3,timeout=90,password-echo=no,x-systemd.device-timeout=30", { .nofail = false } },
		{ ",,discard,,", { .flags.discard = true } },
		/* systemd's: the first one is remembered */
		{ "tpm2-device=auto", { .unknown = "tpm2-device=auto" } },
		{ "_netdev,keyslot=1", { .unknown = "keyslot=1" } },
		{ "header=h.img", { .unknown = "header=h.img" } },
		{ "header=/h.img:UUID=1", { .unknown = "header=/h.img:UUID=1" } },
		{ "discard=1", { .unknown = "discard=1" } },
		{ "plain", { .unknown = "plain", .not_luks = true } },
		{ "swap,cipher=aes", { .unknown = "swap", .not_luks = true } },
		{ "cipher=aes,tmp=ext4", { .unknown = "cipher=aes", .not_luks = true } },
		{ "tcrypt-veracrypt", { .unknown = "tcrypt-veracrypt", .not_luks = true } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct crypttab_options o = options(rows[i].text);
		const struct crypttab_options *e = &rows[i].expected;

		if (memcmp(&o.flags, &e->flags, sizeof(o.flags)) != 0 || o.nofail != e->nofail ||
		    o.noauto != e->noauto || o.not_luks != e->not_luks ||
		    strcmp(o.header, e->header) != 0 || strcmp(o.unknown, e->unknown) != 0)
			fail_msg("options \"%s\"", rows[i].text);
	}
}

static void test_a_header_path_that_is_too_long_is_left_to_systemd(void **state)
{
	char text[400] = "header=/";
	struct crypttab_options o;

	(void)state;
	memset(text + 8, 'x', 300);
	o = options(text);
	assert_string_equal(o.header, "");
	assert_memory_equal(o.unknown, "header=/xxx", 11);
}

static void test_options_add_up(void **state)
{
	struct crypttab_options o = options("discard");

	(void)state;
	crypttab_options_add(&o, "nofail,foo");
	crypttab_options_add(&o, "bar");
	assert_true(o.flags.discard && o.nofail);
	assert_string_equal(o.unknown, "foo");
}

static void test_lines_are_read_as_systemd_reads_them(void **state)
{
	static const struct {
		const char *name, *source, *uuid, *options;
	} lines[] = {
		{ "root", "UUID=" U, U, "luks,discard" },
		{ "a", "/dev/disk/by-uuid/" U, U, "" },
		{ "b", "/dev/vda3", "", "" },
		{ "c", "PARTUUID=0123", "", "nofail" },
		{ "d", "UUID=" U, U, "" },
		{ "e", "LABEL=my", "", "" },
		{ "f", "UUID=96fa", "", "" },
	};
	_cleanup_crypttab_ struct crypttab *c = NULL;
	struct tree *t = *state;

	tree_put(t, "/etc/crypttab",
		 "# comment\n\n  # another\nroot UUID=" U " none luks,discard\n"
		 "a\t/dev/disk/by-uuid/" U "\t-\r\nb /dev/vda3 /etc/key\nlonely\n"
		 "c PARTUUID=0123 none nofail # tail\nd UUID=\"" U "\"\ne LABEL='my'\nf UUID=96fa");
	assert_int_equal(crypttab_load(t->root, &c), 0);
	assert_int_equal(c->n_lines, ARRAY_SIZE(lines));
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_string_equal(c->lines[i].name, lines[i].name);
		assert_string_equal(c->lines[i].source, lines[i].source);
		assert_string_equal(c->lines[i].uuid, lines[i].uuid);
		assert_string_equal(c->lines[i].options, lines[i].options);
	}
}

static void test_a_missing_file_is_empty_and_a_giant_one_an_error(void **state)
{
	_cleanup_free_ char *large = calloc(1, (64u << 10) + 2);
	_cleanup_crypttab_ struct crypttab *c = NULL;
	struct crypttab *none = NULL;
	struct tree *t = *state;

	assert_int_equal(crypttab_load(t->root, &c), 0);
	assert_int_equal(c->n_lines, 0);
	assert_non_null(large);
	memset(large, '\n', (64u << 10) + 1);
	tree_put(t, "/etc/crypttab", large);
	assert_int_equal(crypttab_load(t->root, &none), -EFBIG);
	assert_null(none);
}

static void test_lines_beyond_the_limit_are_left_out(void **state)
{
	_cleanup_crypttab_ struct crypttab *c = NULL;
	struct tree *t = *state;
	char text[4096] = "";

	for (int i = 0; i < 70; i++)
		(void)sprintf(text + strlen(text), "v%d /dev/v%d\n", i, i);
	tree_put(t, "/etc/crypttab", text);
	assert_int_equal(crypttab_load(t->root, &c), 0);
	assert_int_equal(c->n_lines, LIMIT_VOLUMES);
}

static void test_sources_become_the_links_that_udev_makes(void **state)
{
	static const struct {
		const char *source, *path;
	} rows[] = {
		{ "/dev/vda2", "/dev/vda2" },
		{ "LABEL=root", "/dev/disk/by-label/root" },
		{ "LABEL=my/disk 1", "/dev/disk/by-label/my\\x2fdisk\\x201" },
		{ "PARTUUID=1234-02", "/dev/disk/by-partuuid/1234-02" },
		{ "PARTLABEL=a=b", "/dev/disk/by-partlabel/a=b" },
		{ "ID=dm-name-x", "/dev/disk/by-id/dm-name-x" },
		{ "LABEL=../../x", "/dev/disk/by-label/..\\x2f..\\x2fx" },
		{ "LABEL=", NULL },
		{ "UUID=1234", NULL }, /* no LUKS header has such a UUID */
		{ "vda2", NULL },
		{ "", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = NULL;

		assert_int_equal(crypttab_source_path(rows[i].source, &path),
				 rows[i].path ? 0 : -EINVAL);
		if (rows[i].path)
			assert_string_equal(path, rows[i].path);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, tree_setup, tree_teardown)
		T(test_each_honoured_option_sets_its_flag_and_no_other),
		T(test_a_header_path_that_is_too_long_is_left_to_systemd),
		T(test_options_add_up),
		T(test_lines_are_read_as_systemd_reads_them),
		T(test_a_missing_file_is_empty_and_a_giant_one_an_error),
		T(test_lines_beyond_the_limit_are_left_out),
		T(test_sources_become_the_links_that_udev_makes),
	};

	return cmocka_run_group_tests_name("op/crypttab", tests, NULL, NULL);
}
