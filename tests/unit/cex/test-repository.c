/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zkey's repository: the very bytes that zkey reads, and what is left after an interruption. */
#include "op/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "base/limits.h"
#include "base/sha256.h"
#include "cex/hex.h"
#include "cex/repository.h"
#include "vectors.h"

#define PATTERN "cd6b103236fbd87dba93e9001e29bc3d5e885d6abd1577e3e0e0a5f49e444894"

static const struct cex_entry plain = { .name = "root", .key_type = "CCA-AESCIPHER" };

struct stage {
	struct tree *tree;
	struct secret *key;
};

static void make_key(struct stage *s)
{
	assert_int_equal(secret_new(136, &s->key), 0);
	vector_aescipher(secret_data(s->key), 1, 640);
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->tree = tree_new();
	assert_int_equal(chmod(s->tree->root, 0770), 0);
	make_key(s);
	(void)umask(077); /* as main() sets it */
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	secret_free(s->key);
	tree_free(s->tree);
	free(s);
	return 0;
}

static int add(struct stage *s, const struct cex_entry *entry)
{
	return cex_repository_add(s->tree->root, entry, s->key);
}

static mode_t mode_of(struct stage *s, const char *name)
{
	struct stat st;

	return stat(tree_path(s->tree, name), &st) == 0 ? st.st_mode & 07777 : 0;
}

static bool is_there(struct stage *s, const char *name)
{
	return mode_of(s, name) != 0;
}

static void expect_key(struct stage *s, const char *name)
{
	_cleanup_secret_ struct secret *got = NULL;

	assert_int_equal(cex_repository_key(s->tree->root, name, &got), 0);
	assert_true(secret_equal(got, s->key));
}

/* The line after @p, checked against @name; its value goes to @hashed with the name. */
static char *take_property(char *p, const char *name, const char *value, char *hashed)
{
	size_t len = strlen(name);
	char *end = strchr(p, '\n');

	assert_non_null(end);
	*end = '\0';
	assert_int_equal(strncmp(p, name, len), 0);
	assert_int_equal(p[len], '=');
	if (value)
		assert_string_equal(p + len + 1, value);
	strcat(strcat(hashed, name), p + len + 1);
	return end + 1;
}

static void expect_info(struct stage *s, const char *file, const char *const rows[][2], size_t n)
{
	_cleanup_free_ char *text = NULL;
	unsigned char hash[SHA256_SIZE];
	char hashed[8192] = "", wanted[2 * SHA256_SIZE + 1], *p;

	assert_int_equal(file_read(tree_path(s->tree, file), 8192, &text, NULL), 0);
	p = text;
	for (size_t i = 0; i < n; i++)
		p = take_property(p, rows[i][0], rows[i][1], hashed);
	assert_int_equal(sha256(hashed, strlen(hashed), hash), 0);
	cex_hex_text(hash, sizeof(hash), wanted);
	p = take_property(p, "__hash__", wanted, hashed);
	assert_string_equal(p, "");
}

static void test_all_that_is_known_is_written_in_the_order_of_zkey(void **state)
{
	static const struct cex_entry entry = {
		.name = "root",
		.description = "the root volume = paes",
		.key_type = "cca-aescipher",
		.volumes = "/dev/dasda2:root,/dev/dasdb1:data",
		.apqns = "0.47,01.0047",
		.sector_size = 4096,
		.pattern = PATTERN,
	};
	static const char *const rows[][2] = {
		{ "cipher", "paes" },
		{ "iv-mode", "plain64" },
		{ "creation-time", NULL },
		{ "description", "the root volume = paes" },
		{ "key-type", "CCA-AESCIPHER" },
		{ "volumes", "/dev/dasda2:root,/dev/dasdb1:data" },
		{ "apqns", "00.0047,01.0047" },
		{ "sector-size", "4096" },
		{ "volume-type", "LUKS2" },
		{ "verification-pattern", PATTERN },
	};
	struct stage *s = *state;

	assert_int_equal(add(s, &entry), 0);
	expect_info(s, "/root.info", rows, ARRAY_SIZE(rows));
	expect_key(s, "root");
}

static void test_what_is_not_known_is_empty_and_the_time_is_local(void **state)
{
	static const char *const rows[][2] = {
		{ "cipher", "paes" },	    { "iv-mode", "plain64" },
		{ "creation-time", NULL },  { "description", "" },
		{ "key-type", "CCA-AESCIPHER" }, { "volumes", "" },
		{ "apqns", "" },	    { "sector-size", "0" },
		{ "volume-type", "LUKS2" },
	};
	_cleanup_free_ char *text = NULL;
	struct stage *s = *state;
	const char *created;
	struct tm tm = { .tm_isdst = -1 };
	time_t then;

	assert_int_equal(add(s, &plain), 0);
	expect_info(s, "/root.info", rows, ARRAY_SIZE(rows));
	assert_int_equal(file_read(tree_path(s->tree, "/root.info"), 8192, &text, NULL), 0);
	created = strstr(text, "creation-time=") + strlen("creation-time=");
	assert_ptr_equal(strptime(created, "%Y-%m-%d %H:%M:%S", &tm), created + 19);
	then = mktime(&tm);
	assert_true(then <= time(NULL) && then > time(NULL) - 60);
}

static void test_files_have_the_mode_of_the_folder_and_others_nothing(void **state)
{
	static const struct {
		mode_t folder, file;
		const char *name;
	} rows[] = { { 0770, 0660, "a" }, { 0700, 0600, "b" }, { 0775, 0660, "c" }, { 0750, 0640, "d" } };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cex_entry entry = plain;
		char file[16];

		entry.name = rows[i].name;
		assert_int_equal(chmod(s->tree->root, rows[i].folder), 0);
		assert_int_equal(add(s, &entry), 0);
		(void)snprintf(file, sizeof(file), "/%s.skey", rows[i].name);
		assert_int_equal(mode_of(s, file), rows[i].file);
		(void)snprintf(file, sizeof(file), "/%s.info", rows[i].name);
		assert_int_equal(mode_of(s, file), rows[i].file);
	}
	assert_int_equal(mode_of(s, "/.lock"), 0660);
}

static void test_files_belong_to_the_group_of_the_folder(void **state)
{
	struct stage *s = *state;
	struct stat st;

	if (chown(s->tree->root, (uid_t)-1, 4711) < 0) {
		print_message("skip: only root gives files to a group\n");
		skip();
	}
	assert_int_equal(add(s, &plain), 0);
	assert_int_equal(stat(tree_path(s->tree, "/root.skey"), &st), 0);
	assert_int_equal(st.st_gid, 4711);
	assert_int_equal(stat(tree_path(s->tree, "/root.info"), &st), 0);
	assert_int_equal(st.st_gid, 4711);
	assert_int_equal(stat(tree_path(s->tree, "/.lock"), &st), 0);
	assert_int_equal(st.st_gid, 4711);
}

static void test_a_folder_that_others_can_write_to_is_none(void **state)
{
	struct stage *s = *state;

	assert_int_equal(chmod(s->tree->root, 0777), 0);
	assert_int_equal(add(s, &plain), -EPERM);
	assert_false(is_there(s, "/root.skey"));
	assert_int_equal(cex_repository_add("/nowhere/at/all", &plain, s->key), -ENOENT);
}

static void test_a_key_is_never_replaced(void **state)
{
	static const char *const kinds[] = { ".skey", ".renc", ".pass" };
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_cleanup_free_ char *left = NULL;
		char file[16];

		(void)snprintf(file, sizeof(file), "/root%s", kinds[i]);
		tree_put(s->tree, file, "somebody's");
		assert_int_equal(add(s, &plain), -EEXIST);
		assert_false(is_there(s, "/root.info"));
		assert_int_equal(file_read(tree_path(s->tree, file), 64, &left, NULL), 0);
		assert_string_equal(left, "somebody's");
		assert_int_equal(unlink(tree_path(s->tree, file)), 0);
	}
	assert_int_equal(add(s, &plain), 0);
	assert_int_equal(add(s, &plain), -EEXIST);
	expect_key(s, "root");
}

static void test_what_an_interrupted_run_left_is_in_nobodys_way(void **state)
{
	static const char *const left[][3] = {
		{ "/root.skey.new" },
		{ "/root.skey.new", "/root.info.new" },
		{ "/root.skey.new", "/root.info" },
		{ "/root.info" },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		for (size_t j = 0; left[i][j]; j++)
			tree_put(s->tree, left[i][j], "half");
		assert_int_equal(add(s, &plain), 0);
		expect_key(s, "root");
		assert_false(is_there(s, "/root.skey.new"));
		assert_false(is_there(s, "/root.info.new"));
		assert_int_equal(unlink(tree_path(s->tree, "/root.skey")), 0);
		assert_int_equal(unlink(tree_path(s->tree, "/root.info")), 0);
	}
}

static void test_a_link_in_the_way_leads_nowhere(void **state)
{
	struct stage *s = *state;
	_cleanup_free_ char *target = NULL, *text = NULL;

	tree_put(s->tree, "/victim", "untouched");
	target = strdup(tree_path(s->tree, "/victim"));
	assert_non_null(target);
	assert_int_equal(symlink(target, tree_path(s->tree, "/root.skey.new")), 0);
	assert_int_equal(symlink(target, tree_path(s->tree, "/root.info")), 0);
	assert_int_equal(add(s, &plain), 0);
	assert_int_equal(file_read(target, 64, &text, NULL), 0);
	assert_string_equal(text, "untouched");
}

/* Repeats until it is killed. Secrets do not survive a fork, so it has a key of its own. */
static void add_for_ever(struct stage *s, const struct cex_entry *entry)
{
	char path[PATH_MAX];

	make_key(s);
	(void)snprintf(path, sizeof(path), "%s/root.skey", s->tree->root);
	while (cex_repository_add(s->tree->root, entry, s->key) == 0)
		(void)unlink(path);
	abort();
}

static void test_killed_anywhere_a_key_has_its_properties_and_the_next_run_succeeds(void **state)
{
	struct stage *s = *state;

	for (unsigned i = 0; i < 60; i++) {
		const struct timespec while_it_runs = { .tv_nsec = 300000L + i * 70000L };
		pid_t pid = fork();
		bool whole;
		int status;

		assert_true(pid >= 0);
		if (!pid)
			add_for_ever(s, &plain);
		(void)nanosleep(&while_it_runs, NULL);
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		whole = is_there(s, "/root.skey");
		assert_true(!whole || is_there(s, "/root.info"));
		assert_int_equal(add(s, &plain), whole ? -EEXIST : 0);
		expect_key(s, "root");
		assert_int_equal(unlink(tree_path(s->tree, "/root.skey")), 0);
	}
}

static void test_a_held_lock_is_told_and_waited_for_by_nobody(void **state)
{
	struct stage *s = *state;
	_cleanup_close_ int lock = -1;

	tree_put(s->tree, "/.lock", "");
	lock = open(tree_path(s->tree, "/.lock"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	(void)alarm(20); /* it would wait for ever */
	assert_int_equal(add(s, &plain), -EBUSY);
	(void)alarm(0);
	assert_false(is_there(s, "/root.info"));
	assert_false(is_there(s, "/root.info.new"));
	assert_int_equal(flock(lock, LOCK_UN), 0);
	assert_int_equal(add(s, &plain), 0);
	expect_key(s, "root");
}

/* What somebody makes just before it would be renamed; and what the file system knows. */
static struct {
	const char *appears;
	const struct stage *stage;
	bool no_flags;
} rival;

/* In place of the C library's. */
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	if (rival.appears && !strcmp(rival.appears + 1, to))
		tree_put(rival.stage->tree, rival.appears, "somebody's");
	if (flags && rival.no_flags) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
}

static void test_what_appears_at_the_last_moment_is_not_replaced(void **state)
{
	static const char *const files[] = { "/root.info", "/root.skey" };
	struct stage *s = *state;

	rival.stage = s;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *text = NULL;

		rival.appears = files[i / 2];
		rival.no_flags = i % 2;
		assert_int_equal(add(s, &plain), -EEXIST);
		assert_int_equal(file_read(tree_path(s->tree, rival.appears), 64, &text, NULL), 0);
		assert_string_equal(text, "somebody's");
		assert_false(is_there(s, "/root.skey.new"));
		assert_false(is_there(s, "/root.info.new"));
		(void)unlink(tree_path(s->tree, "/root.skey"));
		(void)unlink(tree_path(s->tree, "/root.info"));
	}
	rival.appears = NULL;
	rival.no_flags = true;
	assert_int_equal(add(s, &plain), 0);
	expect_key(s, "root");
	rival.no_flags = false;
}

static void test_values_that_zkey_could_not_read_back_are_refused(void **state)
{
	static char much[LIMIT_ZKEY_LINE + 1];
	const struct cex_entry wrong[] = {
		{ .name = "a", .key_type = "X", .description = "two\nlines" },
		{ .name = "a", .key_type = "X", .description = "escape \x1b[31m" },
		{ .name = "a", .key_type = "X", .description = much },
		{ .name = "a", .key_type = "X", .volumes = "/dev/dasda2" },
		{ .name = "a", .key_type = "X", .volumes = "/dev/dasda2:" },
		{ .name = "a", .key_type = "X", .volumes = ":root" },
		{ .name = "a", .key_type = "X", .volumes = "/dev/dasda2:root," },
		{ .name = "a", .key_type = "X", .volumes = "/dev/dasda*:root" },
		{ .name = "a", .key_type = "X", .volumes = "/dev/a:b,/dev/c:d,/dev/a:b" },
		{ .name = "a", .key_type = "X", .volumes = "" },
		{ .name = "a", .key_type = "X", .apqns = "00.0047;01.0047" },
		{ .name = "a", .key_type = "X", .sector_size = 513 },
		{ .name = "a", .key_type = "X", .sector_size = 8192 },
		{ .name = "a", .key_type = "X", .sector_size = 256 },
		{ .name = "a", .key_type = "X", .pattern = "abc" },
	};
	struct stage *s = *state;

	memset(much, 'x', sizeof(much) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(add(s, &wrong[i]), -EINVAL);
	assert_false(is_there(s, "/.lock"));
	assert_true(cex_repository_volumes_are_valid("/dev/a:b,/dev/a:bc,/dev/disk/by-id/x-y_z:d"));
}

static void test_names_that_zkey_or_a_file_system_would_take_otherwise_are_refused(void **state)
{
	static const char *const wrong[] = { "", ".", "..", ".lock", "a/b", "../x", "a b", "a*", "a?",
					     "a\\b", "it's", "\"a\"", "tab\t", "\xc3\xa4", "new\nline" };
	_cleanup_secret_ struct secret *key = NULL;
	char longest[LIMIT_ZKEY_NAME + 2];
	struct cex_entry entry = plain;
	struct stage *s = *state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		entry.name = wrong[i];
		assert_false(cex_repository_name_is_valid(wrong[i]));
		assert_int_equal(add(s, &entry), -EINVAL);
		assert_int_equal(cex_repository_key(s->tree->root, wrong[i], &key), -EINVAL);
	}
	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(cex_repository_name_is_valid(longest));
	longest[LIMIT_ZKEY_NAME] = '\0';
	entry.name = longest;
	assert_int_equal(add(s, &entry), 0);
	expect_key(s, longest);
}

static void test_keys_are_read_within_their_limit(void **state)
{
	static const unsigned char much[LIMIT_KEYBLOB + 1];
	_cleanup_secret_ struct secret *key = NULL, *largest = NULL;
	struct stage *s = *state;
	const char *root = s->tree->root;

	assert_int_equal(cex_repository_key(root, "none", &key), -ENOENT);
	assert_int_equal(cex_repository_key("/nowhere", "none", &key), -ENOENT);
	tree_put(s->tree, "/empty.skey", "");
	assert_int_equal(cex_repository_key(root, "empty", &key), -ENODATA);
	tree_put_bytes(s->tree, "/much.skey", much, sizeof(much), 0600);
	assert_int_equal(cex_repository_key(root, "much", &key), -EFBIG);
	assert_int_equal(mkdir(tree_path(s->tree, "/folder.skey"), 0700), 0);
	assert_int_equal(cex_repository_key(root, "folder", &key), -EINVAL);
	assert_int_equal(mkfifo(tree_path(s->tree, "/pipe.skey"), 0600), 0);
	assert_int_equal(cex_repository_key(root, "pipe", &key), -EINVAL);
	assert_null(key);
	tree_put_bytes(s->tree, "/largest.skey", much, sizeof(much) - 1, 0600);
	assert_int_equal(cex_repository_key(root, "largest", &largest), 0);
	assert_int_equal(secret_len(largest), LIMIT_KEYBLOB);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all_that_is_known_is_written_in_the_order_of_zkey),
		TEST(test_what_is_not_known_is_empty_and_the_time_is_local),
		TEST(test_files_have_the_mode_of_the_folder_and_others_nothing),
		TEST(test_files_belong_to_the_group_of_the_folder),
		TEST(test_a_folder_that_others_can_write_to_is_none),
		TEST(test_a_key_is_never_replaced),
		TEST(test_what_an_interrupted_run_left_is_in_nobodys_way),
		TEST(test_a_link_in_the_way_leads_nowhere),
		TEST(test_killed_anywhere_a_key_has_its_properties_and_the_next_run_succeeds),
		TEST(test_a_held_lock_is_told_and_waited_for_by_nobody),
		TEST(test_what_appears_at_the_last_moment_is_not_replaced),
		TEST(test_values_that_zkey_could_not_read_back_are_refused),
		TEST(test_names_that_zkey_or_a_file_system_would_take_otherwise_are_refused),
		TEST(test_keys_are_read_within_their_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
