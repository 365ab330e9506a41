/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kms/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "kms/address.h"
#include "kms/retry.h"

#define HTTPS_PORT 443

/* After a notice of the network: a bring-up is a burst of them. */
#define SETTLE_MS 100

/* --- where to ------------------------------------------------------------------------------- */

static unsigned port_of(const char *url)
{
	const char *host = strstr(url, "://") + 3; /* checked when the profile was read */
	const char *colon = strrchr(host, ':');

	if (!colon || strchr(colon, ']'))
		return HTTPS_PORT;
	return (unsigned)strtoul(colon + 1, NULL, 10);
}

int target_init(struct target *target, const struct kms_profile *profile, const char *endpoint)
{
	const char *url = profile->proxy ? profile->proxy : endpoint;
	bool is_endpoint = !profile->proxy && endpoint == profile->endpoint;

	target->port = port_of(url);
	target->host = kms_endpoint_host(url);
	if (!target->host)
		return -ENOMEM;
	target->numeric = kms_address_is_numeric(target->host);
	return kms_address_for(profile->address, target->host, is_endpoint, &target->fixed);
}

void target_done(struct target *target)
{
	free(target->host);
	free(target->fixed);
	*target = (struct target){ 0 };
}

/* --- ending --------------------------------------------------------------------------------- */

void exchange_cancel(struct exchange *x)
{
	http_try_free(take_ptr(x->http));
	free(take_ptr(x->resolve));
	x->state = EXCHANGE_IDLE;
}

static void end(struct exchange *x, const struct verdict *verdict)
{
	struct verdict copy = *verdict; /* x->last may be overwritten by a new start */

	exchange_cancel(x);
	x->ops->done(x->owner, &copy);
}

static void end_with_mistake(struct exchange *x, int error)
{
	struct verdict v = { .condition = KMS_UNREACHABLE };

	(void)snprintf(v.cause, sizeof(v.cause), "cannot make the request: %s", strerror(-error));
	end(x, &v);
}

/* A try that our own budget cuts short says less than the whole one before it. */
static bool was_told_before(const struct exchange *x)
{
	return x->tries > 1 && x->last.condition != KMS_TIMEOUT;
}

void exchange_verdict_now(const struct exchange *x, struct verdict *ret)
{
	struct http_answer answer;

	if (was_told_before(x)) {
		*ret = x->last;
		return;
	}
	switch (x->state) {
	case EXCHANGE_RESOLVING:
		errors_from_resolver(x->target->host, NULL, net_is_up(x->net), ret);
		return;
	case EXCHANGE_RUNNING:
		http_try_answer(x->http, CURLE_OPERATION_TIMEDOUT, &answer);
		errors_from_transfer(&answer, ret);
		return;
	default:
		*ret = x->last;
		return;
	}
}

/* A time-out this close to the deadline is the deadline's. */
#define CUT_MS 50

/* --- trying --------------------------------------------------------------------------------- */

static void try_http(struct exchange *x)
{
	int r;

	x->request.resolve = x->resolve;
	x->request.deadline = x->deadline;
	r = http_try_start(x->net->multi, &x->request, x, &x->http);
	if (r < 0) {
		end_with_mistake(x, r);
		return;
	}
	x->state = EXCHANGE_RUNNING;
}

static void try_address(struct exchange *x, const char *addresses)
{
	free(take_ptr(x->resolve));
	if (addresses && asprintf(&x->resolve, "%s:%u:%s", x->target->host, x->target->port,
				  addresses) < 0) {
		x->resolve = NULL;
		end_with_mistake(x, -ENOMEM);
		return;
	}
	try_http(x);
}

static void consider(struct exchange *x, const struct verdict *verdict);

static void try_resolve(struct exchange *x)
{
	const char *addresses = NULL, *error = NULL;
	struct verdict v;

	x->state = EXCHANGE_RESOLVING;
	switch (resolver_get(x->net->resolver, x->target->host, x->asked_at, &addresses, &error)) {
	case RESOLVE_BUSY:
		return;
	case RESOLVE_DONE:
		try_address(x, addresses);
		return;
	case RESOLVE_FAILED:
		errors_from_resolver(x->target->host, error, net_is_up(x->net), &v);
		consider(x, &v);
		return;
	}
}

static void begin_try(struct exchange *x)
{
	int r;

	x->tries++;
	x->asked_at = deadline_now();
	x->request = (struct http_request){ 0 };
	r = x->ops->build(x->owner, &x->request);
	if (r < 0) {
		end_with_mistake(x, r);
		return;
	}
	x->request.send_once = x->once;
	if (x->target->numeric || x->target->fixed)
		try_address(x, x->target->fixed);
	else
		try_resolve(x);
}

static uint32_t random_bits(void)
{
	uint32_t v = 0;

	(void)!getrandom(&v, sizeof(v), 0); /* without luck there is no jitter, no harm */
	return v;
}

/* A verdict about one try: the last word, or a reason to wait and try again. */
static void consider(struct exchange *x, const struct verdict *verdict)
{
	const struct retry_state state = { .tries = x->tries,
					   .throttled = verdict->condition == KMS_THROTTLED,
					   .retry_after_ms = verdict->retry_after_ms,
					   .left_ms = deadline_left(x->deadline) };
	uint64_t wait_ms = 0;

	x->last = *verdict;
	if (verdict->http_status)
		x->answers++;
	/* Names and routes may still be coming up: only a service that answers is worn out. */
	if (!verdict->retry || x->answers >= LIMIT_TRIES ||
	    !retry_delay(&state, random_bits(), &wait_ms)) {
		end(x, verdict);
		return;
	}
	log_debug("try %u: %s; again in %llu ms", x->tries, verdict->cause,
		  (unsigned long long)wait_ms);
	exchange_cancel(x);
	x->state = EXCHANGE_WAITING;
	x->wake = deadline_after(wait_ms);
}

void exchange_start(struct exchange *x)
{
	exchange_cancel(x);
	x->tries = 0;
	x->answers = 0;
	x->last = (struct verdict){ .condition = KMS_TIMEOUT, .cause = "the time was over" };
	begin_try(x);
}

void exchange_try_ended(struct exchange *x, CURLcode result)
{
	struct http_answer answer;
	struct verdict v = { 0 };

	if (x->state != EXCHANGE_RUNNING)
		return;
	http_try_answer(x->http, result, &answer);
	if (result == CURLE_OK)
		x->ops->judge(x->owner, &answer, &v);
	else if (result == CURLE_OPERATION_TIMEDOUT && deadline_left(x->deadline) < CUT_MS &&
		 was_told_before(x))
		v = x->last;
	else
		errors_from_transfer(&answer, &v);
	/* What may have been done must not be done twice; a refusal or a full queue did nothing. */
	if (x->once && v.retry && answer.connected && answer.status != 429) {
		v.retry = false;
		(void)snprintf(v.cause + strlen(v.cause), sizeof(v.cause) - strlen(v.cause),
			       "; it may have been done all the same");
	}
	consider(x, &v);
}

void exchange_step(struct exchange *x)
{
	struct verdict v;

	if (x->state == EXCHANGE_IDLE)
		return;
	if (deadline_over(x->deadline)) {
		exchange_verdict_now(x, &v);
		end(x, &v);
		return;
	}
	if (x->state == EXCHANGE_RESOLVING)
		try_resolve(x);
	else if (x->state == EXCHANGE_WAITING && deadline_over(x->wake))
		begin_try(x);
}

void exchange_network_changed(struct exchange *x)
{
	if (x->state != EXCHANGE_WAITING ||
	    (x->last.condition != KMS_NO_NETWORK && x->last.condition != KMS_DNS_FAILED))
		return;
	x->wake = deadline_earlier(x->wake, deadline_after(SETTLE_MS));
}

deadline_t exchange_wake(const struct exchange *x)
{
	if (x->state == EXCHANGE_IDLE)
		return DEADLINE_NEVER;
	if (x->state == EXCHANGE_WAITING)
		return deadline_earlier(x->wake, x->deadline);
	return x->deadline;
}
