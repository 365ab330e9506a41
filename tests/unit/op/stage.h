/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A boot in small: a tree with configuration, keys and command line, a real LUKS2 header below a
 * by-uuid folder of its own, and this test program as the net child, which answers as the binding's
 * root key says: right, wrong, gone, down, hang, die; late-right and late-gone, when the next one is asked,
 * or after a while.
 */
#ifndef CEXLUKS_TESTS_OP_STAGE_H
#define CEXLUKS_TESTS_OP_STAGE_H

#include "op/tree.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "kms/message.h"
#include "kms/net-child.h"
#include "kms/veil.h"
#include "luks/scratch.h"
#include "op/answer.h"
#include "op/boot-setup.h"
#include "op/round.h"

#define U    SCRATCH_UUID
#define NAME "luks-" U
#define CREDENTIALS                                                                                \
	"endpoint = https://kms.test\ninstance = 01234567-89ab-cdef-0123-456789abcdef\n"           \
	"api-key = file:/key\nca-file = /ca\n"
#define PROD		   "[kms prod]\n" CREDENTIALS
#define DR		   "[kms dr]\n" CREDENTIALS
#define ROOT		   "[volume root]\nuuid = " U "\n"
#define TOKEN(profile, key) TOKEN_AS(profile, key, "true", "3")
#define TOKEN_AS(profile, key, aad, serial)                                                        \
	"{\"type\":\"cexluks\",\"keyslots\":[\"0\"],\"version\":1,\"kind\":\"kms\",\"profile\":\"" \
	profile "\",\"key\":\"" key "\",\"ciphertext\":\"AAAA\",\"aad\":" aad ",\"serial\":" serial \
	",\"created\":\"2026-11-22T10:00:00Z\"}"

/* --- the child ------------------------------------------------------------------------------- */

static struct veil *child_veil;

#define LATE_MS 1500

static inline void child_answer(int fd, const char *key, unsigned id)
{
	static const struct {
		const char *key, *plaintext;
		enum kms_condition condition;
		const char *cause;
	} roles[] = {
		{ "right", HUMAN, KMS_OK, "" },
		{ "wrong", "something else", KMS_OK, "" },
		{ "gone", NULL, KMS_KEY_GONE, "the root key was deleted" },
		{ "down", NULL, KMS_UNREACHABLE, "no answer from kms.test" },
	};
	_cleanup_secret_ struct secret *message = NULL;
	struct kms_reply reply = { .id = id, .final = true, .tries = 1 };

	if (!strcmp(key, "die"))
		_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		if (strcmp(key, roles[i].key) != 0)
			continue;
		reply.condition = roles[i].condition;
		strcpy(reply.cause, roles[i].cause);
		if (roles[i].plaintext) {
			if (secret_new(strlen(roles[i].plaintext), &reply.plaintext) < 0)
				_exit(2);
			memcpy(secret_data(reply.plaintext), roles[i].plaintext,
			       strlen(roles[i].plaintext));
		}
		if (message_build_reply(&reply, &message) < 0 || veil_send(child_veil, fd, message, -1) < 0)
			_exit(3);
		secret_free(reply.plaintext);
		return;
	}
	/* hang: no answer */
}

static inline int child_main(void)
{
	_cleanup_secret_ struct secret *buffer = NULL;
	char late[16] = "";
	unsigned late_id = 0;

	if (secret_new(LIMIT_MESSAGE, &buffer) < 0)
		return 1;
	for (;;) {
		struct pollfd p = { .fd = NET_CHILD_FD, .events = POLLIN };
		struct message_job job = { 0 };
		enum message_kind kind;
		int attached = -1;
		size_t len;

		if (poll(&p, 1, late[0] ? LATE_MS : -1) == 0) {
			child_answer(NET_CHILD_FD, late, late_id);
			late[0] = '\0';
			continue;
		}
		if (veil_receive(child_veil, NET_CHILD_FD, buffer, &len, &attached) < 0)
			return 0;
		if (message_kind(secret_bytes(buffer), len, &kind) < 0 ||
		    (kind == MESSAGE_HELLO && veil_take(attached, &child_veil) < 0))
			return 1;
		cleanup_close(&attached);
		if (kind != MESSAGE_JOB)
			continue;
		if (message_parse_job(secret_bytes(buffer), len, &job) < 0)
			return 1;
		child_answer(NET_CHILD_FD, late, late_id);
		late[0] = '\0';
		if (!strncmp(job.key, "late-", 5)) {
			(void)snprintf(late, sizeof(late), "%.15s", job.key + 5);
			late_id = job.id;
		}
		child_answer(NET_CHILD_FD, job.key, job.id);
		message_job_done(&job);
	}
}

/* --- the stage ------------------------------------------------------------------------------- */

struct stage {
	struct tree *tree;
	struct scratch *disk;
	char by_uuid[96], questions[96];
	struct boot_setup setup;
	struct op_session *session;
	struct round round;
};

static inline void stage_attach(struct stage *s, const char *name, const char *target)
{
	char link[256];

	(void)snprintf(link, sizeof(link), "%s/%s", s->by_uuid, name);
	assert_int_equal(symlink(target, link), 0);
}

static inline int stage_setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->tree = tree_new();
	s->disk = scratch_new("aes", "xts-plain64", 64);
	(void)snprintf(s->by_uuid, sizeof(s->by_uuid), "%s/by-uuid", s->tree->root);
	(void)snprintf(s->questions, sizeof(s->questions), "%s/questions", s->tree->root);
	assert_int_equal(mkdir(s->by_uuid, 0755), 0);
	assert_int_equal(mkdir(s->questions, 0755), 0);
	stage_attach(s, U, s->disk->path);
	luks_device_set_by_uuid(s->by_uuid);
	answer_set_directory(s->questions);
	tree_put_bytes(s->tree, "/key", "secret-api-key\n", 15, 0600);
	tree_put(s->tree, "/ca", "-----BEGIN CERTIFICATE-----\n");
	s->round.questions = -1;
	*state = s;
	return 0;
}

static inline void stage_strike(struct stage *s)
{
	round_end(&s->round);
	op_session_free(take_ptr(s->session));
	boot_setup_done(&s->setup);
	s->setup = (struct boot_setup){ 0 };
}

static inline int stage_teardown(void **state)
{
	struct stage *s = *state;

	stage_strike(s);
	luks_device_set_by_uuid(NULL);
	answer_set_directory(NULL);
	scratch_free(s->disk);
	tree_free(s->tree);
	free(s);
	return 0;
}

/* Up to three tokens on the one keyslot; NULL ends them. */
static inline void stage_tokens(struct stage *s, const char *a, const char *b, const char *c)
{
	const char *const tokens[] = { a, b, c };
	_cleanup_free_ unsigned char *image = malloc(IMAGE_SIZE);
	_cleanup_json_text_ char *text = NULL;
	_cleanup_json_ cJSON *root = NULL;
	cJSON *list;

	assert_non_null(image);
	scratch_reset(s->disk);
	scratch_read(s->disk->path, image);
	root = cJSON_Parse((const char *)image + 4096);
	list = at(root, "tokens", NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(tokens) && tokens[i]; i++) {
		char number[2] = { (char)('0' + i), '\0' };

		set(list, number, cJSON_Parse(tokens[i]));
	}
	text = json_text(root);
	assert_non_null(text);
	put_json(image, text);
	scratch_write(s->disk->path, image);
}

/* Reads what a boot reads, and gets a round ready. */
static inline void stage_begin(struct stage *s, const char *config, const char *cmdline,
			       const char *crypttab, enum attempt_how how)
{
	struct boot_request request = { .sysroot = s->tree->root };
	struct verdict v = { 0 };

	tree_put(s->tree, "/etc/cexluks/cexluks.conf", config);
	tree_put(s->tree, "/proc/cmdline", cmdline);
	tree_put(s->tree, "/etc/crypttab", crypttab);
	if (boot_setup_read(&request, &s->setup, &v) != OUTCOME_OK)
		fail_msg("%s", v.cause);
	assert_int_equal(op_session_new(s->setup.config, s->tree->root, &s->session), 0);
	s->round.config = s->setup.config;
	s->round.cmdline = s->setup.cmdline;
	s->round.plan = s->setup.plan;
	s->round.session = s->session;
	s->round.how = how;
	assert_int_equal(round_begin(&s->round), 0);
}

static inline const struct attempt *stage_run(struct stage *s, uint64_t ms)
{
	round_run(&s->round, deadline_after(ms));
	return s->round.n_attempts ? &s->round.attempts[0] : NULL;
}

/* A question for @path as systemd writes it; returns the socket that the answer comes to. */
static inline int stage_ask(struct stage *s, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char question[PATH_MAX + 512];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/sck.1", s->questions);
	(void)unlink(address.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	(void)snprintf(question, sizeof(question),
		       "[Ask]\nPID=1\nSocket=%s\nAcceptCached=0\nEcho=0\nNotAfter=0\nSilent=0\n"
		       "Message=Please enter passphrase for disk\nIcon=drive-harddisk\n"
		       "Id=cryptsetup:%s\n",
		       address.sun_path, path);
	tree_put(s->tree, "/questions/ask.AbCdEf", question);
	return fd;
}

/* The test program is the child too. */
#define STAGE_CHILD(argc, argv)                                                                    \
	do {                                                                                       \
		if ((argc) > 1 && !strcmp((argv)[1], NET_CHILD_VERB))                              \
			return child_main();                                                       \
	} while (0)

#endif
