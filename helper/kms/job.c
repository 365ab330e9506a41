/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/job.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

struct job {
	struct net *net;
	struct session *session;
	struct message_job request;
	uint64_t started;
	bool waits_for_token;
	unsigned seen;	    /* token generation when the wait began */
	unsigned used;	    /* token generation of the try under way */
	bool refreshed;	    /* the one fresh token after a 401 was spent */
	bool ended;	    /* answered; released in the next step, not under its own exchange */
	unsigned offset;    /* LIST: keys received */
	bool more;	    /* LIST: the last page was full */
	struct keyprotect_call call;
	struct exchange x;
	struct kms_reply *reply;
};

static void job_free(struct job *j)
{
	if (!j)
		return;
	exchange_cancel(&j->x);
	keyprotect_call_done(&j->call);
	message_job_done(&j->request);
	kms_reply_free(j->reply);
	free(j);
}
DEFINE_CLEANUP(struct job *, job_free);

/* --- answering ------------------------------------------------------------------------------ */

static void answer(struct job *j, const struct verdict *v, const char *host)
{
	struct kms_reply *reply = j->reply;

	reply->final = true;
	reply->condition = v->condition;
	reply->http_status = v->http_status;
	(void)snprintf(reply->code, sizeof(reply->code), "%s", v->code);
	(void)snprintf(reply->cause, sizeof(reply->cause), "%s", v->cause);
	(void)snprintf(reply->host, sizeof(reply->host), "%s", host);
	(void)snprintf(reply->iam_request_id, sizeof(reply->iam_request_id), "%s", v->request_id);
	reply->elapsed_ms = deadline_now() - j->started;
	if (v->condition != KMS_OK || j->request.verb == KMS_LIST) {
		/* What a refused answer left half read. */
		secret_freep(&reply->plaintext);
		free(take_ptr(reply->ciphertext));
		reply->key = (struct kms_key){ 0 };
	}
	log_debug("job %u at %s: %s, HTTP %ld %s, %u tries, %llu ms, correlation id %s",
		  reply->id, host, kms_condition_name(v->condition), v->http_status, v->code,
		  reply->tries, (unsigned long long)reply->elapsed_ms, reply->correlation_id);
	net_reply(j->net, reply);
	secret_freep(&reply->plaintext);
	j->ended = true;
}

static int send_key(void *arg, const struct kms_key *key)
{
	struct job *j = arg;
	struct kms_reply one = *j->reply;

	one.final = false;
	one.condition = KMS_OK;
	one.key = *key;
	net_reply(j->net, &one);
	return 0;
}

/* --- the call ------------------------------------------------------------------------------- */

static int call_build(void *owner, struct http_request *ret)
{
	struct job *j = owner;
	struct session *s = j->session;
	int r;

	keyprotect_call_done(&j->call);
	r = keyprotect_build(&s->profile, &j->request, j->offset, &j->call);
	if (r < 0)
		return r;
	j->used = s->generation;
	ret->method = j->call.method;
	ret->url = j->call.url;
	ret->host = s->kms_host;
	ret->proxy = s->profile.proxy;
	ret->ca = s->profile.ca;
	ret->ca_len = s->profile.ca_len;
	ret->want_lifetime = s->want_lifetime;
	ret->content_type = j->call.content_type;
	ret->prefer = j->call.prefer;
	ret->instance = s->profile.instance;
	ret->correlation_id = j->reply->correlation_id;
	ret->bearer = s->token;
	ret->body = j->call.body;
	ret->body_max = j->call.body_max;
	return 0;
}

static int take_answer(struct job *j, const struct http_answer *a, const char **ret_what)
{
	unsigned n = 0;
	int r;

	if (j->request.verb != KMS_LIST)
		return keyprotect_parse(&j->request, a->body, a->body_len, j->reply, ret_what);
	r = keyprotect_parse_list(a->body, a->body_len, send_key, j, &n, ret_what);
	if (r < 0)
		return r;
	j->offset += n;
	j->more = n == LIMIT_KEYS_PAGE && j->offset < LIMIT_KEYS_LISTED;
	return 0;
}

static void take_lifetime(struct job *j, const struct http_answer *a)
{
	struct lifetime both = a->lifetime;

	lifetime_join(&both, &j->session->iam_lifetime);
	j->reply->certificate_ends = both.server_ends > 0 ? both.server_ends : 0;
	j->reply->ca_ends = both.ca_ends > 0 ? both.ca_ends : 0;
}

static void call_judge(void *owner, const struct http_answer *a, struct verdict *ret)
{
	struct job *j = owner;
	const char *what = "";
	int r;

	*ret = (struct verdict){ .condition = KMS_OK, .http_status = a->status };
	if (j->call.method == HTTP_CONNECT_ONLY) {
		take_lifetime(j, a);
		return;
	}
	if (!keyprotect_is_success(j->request.verb, a->status)) {
		struct service_error error;

		keyprotect_parse_error(a->body, a->body_len, &error);
		errors_from_kms(j->request.verb, a, &error, ret);
		return;
	}
	r = take_answer(j, a, &what);
	if (r < 0)
		errors_bad_body(a, r == -EBADMSG ? what : "no memory to read it", ret);
}

static void wait_for_token(struct job *j)
{
	j->waits_for_token = true;
	j->seen = j->session->generation;
	if (!session_has_token(j->session, j->seen))
		session_want_token(j->session, j->request.deadline);
}

static void call_done(void *owner, const struct verdict *v)
{
	struct job *j = owner;

	j->reply->tries += j->x.tries;
	if (v->try_fresh_token && !j->refreshed && !deadline_over(j->request.deadline)) {
		j->refreshed = true;
		log_debug("job %u: %s; once more with a fresh token", j->request.id, v->cause);
		session_drop_token(j->session, j->used);
		wait_for_token(j);
		return;
	}
	if (v->condition == KMS_OK && j->more) {
		j->more = false;
		exchange_start(&j->x);
		return;
	}
	answer(j, v, j->session->kms_host);
}

static const struct exchange_ops call_ops = {
	.build = call_build,
	.judge = call_judge,
	.done = call_done,
};

/* --- life ----------------------------------------------------------------------------------- */

static struct job **free_place(struct net *net)
{
	for (size_t i = 0; i < ARRAY_SIZE(net->jobs); i++)
		if (!net->jobs[i])
			return &net->jobs[i];
	return NULL;
}

static int job_new(struct net *net, struct message_job *request, struct job **ret)
{
	_cleanup_(job_freep) struct job *j = calloc(1, sizeof(*j));
	int r;

	if (!j) {
		message_job_done(request);
		return -ENOMEM;
	}
	j->net = net;
	j->session = net->sessions[request->profile];
	j->request = *request;
	*request = (struct message_job){ 0 };
	if (!j->session)
		return -EBADMSG;
	j->started = deadline_now();
	j->reply = calloc(1, sizeof(*j->reply));
	if (!j->reply)
		return -ENOMEM;
	j->reply->id = j->request.id;
	r = uuid_random(j->reply->correlation_id);
	if (r < 0)
		return r;
	j->x = (struct exchange){ .net = net,
				  .ops = &call_ops,
				  .owner = j,
				  .target = &j->session->kms_target,
				  .deadline = j->request.deadline,
				  .once = j->request.verb == KMS_CREATE ||
					  j->request.verb == KMS_ROTATE };
	*ret = take_ptr(j);
	return 0;
}

int job_start(struct net *net, struct message_job *request)
{
	struct verdict v = { .condition = KMS_CREDENTIAL_MISSING };
	struct job **place = free_place(net), *j;
	int r;

	if (!place) {
		message_job_done(request);
		return -EBADMSG;
	}
	r = job_new(net, request, &j);
	if (r < 0)
		return r;
	if (!j->session->profile.n_api_keys) {
		(void)snprintf(v.cause, sizeof(v.cause), "profile '%s' has no API key",
			       j->session->profile.name);
		answer(j, &v, j->session->iam_host);
		job_free(j);
		return 0;
	}
	*place = j;
	if (j->request.verb == KMS_PING)
		j->session->want_lifetime = true;
	wait_for_token(j);
	return 0;
}

/* The time is over while the token is still being fetched, perhaps for others with more time. */
static void give_up_waiting(struct job *j)
{
	struct verdict v;

	j->waits_for_token = false;
	exchange_verdict_now(&j->session->iam, &v);
	if (v.condition == KMS_OK)
		v = (struct verdict){ .condition = KMS_TIMEOUT, .cause = "the time was over" };
	j->reply->tries += j->session->iam.tries;
	answer(j, &v, j->session->iam_host);
}

static void job_step(struct job *j)
{
	if (!j->waits_for_token) {
		exchange_step(&j->x);
		return;
	}
	if (session_has_token(j->session, j->seen)) {
		j->waits_for_token = false;
		exchange_start(&j->x);
	} else if (deadline_over(j->request.deadline)) {
		give_up_waiting(j);
	} else {
		session_want_token(j->session, j->request.deadline);
	}
}

void job_token_failed(struct session *session, const struct verdict *verdict)
{
	for (size_t i = 0; i < ARRAY_SIZE(session->net->jobs); i++) {
		struct job *j = session->net->jobs[i];

		if (!j || j->session != session || !j->waits_for_token || j->ended)
			continue;
		j->waits_for_token = false;
		j->reply->tries += session->iam.tries;
		answer(j, verdict, session->iam_host);
	}
}

void job_step_all(struct net *net)
{
	for (size_t i = 0; i < ARRAY_SIZE(net->sessions); i++)
		if (net->sessions[i])
			exchange_step(&net->sessions[i]->iam);
	for (size_t i = 0; i < ARRAY_SIZE(net->jobs); i++) {
		struct job *j = net->jobs[i];

		if (j && !j->ended)
			job_step(j);
		if (j && j->ended) {
			job_free(j);
			net->jobs[i] = NULL;
		}
	}
}

void job_network_changed(struct net *net)
{
	for (size_t i = 0; i < ARRAY_SIZE(net->sessions); i++)
		if (net->sessions[i])
			exchange_network_changed(&net->sessions[i]->iam);
	for (size_t i = 0; i < ARRAY_SIZE(net->jobs); i++)
		if (net->jobs[i])
			exchange_network_changed(&net->jobs[i]->x);
}

deadline_t job_wake(const struct net *net)
{
	deadline_t wake = DEADLINE_NEVER;

	for (size_t i = 0; i < ARRAY_SIZE(net->sessions); i++)
		if (net->sessions[i])
			wake = deadline_earlier(wake, exchange_wake(&net->sessions[i]->iam));
	for (size_t i = 0; i < ARRAY_SIZE(net->jobs); i++) {
		const struct job *j = net->jobs[i];

		if (!j)
			continue;
		if (j->ended)
			return 0;
		wake = deadline_earlier(wake, j->request.deadline);
		if (!j->waits_for_token)
			wake = deadline_earlier(wake, exchange_wake(&j->x));
		else if (session_has_token(j->session, j->seen))
			return 0;
	}
	return wake;
}
