/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/session.h"

#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "kms/iam.h"
#include "kms/job.h"

/* A token this close to its end may not survive the request it is sent with. */
#define TOKEN_MARGIN_S UINT64_C(60)

void session_free(struct session *s)
{
	if (!s)
		return;
	exchange_cancel(&s->iam);
	target_done(&s->iam_target);
	target_done(&s->kms_target);
	secret_free(s->form);
	secret_free(s->token);
	free(s->iam_url);
	free(s->iam_host);
	free(s->kms_host);
	kms_profile_done(&s->profile);
	free(s);
}

/* --- the exchange with IAM ------------------------------------------------------------------ */

static int iam_build(void *owner, struct http_request *ret)
{
	struct session *s = owner;
	int r;

	secret_freep(&s->form);
	r = iam_build_form(s->profile.api_keys[s->key_index], &s->form);
	if (r < 0)
		return r;
	ret->method = HTTP_POST;
	ret->url = s->iam_url;
	ret->host = s->iam_host;
	ret->proxy = s->profile.proxy;
	ret->ca = s->profile.ca;
	ret->ca_len = s->profile.ca_len;
	ret->want_lifetime = s->want_lifetime;
	ret->content_type = IAM_CONTENT_TYPE;
	ret->body = s->form;
	ret->body_max = LIMIT_HTTP_BODY;
	return 0;
}

static deadline_t usable_until(uint64_t lifetime_s)
{
	uint64_t margin = lifetime_s > 2 * TOKEN_MARGIN_S ? TOKEN_MARGIN_S : lifetime_s / 2;

	return deadline_after((lifetime_s - margin) * 1000);
}

static void iam_judge(void *owner, const struct http_answer *answer, struct verdict *ret)
{
	struct session *s = owner;
	struct secret *token = NULL;
	uint64_t lifetime_s = 0;
	const char *what = "";
	int r;

	if (answer->status != 200) {
		struct service_error error;

		iam_parse_error(answer->body, answer->body_len, &error);
		errors_from_iam(answer, &error, ret);
		return;
	}
	r = iam_parse_token(answer->body, answer->body_len, &token, &lifetime_s, &what);
	if (r < 0) {
		errors_bad_body(answer, r == -EBADMSG ? what : "no memory to read it", ret);
		return;
	}
	*ret = (struct verdict){ .condition = KMS_OK, .http_status = answer->status };
	s->iam_lifetime = answer->lifetime;
	secret_free(s->token);
	s->token = token;
	s->token_until = usable_until(lifetime_s);
	s->generation++;
}

static void iam_done(void *owner, const struct verdict *verdict)
{
	struct session *s = owner;

	secret_freep(&s->form);
	if (verdict->condition == KMS_OK) {
		log_debug("profile '%s': token from %s", s->profile.name, s->iam_host);
		return; /* the jobs see it in their next step */
	}
	if (verdict->try_next_key && s->key_index + 1 < s->profile.n_api_keys) {
		log_debug("profile '%s': API key %zu of %zu: %s", s->profile.name,
			  s->key_index + 1, s->profile.n_api_keys, verdict->cause);
		s->key_index++;
		exchange_start(&s->iam);
		return;
	}
	/* A later job begins with the first key again: what IAM refuses may be put right. */
	s->key_index = 0;
	job_token_failed(s, verdict);
}

static const struct exchange_ops iam_ops = {
	.build = iam_build,
	.judge = iam_judge,
	.done = iam_done,
};

/* --- for jobs ------------------------------------------------------------------------------- */

int session_new(struct net *net, struct kms_profile *profile, struct session **ret)
{
	_cleanup_(session_freep) struct session *s = calloc(1, sizeof(*s));
	int r;

	if (!s) {
		kms_profile_done(profile);
		return -ENOMEM;
	}
	s->net = net;
	s->profile = *profile;
	*profile = (struct kms_profile){ 0 };
	s->iam_host = kms_endpoint_host(s->profile.iam_endpoint);
	s->kms_host = kms_endpoint_host(s->profile.endpoint);
	if (asprintf(&s->iam_url, "%s" IAM_PATH, s->profile.iam_endpoint) < 0)
		s->iam_url = NULL;
	if (!s->iam_host || !s->kms_host || !s->iam_url)
		return -ENOMEM;
	r = target_init(&s->iam_target, &s->profile, s->profile.iam_endpoint);
	if (r == 0)
		r = target_init(&s->kms_target, &s->profile, s->profile.endpoint);
	if (r < 0)
		return r;
	s->iam = (struct exchange){
		.net = net, .ops = &iam_ops, .owner = s, .target = &s->iam_target
	};
	*ret = take_ptr(s);
	return 0;
}

bool session_has_token(const struct session *s, unsigned seen)
{
	return s->token && (s->generation != seen || !deadline_over(s->token_until));
}

void session_want_token(struct session *s, deadline_t deadline)
{
	if (s->iam.state != EXCHANGE_IDLE) {
		if (deadline > s->iam.deadline)
			s->iam.deadline = deadline;
		return;
	}
	s->iam.deadline = deadline;
	exchange_start(&s->iam);
}

void session_drop_token(struct session *s, unsigned generation)
{
	if (s->generation == generation)
		secret_freep(&s->token);
}
