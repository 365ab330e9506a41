/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/net-child.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "kms/job.h"
#include "kms/message.h"
#include "kms/net.h"
#include "kms/sandbox.h"
#include "kms/scrub.h"
#include "kms/veil.h"

/* The core went away, which is how it says that it is done: nothing is cleaned up, see below. */
#define EXIT_DONE   0
#define EXIT_BROKEN 1
#define EXIT_USAGE  2

/*
 * Always this way out. Threads may hang in a resolver, and libcurl's and the TLS library's own
 * tidying up could wait for the network. API keys and tokens in their buffers go with all the rest.
 */
_noreturn_ static void leave(int code)
{
	scrub_and_exit(code);
}

bool net_is_up(const struct net *net)
{
	return !net->network || network_watch_up(net->network);
}

void net_reply(const struct net *net, const struct kms_reply *reply)
{
	_cleanup_secret_ struct secret *message = NULL;
	int r;

	r = message_build_reply(reply, &message);
	if (r < 0) {
		log_debug("cannot build a reply: %s", strerror(-r));
		leave(EXIT_BROKEN);
	}
	while ((r = veil_send(net->veil, net->fd, message, -1)) == -EAGAIN) {
		struct pollfd p = { .fd = net->fd, .events = POLLOUT };

		(void)poll(&p, 1, -1);
	}
	if (r < 0)
		leave(r == -EPIPE || r == -ECONNRESET ? EXIT_DONE : EXIT_BROKEN);
}

/* --- messages ------------------------------------------------------------------------------- */

static int take_profile(struct net *net, const void *data, size_t len, int ca)
{
	_cleanup_(kms_profile_done) struct kms_profile profile = { 0 };
	unsigned index = 0;
	int r;

	r = message_parse_profile(data, len, &index, &profile);
	if (r < 0)
		return r;
	if (ca < 0 || net->sessions[index])
		return -EBADMSG;
	r = file_read_fd(ca, LIMIT_CA_FILE, &profile.ca, &profile.ca_len);
	if (r < 0)
		return r;
	return session_new(net, &profile, &net->sessions[index]);
}

static int take_job(struct net *net, const void *data, size_t len)
{
	struct message_job job = { 0 };
	int r;

	r = message_parse_job(data, len, &job);
	return r < 0 ? r : job_start(net, &job);
}

static int take_message(struct net *net, const void *data, size_t len, int attached)
{
	enum message_kind kind;
	int r;

	r = message_kind(data, len, &kind);
	if (r < 0)
		return r;
	if (kind == MESSAGE_PROFILE)
		return take_profile(net, data, len, attached);
	if (attached >= 0 || kind != MESSAGE_JOB)
		return -EBADMSG;
	return take_job(net, data, len);
}

/* Takes every message that is there. 0, or -errno after which nothing can go on. */
static int take_messages(struct net *net, struct secret *buffer)
{
	for (;;) {
		_cleanup_close_ int attached = -1;
		size_t len = 0;
		int r;

		r = veil_receive(net->veil, net->fd, buffer, &len, &attached);
		if (r == -EAGAIN)
			return 0;
		if (r < 0)
			return r;
		r = take_message(net, secret_bytes(buffer), len, attached);
		secret_wipe(secret_data(buffer), len);
		if (r < 0)
			return r;
	}
}

/* The first message says how much to log, and brings the key that hides all others. */
static int take_hello(struct net *net, struct secret *buffer)
{
	struct pollfd p = { .fd = net->fd, .events = POLLIN };
	_cleanup_close_ int key = -1;
	enum log_level level;
	size_t len = 0;
	int r;

	while ((r = message_receive(net->fd, buffer, &len, &key)) == -EAGAIN)
		(void)poll(&p, 1, -1);
	if (r < 0)
		return r;
	r = message_parse_hello(secret_bytes(buffer), len, &level);
	if (r < 0)
		return r;
	log_setup(level, false);
	return key < 0 ? -EBADMSG : veil_take(key, &net->veil);
}

/* --- the loop ------------------------------------------------------------------------------- */

static void take_ended_tries(struct net *net)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(net->multi, &left))) {
		CURLcode result = m->data.result;
		struct exchange *x;

		if (m->msg != CURLMSG_DONE)
			continue;
		x = http_try_owner(m->easy_handle);
		exchange_try_ended(x, result);
	}
}

static int wait_ms(const struct net *net)
{
	int ms = deadline_poll_ms(job_wake(net));

	return ms < 0 ? INT_MAX : ms;
}

static int serve(struct net *net, struct secret *buffer)
{
	for (;;) {
		struct curl_waitfd fds[] = {
			{ .fd = net->fd, .events = CURL_WAIT_POLLIN },
			{ .fd = resolver_fd(net->resolver), .events = CURL_WAIT_POLLIN },
			{ .fd = net->network ? network_watch_fd(net->network) : -1,
			  .events = CURL_WAIT_POLLIN },
		};
		unsigned n = net->network ? ARRAY_SIZE(fds) : ARRAY_SIZE(fds) - 1;
		int running, r;

		if (curl_multi_perform(net->multi, &running) != CURLM_OK)
			return -EIO;
		take_ended_tries(net);
		job_step_all(net);
		/* A try that a step just added makes this return at once. */
		if (curl_multi_poll(net->multi, fds, n, wait_ms(net), NULL) != CURLM_OK)
			return -EIO;
		resolver_collect(net->resolver);
		if (n == ARRAY_SIZE(fds) && fds[2].revents && network_watch_up(net->network))
			job_network_changed(net);
		r = take_messages(net, buffer);
		if (r < 0)
			return r;
	}
}

/* --- beginning ------------------------------------------------------------------------------ */

static bool is_our_socket(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

/*
 * What reads files the first time it is used does so before the sandbox: the TLS library's
 * configuration, and the name service's with its modules. The name asked for has a label that is
 * longer than DNS allows: all modules are asked, and no server, which might not answer.
 */
static void preload(void)
{
	static const char impossible[] =
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.invalid";
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	CURL *easy = curl_easy_init();

	if (getaddrinfo(impossible, NULL, &hints, &found) == 0)
		freeaddrinfo(found);
	curl_easy_cleanup(easy);
}

static int setup(struct net *net)
{
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -EIO;
	json_setup();
	net->multi = curl_multi_init();
	if (!net->multi)
		return -ENOMEM;
	(void)curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, (long)LIMIT_JOBS);
	(void)curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	r = network_watch_new(&net->network);
	if (r < 0)
		log_debug("cannot watch network interfaces: %s", strerror(-r));
	preload();
	return resolver_new(&net->resolver);
}

int net_child_main(void)
{
	struct net net = { .fd = NET_CHILD_FD };
	struct secret *buffer = NULL;
	int r;

	if (!is_our_socket(net.fd)) {
		(void)fputs("cexluks net-child is started by cexluks itself\n", stderr);
		return EXIT_USAGE;
	}
	(void)signal(SIGPIPE, SIG_IGN); /* a valid signal */
	scrub_prepare();
	r = secret_new(LIMIT_MESSAGE, &buffer);
	if (r == 0)
		r = take_hello(&net, buffer);
	if (r == 0)
		r = setup(&net);
	if (r == 0)
		r = sandbox_enter();
	if (r == 0)
		r = serve(&net, buffer);
	if (r != -EPIPE)
		log_debug("network process ends: %s", strerror(-r));
	leave(r == -EPIPE ? EXIT_DONE : EXIT_BROKEN);
}
