/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "kms/text.h"

/* Length of a text that is not there (NULL), as opposed to an empty one. */
#define ABSENT UINT32_MAX

/* Room for all fields of a message but its secrets and long texts. */
#define FIXED_ROOM 4096

/* --- writing -------------------------------------------------------------------------------- */

struct writer {
	struct secret *s;
	size_t used;
	bool full;
};

static void put(struct writer *w, const void *data, size_t len)
{
	if (w->full || len > secret_len(w->s) - w->used) {
		w->full = true;
		return;
	}
	if (len)
		memcpy(secret_data(w->s) + w->used, data, len);
	w->used += len;
}

static void put_u32(struct writer *w, uint32_t v)
{
	put(w, &v, sizeof(v));
}

static void put_u64(struct writer *w, uint64_t v)
{
	put(w, &v, sizeof(v));
}

static void put_text(struct writer *w, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	put_u32(w, text ? (uint32_t)len : ABSENT);
	put(w, text, len);
}

static void put_secret(struct writer *w, const struct secret *s)
{
	put_u32(w, s ? (uint32_t)secret_len(s) : ABSENT);
	if (s)
		put(w, secret_bytes(s), secret_len(s));
}

static int writer_init(struct writer *w, enum message_kind kind, size_t room)
{
	int r;

	w->used = 0;
	w->full = false;
	r = secret_new(room > LIMIT_MESSAGE ? LIMIT_MESSAGE : room, &w->s);
	if (r < 0)
		return r;
	put_u32(w, kind);
	return 0;
}

static void writer_done(struct writer *w)
{
	secret_free(w->s);
}

#define _cleanup_writer_ _cleanup_(writer_done)

static int writer_finish(struct writer *w, struct secret **ret)
{
	if (w->full)
		return -EMSGSIZE;
	secret_shorten(w->s, w->used);
	*ret = take_ptr(w->s);
	return 0;
}

int message_build_hello(enum log_level level, struct secret **ret)
{
	_cleanup_writer_ struct writer w = { 0 };
	int r;

	r = writer_init(&w, MESSAGE_HELLO, FIXED_ROOM);
	if (r < 0)
		return r;
	put_u32(&w, (uint32_t)level);
	return writer_finish(&w, ret);
}

int message_build_profile(unsigned index, const struct kms_profile *profile, struct secret **ret)
{
	_cleanup_writer_ struct writer w = { 0 };
	int r;

	if (profile->n_api_keys > LIMIT_API_KEYS)
		return -EMSGSIZE;
	r = writer_init(&w, MESSAGE_PROFILE,
			FIXED_ROOM + LIMIT_CONFIG_LINE + LIMIT_API_KEYS * LIMIT_API_KEY_MAX);
	if (r < 0)
		return r;
	put_u32(&w, index);
	put_text(&w, profile->name);
	put_u32(&w, profile->service);
	put_text(&w, profile->endpoint);
	put_text(&w, profile->iam_endpoint);
	put_text(&w, profile->instance);
	put_text(&w, profile->root_key);
	put_text(&w, profile->proxy);
	put_text(&w, profile->address);
	put_u32(&w, (uint32_t)profile->n_api_keys);
	for (size_t i = 0; i < profile->n_api_keys; i++)
		put_secret(&w, profile->api_keys[i]);
	return writer_finish(&w, ret);
}

int message_build_job(unsigned id, const struct kms_request *request, struct secret **ret)
{
	_cleanup_writer_ struct writer w = { 0 };
	int r;

	if (request->n_aad > LIMIT_AAD_STRINGS)
		return -EMSGSIZE;
	r = writer_init(&w, MESSAGE_JOB, FIXED_ROOM + LIMIT_PASSPHRASE_MAX + LIMIT_CIPHERTEXT);
	if (r < 0)
		return r;
	put_u32(&w, id);
	put_u32(&w, request->verb);
	put_u32(&w, request->profile);
	put_u64(&w, request->deadline);
	put_text(&w, request->key);
	put_text(&w, request->name);
	put_secret(&w, request->plaintext);
	put_text(&w, request->ciphertext);
	put_u32(&w, (uint32_t)request->n_aad);
	for (size_t i = 0; i < request->n_aad; i++)
		put_text(&w, request->aad[i]);
	return writer_finish(&w, ret);
}

int message_build_reply(const struct kms_reply *reply, struct secret **ret)
{
	_cleanup_writer_ struct writer w = { 0 };
	size_t room = FIXED_ROOM;
	int r;

	/* A list sends one of these per key: small unless something long is in it. */
	if (reply->plaintext)
		room += secret_len(reply->plaintext);
	if (reply->ciphertext)
		room += strlen(reply->ciphertext);
	r = writer_init(&w, MESSAGE_REPLY, room);
	if (r < 0)
		return r;
	put_u32(&w, reply->id);
	put_u32(&w, reply->final);
	put_u32(&w, reply->condition);
	put_u32(&w, (uint32_t)reply->http_status);
	put_text(&w, reply->code);
	put_text(&w, reply->cause);
	put_text(&w, reply->host);
	put_text(&w, reply->correlation_id);
	put_text(&w, reply->iam_request_id);
	put_u32(&w, reply->tries);
	put_u64(&w, reply->elapsed_ms);
	put_secret(&w, reply->plaintext);
	put_text(&w, reply->ciphertext);
	put_text(&w, reply->key.id);
	put_text(&w, reply->key.name);
	put_text(&w, reply->key.alias);
	put_u32(&w, (uint32_t)reply->key.state);
	put_u32(&w, reply->key.extractable);
	put_u64(&w, (uint64_t)reply->certificate_ends);
	put_u64(&w, (uint64_t)reply->ca_ends);
	return writer_finish(&w, ret);
}

/* --- reading -------------------------------------------------------------------------------- */

/* After the first broken rule nothing more is read and every getter gives nothing. */
struct reader {
	const unsigned char *p;
	size_t left;
	int error;
};

static void fail(struct reader *r, int error)
{
	if (!r->error)
		r->error = error;
}

static const void *get(struct reader *r, size_t len)
{
	const unsigned char *p = r->p;

	if (r->error || len > r->left) {
		fail(r, -EBADMSG);
		return NULL;
	}
	r->p += len;
	r->left -= len;
	return p;
}

static uint32_t get_u32(struct reader *r, uint32_t max)
{
	const void *p = get(r, sizeof(uint32_t));
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	if (v > max) {
		fail(r, -EBADMSG);
		return 0;
	}
	return v;
}

static uint64_t get_u64(struct reader *r)
{
	const void *p = get(r, sizeof(uint64_t));
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

/* Borrowed bytes of a text or secret; NULL when absent or broken. */
static const char *get_run(struct reader *r, size_t max, bool may_be_absent, size_t *ret_len)
{
	uint32_t len = get_u32(r, UINT32_MAX);

	*ret_len = 0;
	if (r->error)
		return NULL;
	if (len == ABSENT || len > max) {
		if (len != ABSENT || !may_be_absent)
			fail(r, -EBADMSG);
		return NULL;
	}
	*ret_len = len;
	return get(r, len);
}

/* A text into fixed room; absent becomes "". */
static void get_text_into(struct reader *r, char *dst, size_t size)
{
	size_t len;
	const char *p = get_run(r, size - 1, true, &len);

	dst[0] = '\0';
	if (!p)
		return;
	if (memchr(p, '\0', len)) {
		fail(r, -EBADMSG);
		return;
	}
	memcpy(dst, p, len);
	dst[len] = '\0';
	if (!kms_text_is_clean(dst))
		fail(r, -EBADMSG);
}

static char *get_text(struct reader *r, size_t max, bool may_be_absent)
{
	size_t len;
	const char *p = get_run(r, max, may_be_absent, &len);
	char *copy;

	if (!p)
		return NULL;
	if (memchr(p, '\0', len)) {
		fail(r, -EBADMSG);
		return NULL;
	}
	copy = strndup(p, len);
	if (!copy) {
		fail(r, -ENOMEM);
		return NULL;
	}
	if (!kms_text_is_clean(copy))
		fail(r, -EBADMSG);
	return copy;
}

static struct secret *get_secret(struct reader *r, size_t max, bool may_be_absent)
{
	struct secret *s = NULL;
	size_t len;
	const char *p = get_run(r, max, may_be_absent, &len);

	if (!p)
		return NULL;
	if (!len) {
		fail(r, -EBADMSG);
		return NULL;
	}
	if (secret_new(len, &s) < 0) {
		fail(r, -ENOMEM);
		return NULL;
	}
	memcpy(secret_data(s), p, len);
	return s;
}

static void reader_init(struct reader *r, const void *data, size_t len, enum message_kind kind)
{
	*r = (struct reader){ .p = data, .left = len };
	if (get_u32(r, UINT32_MAX) != (uint32_t)kind)
		fail(r, -EBADMSG);
}

static int reader_finish(struct reader *r)
{
	if (r->left)
		fail(r, -EBADMSG);
	return r->error;
}

int message_kind(const void *data, size_t len, enum message_kind *ret)
{
	struct reader r = { .p = data, .left = len };
	uint32_t kind = get_u32(&r, UINT32_MAX);

	if (r.error || kind < MESSAGE_HELLO || kind > MESSAGE_REPLY)
		return -EBADMSG;
	*ret = (enum message_kind)kind;
	return 0;
}

int message_parse_hello(const void *data, size_t len, enum log_level *ret)
{
	struct reader r;
	uint32_t level;

	reader_init(&r, data, len, MESSAGE_HELLO);
	level = get_u32(&r, LOG_LEVEL_DEBUG);
	if (level < LOG_LEVEL_ERR)
		fail(&r, -EBADMSG);
	if (reader_finish(&r) < 0)
		return r.error;
	*ret = (enum log_level)level;
	return 0;
}

/* Not a repetition of kms_profile_check_endpoint(), but what the child relies on. */
static void require_endpoint(struct reader *r, const char *text)
{
	_cleanup_free_ char *copy = NULL;

	if (text && (kms_profile_check_endpoint(text, &copy) || strcmp(copy, text) != 0))
		fail(r, -EBADMSG);
}

int message_parse_profile(const void *data, size_t len, unsigned *ret_index,
			  struct kms_profile *ret)
{
	_cleanup_(kms_profile_done) struct kms_profile p = { 0 };
	struct reader r;
	unsigned index;

	reader_init(&r, data, len, MESSAGE_PROFILE);
	index = get_u32(&r, LIMIT_PROFILES - 1);
	p.name = get_text(&r, LIMIT_ID, false);
	p.service = (enum kms_service)get_u32(&r, KMS_SERVICE_KEY_PROTECT_DEDICATED);
	p.endpoint = get_text(&r, LIMIT_URL, false);
	p.iam_endpoint = get_text(&r, LIMIT_URL, false);
	p.instance = get_text(&r, LIMIT_ID, false);
	p.root_key = get_text(&r, LIMIT_ALIAS_MAX, true);
	p.proxy = get_text(&r, LIMIT_URL, true);
	p.address = get_text(&r, LIMIT_CONFIG_LINE, true);
	p.n_api_keys = get_u32(&r, LIMIT_API_KEYS);
	for (size_t i = 0; i < p.n_api_keys; i++)
		p.api_keys[i] = get_secret(&r, LIMIT_API_KEY_MAX, false);
	require_endpoint(&r, p.endpoint);
	require_endpoint(&r, p.iam_endpoint);
	if (p.instance && !uuid_is_valid(p.instance))
		fail(&r, -EBADMSG);
	if (p.root_key && !kms_key_name_is_valid(p.root_key))
		fail(&r, -EBADMSG);
	if (p.address && kms_profile_check_address(p.address))
		fail(&r, -EBADMSG);
	if (reader_finish(&r) < 0)
		return r.error;
	*ret_index = index;
	*ret = p;
	p = (struct kms_profile){ 0 };
	return 0;
}

void message_job_done(struct message_job *job)
{
	secret_free(job->plaintext);
	free(job->ciphertext);
	for (size_t i = 0; i < ARRAY_SIZE(job->aad); i++)
		free(job->aad[i]);
	*job = (struct message_job){ 0 };
}

int message_parse_job(const void *data, size_t len, struct message_job *ret)
{
	_cleanup_(message_job_done) struct message_job job = { 0 };
	struct reader r;

	reader_init(&r, data, len, MESSAGE_JOB);
	job.id = get_u32(&r, UINT32_MAX);
	job.verb = (enum kms_verb)get_u32(&r, KMS_PING);
	job.profile = get_u32(&r, LIMIT_PROFILES - 1);
	job.deadline = get_u64(&r);
	get_text_into(&r, job.key, sizeof(job.key));
	get_text_into(&r, job.name, sizeof(job.name));
	job.plaintext = get_secret(&r, LIMIT_PASSPHRASE_MAX, true);
	job.ciphertext = get_text(&r, LIMIT_CIPHERTEXT, true);
	job.n_aad = get_u32(&r, LIMIT_AAD_STRINGS);
	for (size_t i = 0; i < job.n_aad; i++)
		job.aad[i] = get_text(&r, LIMIT_AAD_STRING, false);
	if (!job.id || (job.key[0] && !kms_key_name_is_valid(job.key)))
		fail(&r, -EBADMSG);
	if ((job.verb == KMS_UNWRAP) != !!job.ciphertext || (job.verb != KMS_WRAP && job.plaintext))
		fail(&r, -EBADMSG);
	if ((job.verb == KMS_CREATE) != !!job.name[0])
		fail(&r, -EBADMSG);
	if (reader_finish(&r) < 0)
		return r.error;
	*ret = job;
	job = (struct message_job){ 0 };
	return 0;
}

/* What is not known is 0; a certificate ends with the year 9999 at the latest. */
static int64_t get_time(struct reader *r)
{
	uint64_t n = get_u64(r);

	if (n > LIMIT_TIME_S)
		fail(r, -EBADMSG);
	return (int64_t)n;
}

static void get_reply_key(struct reader *r, struct kms_key *key)
{
	get_text_into(r, key->id, sizeof(key->id));
	get_text_into(r, key->name, sizeof(key->name));
	get_text_into(r, key->alias, sizeof(key->alias));
	key->state = (int)get_u32(r, 5);
	key->extractable = get_u32(r, 1);
	if (key->id[0] && !kms_key_name_is_valid(key->id))
		fail(r, -EBADMSG);
}

int message_parse_reply(const void *data, size_t len, struct kms_reply **ret)
{
	_cleanup_kms_reply_ struct kms_reply *reply = calloc(1, sizeof(*reply));
	struct reader r;

	if (!reply)
		return -ENOMEM;
	reader_init(&r, data, len, MESSAGE_REPLY);
	reply->id = get_u32(&r, UINT32_MAX);
	reply->final = get_u32(&r, 1);
	reply->condition = (enum kms_condition)get_u32(&r, KMS_TIMEOUT);
	reply->http_status = get_u32(&r, 999);
	get_text_into(&r, reply->code, sizeof(reply->code));
	get_text_into(&r, reply->cause, sizeof(reply->cause));
	get_text_into(&r, reply->host, sizeof(reply->host));
	get_text_into(&r, reply->correlation_id, sizeof(reply->correlation_id));
	get_text_into(&r, reply->iam_request_id, sizeof(reply->iam_request_id));
	reply->tries = get_u32(&r, UINT32_MAX);
	reply->elapsed_ms = get_u64(&r);
	reply->plaintext = get_secret(&r, LIMIT_PASSPHRASE_MAX, true);
	reply->ciphertext = get_text(&r, LIMIT_CIPHERTEXT, true);
	get_reply_key(&r, &reply->key);
	reply->certificate_ends = get_time(&r);
	reply->ca_ends = get_time(&r);
	if (reader_finish(&r) < 0)
		return r.error;
	*ret = take_ptr(reply);
	return 0;
}

/* --- the socket ----------------------------------------------------------------------------- */

int message_send(int fd, const struct secret *message, int attach)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	/* sendmsg(2) does not write there; the interface has no const. */
	struct iovec iov = { .iov_base = (void *)(uintptr_t)secret_bytes(message),
			     .iov_len = secret_len(message) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (attach >= 0) {
		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &attach, sizeof(int));
	}
	do
		n = sendmsg(fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

/* Takes the one descriptor that may come; closes whatever else was sent. */
static int take_attached(struct msghdr *msg, int *ret)
{
	int found = -1, r = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (ret && found < 0) {
				found = fd;
				continue;
			}
			(void)close(fd); /* unwelcome */
			r = -EBADMSG;
		}
	}
	if (r < 0 && found >= 0) {
		(void)close(found); /* in bad company */
		found = -1;
	}
	if (ret)
		*ret = found;
	return r;
}

int message_receive(int fd, struct secret *buffer, size_t *ret_len, int *ret_attach)
{
	union {
		char room[CMSG_SPACE(4 * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = secret_data(buffer), .iov_len = secret_len(buffer) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	ssize_t n;
	int r;

	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	r = take_attached(&msg, ret_attach);
	if (r < 0)
		return r;
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (ret_attach)
			cleanup_close(ret_attach);
		return -EBADMSG;
	}
	/* An empty packet looks like the end; nobody here sends one. */
	if (!n)
		return -EPIPE;
	*ret_len = (size_t)n;
	return 0;
}
