/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "kms/message.h"

#define ID   "fedcba98-7654-3210-fedc-ba9876543210"
#define ID_2 "01234567-89ab-cdef-0123-456789abcdef"

static struct secret *secret_of(const char *text)
{
	struct secret *s = NULL;

	assert_int_equal(secret_new(strlen(text), &s), 0);
	memcpy(secret_data(s), text, strlen(text));
	return s;
}

static struct secret *full_reply(void)
{
	_cleanup_kms_reply_ struct kms_reply *reply = calloc(1, sizeof(*reply));
	struct secret *message = NULL;

	assert_non_null(reply);
	reply->id = 7;
	reply->final = true;
	reply->http_status = 200;
	reply->tries = 3;
	reply->elapsed_ms = 1234567890123;
	(void)strcpy(reply->code, "SOME_ERR");
	(void)strcpy(reply->cause, "a cause");
	(void)strcpy(reply->host, "kms.example");
	(void)strcpy(reply->correlation_id, ID);
	reply->plaintext = secret_of("secret");
	reply->ciphertext = strdup("eyJ=");
	(void)strcpy(reply->key.id, ID_2);
	(void)strcpy(reply->key.name, "name");
	reply->key.state = 5;
	assert_int_equal(message_build_reply(reply, &message), 0);
	return message;
}

static struct secret *full_profile(void)
{
	_cleanup_(kms_profile_done) struct kms_profile p = {
		.name = strdup("prod"),
		.service = KMS_SERVICE_HPCS,
		.endpoint = strdup("https://kms.example:8443"),
		.iam_endpoint = strdup("https://iam.example"),
		.instance = strdup(ID),
		.root_key = strdup(ID_2),
		.proxy = strdup("http://proxy.example:3128"),
		.address = strdup("203.0.113.7"),
		.n_api_keys = 2,
	};
	struct secret *message = NULL;

	p.api_keys[0] = secret_of("first");
	p.api_keys[1] = secret_of("second");
	assert_int_equal(message_build_profile(3, &p, &message), 0);
	return message;
}

static struct secret *full_job(void)
{
	_cleanup_secret_ struct secret *message = NULL;
	struct kms_request q = { .verb = KMS_UNWRAP,
				 .profile = 3,
				 .deadline = 99,
				 .key = "alias",
				 .ciphertext = "eyJ=",
				 .aad = { "cexluks:1", ID, "4" },
				 .n_aad = 3 };

	assert_int_equal(message_build_job(9, &q, &message), 0);
	return take_ptr(message);
}

static void test_a_reply_arrives_as_it_was_sent(void **state)
{
	_cleanup_secret_ struct secret *m = full_reply();
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;

	(void)state;
	assert_int_equal(message_parse_reply(secret_bytes(m), secret_len(m), &reply), 0);
	assert_int_equal(reply->id, 7);
	assert_true(reply->final);
	assert_true(reply->elapsed_ms == 1234567890123);
	assert_string_equal(reply->code, "SOME_ERR");
	assert_string_equal(reply->host, "kms.example");
	assert_string_equal(reply->correlation_id, ID);
	assert_int_equal(secret_len(reply->plaintext), 6);
	assert_memory_equal(secret_bytes(reply->plaintext), "secret", 6);
	assert_string_equal(reply->ciphertext, "eyJ=");
	assert_string_equal(reply->key.id, ID_2);
	assert_int_equal(reply->key.state, 5);
}

static void test_a_profile_arrives_as_it_was_sent(void **state)
{
	_cleanup_secret_ struct secret *m = full_profile();
	_cleanup_(kms_profile_done) struct kms_profile p = { 0 };
	unsigned index = 0;

	(void)state;
	assert_int_equal(message_parse_profile(secret_bytes(m), secret_len(m), &index, &p), 0);
	assert_int_equal(index, 3);
	assert_int_equal(p.service, KMS_SERVICE_HPCS);
	assert_string_equal(p.endpoint, "https://kms.example:8443");
	assert_string_equal(p.proxy, "http://proxy.example:3128");
	assert_int_equal(p.n_api_keys, 2);
	assert_memory_equal(secret_bytes(p.api_keys[1]), "second", 6);
}

static void test_a_job_arrives_as_it_was_sent(void **state)
{
	_cleanup_secret_ struct secret *m = full_job();
	_cleanup_(message_job_done) struct message_job job = { 0 };

	(void)state;
	assert_int_equal(message_parse_job(secret_bytes(m), secret_len(m), &job), 0);
	assert_int_equal(job.id, 9);
	assert_int_equal(job.verb, KMS_UNWRAP);
	assert_string_equal(job.key, "alias");
	assert_string_equal(job.aad[2], "4");
	assert_null(job.plaintext);
}

static void test_the_largest_job_fits(void **state)
{
	_cleanup_secret_ struct secret *message = NULL;
	static char ciphertext[LIMIT_CIPHERTEXT + 1], aad[LIMIT_AAD_STRING + 1];
	struct kms_request q = { .verb = KMS_UNWRAP, .ciphertext = ciphertext };

	(void)state;
	memset(ciphertext, 'A', sizeof(ciphertext) - 1);
	memset(aad, 'A', sizeof(aad) - 1);
	for (q.n_aad = 0; q.n_aad < LIMIT_AAD_STRINGS; q.n_aad++)
		q.aad[q.n_aad] = aad;
	assert_int_equal(message_build_job(1, &q, &message), 0);
}

/* Parses as every kind; whatever the bytes are, nothing may break and nothing may leak. */
static bool parses(const void *data, size_t len)
{
	_cleanup_(kms_profile_done) struct kms_profile p = { 0 };
	_cleanup_(message_job_done) struct message_job job = { 0 };
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	enum log_level level;
	enum message_kind kind;
	unsigned index;
	bool any = message_kind(data, len, &kind) == 0;

	any = message_parse_hello(data, len, &level) == 0 || any;
	any = message_parse_profile(data, len, &index, &p) == 0 || any;
	any = message_parse_job(data, len, &job) == 0 || any;
	return message_parse_reply(data, len, &reply) == 0 || any;
}

static void test_messages_cut_or_lengthened_are_refused(void **state)
{
	struct secret *(*const make[])(void) = { full_reply, full_profile, full_job };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(make); i++) {
		_cleanup_secret_ struct secret *m = make[i]();
		_cleanup_kms_reply_ struct kms_reply *reply = NULL;
		unsigned char longer[4096] = { 0 };

		for (size_t len = 0; len < secret_len(m); len++) {
			assert_int_equal(message_parse_reply(secret_bytes(m), len, &reply), -EBADMSG);
			(void)parses(secret_bytes(m), len);
		}
		memcpy(longer, secret_bytes(m), secret_len(m));
		assert_int_equal(message_parse_reply(longer, secret_len(m) + 1, &reply), -EBADMSG);
	}
}

/* A fixed generator, so that a failure can be repeated. */
static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void test_mutated_messages_break_nothing(void **state)
{
	struct secret *(*const make[])(void) = { full_reply, full_profile, full_job };
	uint32_t seed = 1;
	unsigned refused = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(make); i++) {
		_cleanup_secret_ struct secret *m = make[i]();

		for (unsigned round = 0; round < 4000; round++) {
			unsigned char copy[4096];
			unsigned changes = 1 + next_random(&seed) % 4;

			memcpy(copy, secret_bytes(m), secret_len(m));
			while (changes--) {
				static const unsigned char odd[] = { 0, 1, 0x7f, 0x80, 0xff, '\n' };
				size_t at = next_random(&seed) % secret_len(m);

				copy[at] = odd[next_random(&seed) % sizeof(odd)];
			}
			refused += !parses(copy, secret_len(m));
		}
	}
	assert_true(refused > 100);
}

static void test_text_with_nul_or_control_characters_is_refused(void **state)
{
	_cleanup_secret_ struct secret *m = full_reply();
	_cleanup_kms_reply_ struct kms_reply *reply = NULL;
	unsigned char *at = memmem(secret_data(m), secret_len(m), "a cause", 7);
	static const unsigned char bad[] = { 0, '\n', 033, 0x7f, 0x80, 0xff };

	(void)state;
	assert_non_null(at);
	for (size_t i = 0; i < sizeof(bad); i++) {
		at[2] = bad[i];
		assert_int_equal(message_parse_reply(secret_bytes(m), secret_len(m), &reply),
				 -EBADMSG);
	}
}

static void test_impossible_jobs_are_refused(void **state)
{
	static const struct kms_request bad[] = {
		{ .verb = (enum kms_verb)17 },
		{ .verb = KMS_UNWRAP },
		{ .verb = KMS_LIST, .ciphertext = "x" },
		{ .verb = KMS_CREATE },
		{ .verb = KMS_WRAP, .name = "x" },
		{ .verb = KMS_WRAP, .key = "../keys" },
		{ .verb = KMS_WRAP, .profile = LIMIT_PROFILES },
		{ .verb = KMS_UNWRAP, .ciphertext = "a\nb" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_secret_ struct secret *m = NULL;
		struct message_job job = { 0 };

		assert_int_equal(message_build_job(1, &bad[i], &m), 0);
		if (message_parse_job(secret_bytes(m), secret_len(m), &job) != -EBADMSG)
			fail_msg("row %zu", i);
	}
}

static void test_unwelcome_descriptors_are_closed_and_refused(void **state)
{
	_cleanup_secret_ struct secret *m = full_job();
	_cleanup_secret_ struct secret *buffer = NULL;
	int pair[2], before, after, attached = -1;
	size_t len;

	(void)state;
	assert_int_equal(secret_new(LIMIT_MESSAGE, &buffer), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	before = dup(pair[0]);
	(void)close(before);
	assert_int_equal(message_send(pair[0], m, pair[0]), 0);
	assert_int_equal(message_receive(pair[1], buffer, &len, NULL), -EBADMSG);
	after = dup(pair[0]);
	(void)close(after);
	assert_int_equal(before, after);
	assert_int_equal(message_send(pair[0], m, pair[0]), 0);
	assert_int_equal(message_receive(pair[1], buffer, &len, &attached), 0);
	assert_true(attached >= 0);
	assert_int_equal(len, secret_len(m));
	(void)close(attached);
	assert_int_equal(message_receive(pair[1], buffer, &len, NULL), -EAGAIN);
	(void)close(pair[0]);
	assert_int_equal(message_receive(pair[1], buffer, &len, NULL), -EPIPE);
	(void)close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_reply_arrives_as_it_was_sent),
		cmocka_unit_test(test_a_profile_arrives_as_it_was_sent),
		cmocka_unit_test(test_a_job_arrives_as_it_was_sent),
		cmocka_unit_test(test_the_largest_job_fits),
		cmocka_unit_test(test_messages_cut_or_lengthened_are_refused),
		cmocka_unit_test(test_mutated_messages_break_nothing),
		cmocka_unit_test(test_text_with_nul_or_control_characters_is_refused),
		cmocka_unit_test(test_impossible_jobs_are_refused),
		cmocka_unit_test(test_unwelcome_descriptors_are_closed_and_refused),
	};

	return cmocka_run_group_tests_name("kms/message", tests, NULL, NULL);
}
