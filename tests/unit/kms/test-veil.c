/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/keystream.h"
#include "base/limits.h"
#include "kms/message.h"
#include "kms/veil.h"

#define TEXT "an API key, then a passphrase"

struct ends {
	int pair[2];
	int key; /* the core's */
	struct veil *core, *child;
	struct secret *buffer;
};

static int setup(void **state)
{
	static struct ends e;

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, e.pair), 0);
	assert_int_equal(veil_make(&e.core, &e.key), 0);
	assert_int_equal(veil_take(e.key, &e.child), 0);
	assert_int_equal(secret_new(LIMIT_MESSAGE, &e.buffer), 0);
	*state = &e;
	return 0;
}

static int teardown(void **state)
{
	struct ends *e = *state;

	secret_free(e->buffer);
	veil_free(e->child);
	veil_free(e->core);
	(void)close(e->pair[0]);
	(void)close(e->pair[1]);
	return 0;
}

static struct secret *text(void)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(strlen(TEXT), &s), 0);
	memcpy(secret_data(s), TEXT, strlen(TEXT));
	return s;
}

static void say(struct veil *veil, int fd)
{
	_cleanup_secret_ struct secret *s = text();

	assert_int_equal(veil_send(veil, fd, s, -1), 0);
	/* the caller's message is as it was */
	assert_memory_equal(secret_bytes(s), TEXT, strlen(TEXT));
}

static void hear(struct veil *veil, int fd, struct secret *buffer)
{
	size_t len = 0;

	memset(secret_data(buffer), 0, 64);
	assert_int_equal(veil_receive(veil, fd, buffer, &len, NULL), 0);
	assert_int_equal(len, strlen(TEXT));
	assert_memory_equal(secret_bytes(buffer), TEXT, len);
}

static void test_both_ways_several_times(void **state)
{
	struct ends *e = *state;

	for (int i = 0; i < 3; i++) {
		say(e->core, e->pair[0]);
		say(e->child, e->pair[1]);
		say(e->child, e->pair[1]);
		hear(e->child, e->pair[1], e->buffer);
		hear(e->core, e->pair[0], e->buffer);
		hear(e->core, e->pair[0], e->buffer);
	}
}

/* What the kernel's buffers hold: never the text, never twice the same, in neither direction. */
static void test_the_socket_sees_nothing(void **state)
{
	unsigned char seen[4][sizeof(TEXT) - 1];
	struct ends *e = *state;

	for (int i = 0; i < 2; i++) {
		say(e->core, e->pair[0]);
		say(e->child, e->pair[1]);
		assert_int_equal(read(e->pair[1], seen[2 * i], sizeof(seen[0])), sizeof(seen[0]));
		assert_int_equal(read(e->pair[0], seen[2 * i + 1], sizeof(seen[0])), sizeof(seen[0]));
	}
	for (int i = 0; i < 4; i++) {
		assert_null(memmem(seen[i], sizeof(seen[i]), "API", 3));
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], sizeof(seen[i]));
	}
}

static void test_a_packet_that_does_not_go_is_the_same_one_later(void **state)
{
	_cleanup_secret_ struct secret *s = text();
	struct ends *e = *state;
	int sent = 0;

	while (veil_send(e->core, e->pair[0], s, -1) == 0)
		sent++;
	assert_int_equal(veil_send(e->core, e->pair[0], s, -1), -EAGAIN);
	hear(e->child, e->pair[1], e->buffer);
	say(e->core, e->pair[0]);
	for (int i = 0; i < sent; i++)
		hear(e->child, e->pair[1], e->buffer);
}

/* The page that brought it is empty once the child has it. */
static void test_the_key_does_not_stay_where_it_travelled(void **state)
{
	static const unsigned char zero[KEYSTREAM_KEY];
	unsigned char left[KEYSTREAM_KEY];
	struct ends *e = *state;

	assert_int_equal(pread(e->key, left, sizeof(left), 0), sizeof(left));
	assert_memory_equal(left, zero, sizeof(zero));
	/* and nobody can take it away from below the core */
	assert_int_equal(ftruncate(e->key, 0), -1);
}

static void test_a_core_without_a_child_wipes_it_too(void **state)
{
	static const unsigned char zero[KEYSTREAM_KEY];
	unsigned char left[KEYSTREAM_KEY];
	struct veil *core = NULL;
	int key = -1, copy;

	(void)state;
	assert_int_equal(veil_make(&core, &key), 0);
	copy = fcntl(key, F_DUPFD_CLOEXEC, 3);
	assert_int_equal(pread(copy, left, sizeof(left), 0), sizeof(left));
	assert_memory_not_equal(left, zero, sizeof(zero));
	veil_free(core);
	assert_int_equal(pread(copy, left, sizeof(left), 0), sizeof(left));
	assert_memory_equal(left, zero, sizeof(zero));
	(void)close(copy);
}

static void test_another_descriptor_is_no_veil(void **state)
{
	struct veil *veil = NULL;
	int fd = memfd_create("short", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(veil_take(-1, &veil), -EBADMSG);
	assert_int_equal(veil_take(fd, &veil), -EBADMSG);
	(void)close(fd);
}

/* The key of NIST SP 800-38A, F.5.5; expected is what openssl's aes-256-ctr makes of zeros, with packet 1. */
static void test_the_stream_is_aes_in_counter_mode(void **state)
{
	static const unsigned char key[KEYSTREAM_KEY] = {
		0x60, 0x3d, 0xeb, 0x10, 0x15, 0xca, 0x71, 0xbe, 0x2b, 0x73, 0xae, 0xf0, 0x85, 0x7d, 0x77, 0x81,
		0x1f, 0x35, 0x2c, 0x07, 0x3b, 0x61, 0x08, 0xd7, 0x2d, 0x98, 0x10, 0xa3, 0x09, 0x14, 0xdf, 0xf4,
	};
	static const unsigned char expected[20] = {
		0x57, 0x9b, 0xe1, 0xa0, 0xd8, 0x92, 0x23, 0x88, 0x05, 0xfe, 0xb8, 0x10, 0xa4, 0xa1, 0x0a, 0xaa, 0x51, 0xff, 0xb5, 0x08,
	};
	unsigned char data[20] = { 0 };
	struct keystream *stream = NULL;

	(void)state;
	assert_int_equal(keystream_new(key, &stream), 0);
	assert_int_equal(keystream_apply(stream, 1, data, sizeof(data)), 0);
	assert_memory_equal(data, expected, sizeof(data));
	keystream_free(stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_both_ways_several_times, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_socket_sees_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_packet_that_does_not_go_is_the_same_one_later,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_key_does_not_stay_where_it_travelled, setup,
						teardown),
		cmocka_unit_test(test_a_core_without_a_child_wipes_it_too),
		cmocka_unit_test(test_another_descriptor_is_no_veil),
		cmocka_unit_test(test_the_stream_is_aes_in_counter_mode),
	};

	return cmocka_run_group_tests_name("kms/veil", tests, NULL, NULL);
}
