/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Archives are made here, byte by byte, and unpacked into a folder. Links that leave it are tests/fuzz/fuzz-cpio.c's, in a
 * root of its own.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/cpio.h"
#include "base/file.h"
#include "base/limits.h"

struct archive {
	unsigned char bytes[256 << 10];
	size_t len;
};

struct file {
	const char *name;
	unsigned mode;
	const char *text; /* contents, or where a link leads */
	unsigned ino, nlink;
	unsigned size; /* that it claims; 0: of the text */
};

static char folder[64];
static int home = -1;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level ? remove(path) : 0;
}

static int begin(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/cexluks-cpio-XXXXXX");
	assert_non_null(mkdtemp(folder));
	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(home >= 0);
	return chdir(folder);
}

static int end(void **state)
{
	(void)state;
	assert_int_equal(fchdir(home), 0);
	assert_int_equal(close(home), 0);
	assert_int_equal(nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	return rmdir(folder);
}

static void put(struct archive *a, const void *bytes, size_t len)
{
	assert_true(a->len + len <= sizeof(a->bytes));
	if (len)
		memcpy(a->bytes + a->len, bytes, len);
	a->len += len;
}

static void put_aligned(struct archive *a, size_t start, const void *bytes, size_t len)
{
	put(a, bytes, len);
	while ((a->len - start) % 4)
		put(a, "", 1);
}

static void add(struct archive *a, const struct file *f)
{
	size_t start = a->len, len = f->text ? strlen(f->text) : 0;
	char header[111];

	(void)snprintf(header, sizeof(header), "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X", f->ino,
		       f->mode, (unsigned)geteuid(), (unsigned)getegid(), f->nlink ? f->nlink : 1, 0,
		       f->size ? f->size : (unsigned)len, 0, 0, 0, 0, (unsigned)strlen(f->name) + 1, 0);
	put(a, header, 110);
	put_aligned(a, start, f->name, strlen(f->name) + 1);
	put_aligned(a, start, f->text, len);
}

static void close_archive(struct archive *a)
{
	add(a, &(struct file){ .name = "TRAILER!!!" });
}

static bool everything(const char *name)
{
	(void)name;
	return true;
}

static bool not_modules(const char *name)
{
	return !strstr(name, ".ko");
}

static int stream_of(const struct archive *a, struct cpio_stream *ret)
{
	char path[] = "/tmp/cexluks-archive-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(fd, a->bytes, a->len), (ssize_t)a->len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	*ret = (struct cpio_stream){ .fd = fd };
	return fd;
}

static int unpack_with(const struct archive *a, struct cpio_sum *sum, bool (*wants)(const char *name))
{
	_cleanup_free_ struct cpio_stream *stream = calloc(1, sizeof(*stream));
	_cleanup_close_ int fd = -1;
	int r;

	assert_non_null(stream);
	fd = stream_of(a, stream);
	r = cpio_unpack(stream, wants, sum);
	if (r < 0)
		cpio_done(sum);
	return r;
}

static int unpack(const struct archive *a)
{
	struct cpio_sum sum = { 0 };
	int r = unpack_with(a, &sum, everything);

	cpio_done(&sum);
	return r;
}

static int unpack_one(const struct file *f)
{
	struct archive a = { .len = 0 };

	add(&a, f);
	close_archive(&a);
	return unpack(&a);
}

static void assert_text(const char *path, const char *expected)
{
	_cleanup_free_ char *text = NULL;

	assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
	assert_string_equal(text, expected);
}

static struct stat look(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st;
}

static void test_files_folders_and_links_are_as_in_the_archive(void **state)
{
	struct archive a = { .len = 0 };

	(void)state;
	add(&a, &(struct file){ .name = ".", .mode = S_IFDIR | 0755, .text = NULL });
	add(&a, &(struct file){ .name = "etc", .mode = S_IFDIR | 0711, .text = NULL });
	add(&a, &(struct file){ .name = "etc/one", .mode = S_IFREG | 0640, .text = "first" });
	add(&a, &(struct file){ .name = "etc/link", .mode = S_IFLNK | 0777, .text = "one" });
	add(&a, &(struct file){ .name = "usr/lib/two", .mode = S_IFREG | 0755, .text = "" }); /* its folders are not in it */
	close_archive(&a);
	assert_int_equal(unpack(&a), 0);
	assert_text("etc/one", "first");
	assert_text("etc/link", "first");
	assert_int_equal(look("etc").st_mode, S_IFDIR | 0711);
	assert_int_equal(look("etc/one").st_mode, S_IFREG | 0640);
	assert_true(S_ISLNK(look("etc/link").st_mode));
	assert_int_equal(look("usr/lib/two").st_mode, S_IFREG | 0755);
}

static void test_nobody_gets_a_device_or_a_program_of_somebody_else(void **state)
{
	struct archive a = { .len = 0 };

	(void)state;
	add(&a, &(struct file){ .name = "null", .mode = S_IFCHR | 0666, .text = NULL });
	add(&a, &(struct file){ .name = "disk", .mode = S_IFBLK | 0666, .text = NULL });
	add(&a, &(struct file){ .name = "pipe", .mode = S_IFIFO | 0666, .text = NULL });
	add(&a, &(struct file){ .name = "socket", .mode = S_IFSOCK | 0666, .text = NULL });
	add(&a, &(struct file){ .name = "su", .mode = S_IFREG | 06755, .text = "x" });
	add(&a, &(struct file){ .name = "tmp", .mode = S_IFDIR | 01777, .text = NULL });
	close_archive(&a);
	assert_int_equal(unpack(&a), 0);
	assert_int_equal(access("null", F_OK), -1);
	assert_int_equal(access("disk", F_OK), -1);
	assert_int_equal(access("pipe", F_OK), -1);
	assert_int_equal(access("socket", F_OK), -1);
	assert_int_equal(look("su").st_mode, S_IFREG | 0755);
	assert_int_equal(look("tmp").st_mode, S_IFDIR | 0777);
}

static void test_a_later_entry_replaces_and_does_not_follow(void **state)
{
	struct archive a = { .len = 0 };

	(void)state;
	add(&a, &(struct file){ .name = "precious", .mode = S_IFREG | 0600, .text = "kept" });
	add(&a, &(struct file){ .name = "name", .mode = S_IFLNK | 0777, .text = "precious" });
	add(&a, &(struct file){ .name = "name", .mode = S_IFREG | 0600, .text = "new" });
	close_archive(&a);
	assert_int_equal(unpack(&a), 0);
	assert_text("precious", "kept");
	assert_text("name", "new");
}

static void test_names_of_one_file_are_one_file_within_an_archive(void **state)
{
	struct archive a = { .len = 0 };
	struct cpio_sum sum = { 0 }; /* of one image */

	(void)state;
	add(&a, &(struct file){ .name = "one", .mode = S_IFREG | 0600, .text = NULL, .ino = 7, .nlink = 2 });
	add(&a, &(struct file){ .name = "two", .mode = S_IFREG | 0600, .text = "contents", .ino = 7, .nlink = 2 });
	close_archive(&a);
	assert_int_equal(unpack_with(&a, &sum, everything), 0);
	assert_text("one", "contents");
	assert_int_equal(look("one").st_ino, look("two").st_ino);
	a.len = 0;
	add(&a, &(struct file){ .name = "three", .mode = S_IFREG | 0600, .text = "other", .ino = 7, .nlink = 2 });
	close_archive(&a);
	assert_int_equal(unpack_with(&a, &sum, everything), 0);
	cpio_done(&sum);
	assert_true(look("three").st_ino != look("one").st_ino);
}

static void test_what_is_not_wanted_is_an_empty_file(void **state)
{
	struct cpio_sum sum = { 0 };
	struct archive a = { .len = 0 };

	(void)state;
	add(&a, &(struct file){ .name = "a.ko", .mode = S_IFREG | 0644, .text = "a kernel module" });
	add(&a, &(struct file){ .name = "b.conf", .mode = S_IFREG | 0644, .text = "text" });
	close_archive(&a);
	assert_int_equal(unpack_with(&a, &sum, not_modules), 0);
	cpio_done(&sum);
	assert_int_equal(sum.n_entries, 2);
	assert_int_equal(sum.bytes, strlen("a kernel module") + strlen("text"));
	assert_int_equal(sum.kept, strlen("text"));
	assert_text("a.ko", "");
	assert_text("b.conf", "text");
}

static void test_names_begin_at_the_top_and_never_lead_upward(void **state)
{
	static const char *const bad[] = { "..", "../x", "a/../../x", "a/..", "/../x", "//..//x" };

	(void)state;
	assert_int_equal(unpack_one(&(struct file){ .name = "//etc/rooted", .mode = S_IFREG | 0600, .text = "x" }), 0);
	assert_text("etc/rooted", "x");
	assert_int_equal(unpack_one(&(struct file){ .name = "a..b/..c", .mode = S_IFREG | 0600, .text = "x" }), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(unpack_one(&(struct file){ .name = bad[i], .mode = S_IFREG | 0600, .text = "x" }), -EBADMSG);
}

static void test_an_archive_that_ends_early_is_refused_at_every_byte(void **state)
{
	struct archive a = { .len = 0 }, part;

	(void)state;
	add(&a, &(struct file){ .name = "one", .mode = S_IFREG | 0600, .text = "first" });
	add(&a, &(struct file){ .name = "link", .mode = S_IFLNK | 0777, .text = "one" });
	close_archive(&a);
	assert_int_equal(unpack(&a), 0);
	part = a;
	/* What fills the last name up to four bytes belongs to it. */
	for (part.len = 0; part.len < a.len; part.len++)
		assert_int_equal(unpack(&part), -EBADMSG);
}

static void test_each_part_of_a_header_is_looked_at(void **state)
{
	struct archive a = { .len = 0 }, changed;

	(void)state;
	add(&a, &(struct file){ .name = "one", .mode = S_IFREG | 0600, .text = "first" });
	close_archive(&a);
	for (size_t i = 0; i < 110; i++) { /* a digit that is none, or another magic number */
		changed = a;
		changed.bytes[i] = 'g';
		assert_int_equal(unpack(&changed), -EBADMSG);
	}
	changed = a;
	changed.bytes[110 + 3] = 'x'; /* the name's end */
	assert_int_equal(unpack(&changed), -EBADMSG);
	changed = a;
	changed.bytes[110 + 1] = '\0'; /* an end before that */
	assert_int_equal(unpack(&changed), -EBADMSG);
	changed = a;
	memcpy(changed.bytes + 94, "00000001", 8); /* a name that is empty */
	assert_int_equal(unpack(&changed), -EBADMSG);
	memcpy(changed.bytes + 94, "00001001", 8); /* one that is longer than any */
	assert_int_equal(unpack(&changed), -EBADMSG);
	assert_int_equal(unpack_one(&(struct file){ .name = "empty", .mode = S_IFLNK | 0777, .text = "" }), -EBADMSG);
	assert_int_equal(unpack_one(&(struct file){ .name = "long", .mode = S_IFLNK | 0777, .text = "x", .size = 4096 }), -EBADMSG);
}

static void test_what_contradicts_itself_is_refused(void **state)
{
	struct archive a = { .len = 0 };

	(void)state;
	add(&a, &(struct file){ .name = "file", .mode = S_IFREG | 0600, .text = "x" });
	add(&a, &(struct file){ .name = "file/below", .mode = S_IFREG | 0600, .text = "x" });
	close_archive(&a);
	assert_int_equal(unpack(&a), -EBADMSG);
}

static void test_limits_hold_before_anything_is_read(void **state)
{
	struct cpio_sum sum = { .n_entries = LIMIT_IMAGE_ENTRIES };
	const struct file huge = { .name = "huge", .mode = S_IFREG | 0600, .text = "x", .size = LIMIT_IMAGE_KEPT + 1 };
	struct archive a = { .len = 0 };

	(void)state;
	assert_int_equal(unpack_one(&huge), -EFBIG);
	assert_int_equal(unpack_one(&(struct file){ .name = "huge.ko", .mode = S_IFREG | 0600, .text = "x", .size = UINT32_MAX }), -EFBIG);
	add(&a, &(struct file){ .name = "one", .mode = S_IFREG | 0600, .text = "x" });
	close_archive(&a);
	assert_int_equal(unpack_with(&a, &sum, everything), -EFBIG);
	sum = (struct cpio_sum){ .kept = LIMIT_IMAGE_KEPT };
	assert_int_equal(unpack_with(&a, &sum, everything), -EFBIG);
	sum = (struct cpio_sum){ .bytes = LIMIT_IMAGE_BYTES };
	assert_int_equal(unpack_with(&a, &sum, everything), -EFBIG);
}

static void test_archives_follow_each_other_with_zeros_between(void **state)
{
	_cleanup_free_ struct cpio_stream *stream = calloc(1, sizeof(*stream));
	_cleanup_close_ int fd = -1;
	struct cpio_sum sum = { 0 };
	struct archive a = { .len = 0 };

	(void)state;
	assert_non_null(stream);
	add(&a, &(struct file){ .name = "one", .mode = S_IFREG | 0600, .text = "first" });
	close_archive(&a);
	put(&a, "\0\0\0\0\0\0\0", 7); /* the next begins anywhere */
	add(&a, &(struct file){ .name = "two", .mode = S_IFREG | 0600, .text = "second" });
	close_archive(&a);
	put(&a, "\0\0\0\0", 4);
	fd = stream_of(&a, stream);
	assert_int_equal(cpio_unpack(stream, everything, &sum), 0);
	assert_int_equal(cpio_skip_zeros(stream), 1);
	assert_int_equal(cpio_unpack(stream, everything, &sum), 0);
	assert_int_equal(cpio_skip_zeros(stream), 0);
	assert_int_equal(stream->consumed, a.len);
	cpio_done(&sum);
	assert_text("one", "first");
	assert_text("two", "second");
}

static void test_contents_longer_than_the_buffer_stay_whole(void **state)
{
	char text[100001];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i % 23);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(unpack_one(&(struct file){ .name = "long", .mode = S_IFREG | 0600, .text = text }), 0);
	assert_text("long", text);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(test_files_folders_and_links_are_as_in_the_archive),
		IN_FOLDER(test_nobody_gets_a_device_or_a_program_of_somebody_else),
		IN_FOLDER(test_a_later_entry_replaces_and_does_not_follow),
		IN_FOLDER(test_names_of_one_file_are_one_file_within_an_archive),
		IN_FOLDER(test_what_is_not_wanted_is_an_empty_file),
		IN_FOLDER(test_names_begin_at_the_top_and_never_lead_upward),
		IN_FOLDER(test_an_archive_that_ends_early_is_refused_at_every_byte),
		IN_FOLDER(test_each_part_of_a_header_is_looked_at),
		IN_FOLDER(test_what_contradicts_itself_is_refused),
		IN_FOLDER(test_limits_hold_before_anything_is_read),
		IN_FOLDER(test_archives_follow_each_other_with_zeros_between),
		IN_FOLDER(test_contents_longer_than_the_buffer_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
