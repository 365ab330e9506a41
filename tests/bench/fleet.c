/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fleet CLIENTS RATE MODE SERIES: so many machines start within two seconds and need one IAM token and one unwrap each,
 * from services that grant RATE requests a second and answer 429 to all others. How long until they have them, and how
 * many requests does the service see?
 *
 * Modes "ours" and "ours-retry-after=SECONDS" (what the refusals carry) run the helper's own exchange (kms/exchange.c
 * with its judgement of answers and its waits) and its own pauses behind the prompt; only the clock and the HTTP below
 * it are replaced: the clock through deadline_set_clock(), HTTP by the linker (--wrap). "naive" asks again a second
 * after each refusal. SERIES: a file for the requests of each second.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "kms/exchange.h"
#include "kms/retry.h"

#define START_MS  2000u
#define TRIP_MS	  50u
#define NAIVE_MS  1000u
#define LAST_S	  3600u
#define SETTLED_S 5u /* by then everybody has asked once */

enum phase { PHASE_BOOT, PHASE_IAM, PHASE_KMS, PHASE_PAUSE, PHASE_DONE };

/* What http_try_start() makes in kms/http.c. */
struct http_try {
	uint64_t ends;
	long status;
};

struct client {
	struct exchange x;
	struct http_try try;
	enum phase phase, naive_next;
	unsigned rounds; /* behind the prompt, failed so far */
	uint64_t wake;	 /* when it has something to do */
	uint64_t done_ms;
};

struct service {
	uint64_t second;
	unsigned granted;
};

static uint64_t now_ms;
static unsigned rate;
static uint64_t retry_after_ms = HTTP_NO_RETRY_AFTER;
static struct service services[PHASE_DONE];
static unsigned per_second[LAST_S];
static uint64_t requests;
static struct net net;
static const struct target target = { .numeric = true };

static uint64_t virtual_clock(void)
{
	return now_ms;
}

static uint32_t dice(void)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), 0) != (ssize_t)sizeof(v))
		abort();
	return v;
}

/* --- the service ---------------------------------------------------------------------------- */

static long ask(enum phase which)
{
	struct service *s = &services[which];

	requests++;
	if (now_ms / 1000 < LAST_S)
		per_second[now_ms / 1000]++;
	if (s->second != now_ms / 1000)
		*s = (struct service){ .second = now_ms / 1000 };
	if (s->granted >= rate)
		return 429;
	s->granted++;
	return 200;
}

/* --- in place of kms/http.c ----------------------------------------------------------------- */

int __wrap_http_try_start(CURLM *multi, const struct http_request *request, void *owner,
			  struct http_try **ret);
void __wrap_http_try_answer(struct http_try *t, CURLcode result, struct http_answer *ret);
void __wrap_http_try_free(struct http_try *t);

int __wrap_http_try_start(CURLM *multi _unused_, const struct http_request *request _unused_,
			  void *owner, struct http_try **ret)
{
	struct client *c = ((struct exchange *)owner)->owner;

	c->try = (struct http_try){ .ends = now_ms + TRIP_MS, .status = ask(c->phase) };
	*ret = &c->try;
	return 0;
}

void __wrap_http_try_answer(struct http_try *t, CURLcode result, struct http_answer *ret)
{
	*ret = (struct http_answer){ .host = "service", .result = result, .status = t->status,
				     .body = "", .error = "", .connected = true,
				     .retry_after_ms = retry_after_ms };
}

void __wrap_http_try_free(struct http_try *t _unused_)
{
}

/* --- a client, ours ------------------------------------------------------------------------- */

static int build(void *owner _unused_, struct http_request *ret _unused_)
{
	return 0;
}

static void judge(void *owner, const struct http_answer *answer, struct verdict *ret)
{
	const struct service_error none = { 0 };
	const struct client *c = owner;

	*ret = (struct verdict){ .condition = KMS_OK, .http_status = answer->status };
	if (answer->status == 200)
		return;
	if (c->phase == PHASE_IAM)
		errors_from_iam(answer, &none, ret);
	else
		errors_from_kms(KMS_UNWRAP, answer, &none, ret);
}

static void begin(struct client *c, uint64_t budget_ms)
{
	c->phase = PHASE_IAM;
	c->x.deadline = deadline_after(budget_ms);
	exchange_start(&c->x);
}

/* After the boot's own attempt the rounds behind the prompt begin at once, as op_boot_retry() does. */
static void done(void *owner, const struct verdict *verdict)
{
	struct client *c = owner;

	if (verdict->condition == KMS_OK && c->phase == PHASE_IAM) {
		c->phase = PHASE_KMS;
		exchange_start(&c->x);
	} else if (verdict->condition == KMS_OK) {
		c->phase = PHASE_DONE;
		c->done_ms = now_ms;
	} else {
		c->wake = c->rounds ? now_ms + retry_pause(c->rounds - 1, dice()) : now_ms;
		c->phase = PHASE_PAUSE;
		c->rounds++;
	}
}

static const struct exchange_ops ops = { .build = build, .judge = judge, .done = done };

static void step_ours(struct client *c)
{
	if (c->phase == PHASE_BOOT)
		begin(c, LIMIT_TIMEOUT_DEFAULT_MS);
	else if (c->phase == PHASE_PAUSE)
		begin(c, LIMIT_TIMEOUT_MS);
	else if (c->x.state == EXCHANGE_RUNNING && now_ms >= c->try.ends)
		exchange_try_ended(&c->x, CURLE_OK);
	else
		exchange_step(&c->x);
	if (c->phase == PHASE_PAUSE || c->phase == PHASE_DONE)
		return;
	c->wake = exchange_wake(&c->x);
	if (c->x.state == EXCHANGE_RUNNING)
		c->wake = deadline_earlier(c->wake, c->try.ends);
}

/* --- a client, naive ------------------------------------------------------------------------ */

static void step_naive(struct client *c)
{
	if (c->phase == PHASE_BOOT || c->phase == PHASE_PAUSE) {
		c->phase = c->phase == PHASE_BOOT ? PHASE_IAM : c->naive_next;
		c->try = (struct http_try){ .ends = now_ms + TRIP_MS, .status = ask(c->phase) };
		c->wake = c->try.ends;
		return;
	}
	if (c->try.status == 200 && c->phase == PHASE_KMS) {
		c->phase = PHASE_DONE;
		c->done_ms = now_ms;
		return;
	}
	c->naive_next = c->try.status == 200 ? PHASE_KMS : c->phase;
	c->wake = now_ms + (c->try.status == 200 ? 0 : NAIVE_MS);
	c->phase = PHASE_PAUSE;
}

/* --- all of them ---------------------------------------------------------------------------- */

static unsigned run(struct client *clients, unsigned n, void (*step)(struct client *))
{
	unsigned over = 0;

	for (now_ms = 0; over < n && now_ms < LAST_S * UINT64_C(1000); now_ms++)
		for (unsigned i = 0; i < n; i++) {
			struct client *c = &clients[i];

			while (c->phase != PHASE_DONE && c->wake <= now_ms) {
				step(c);
				over += c->phase == PHASE_DONE;
			}
		}
	return over;
}

static int by_end(const void *a, const void *b)
{
	const struct client *x = a, *y = b;

	return x->done_ms < y->done_ms ? -1 : x->done_ms > y->done_ms;
}

/* "MODE 50%-ms 99%-ms last-ms requests peak peak-after-the-start rounds-at-most" */
static void report(const char *mode, struct client *clients, unsigned n)
{
	unsigned peak = 0, later = 0, rounds = 0;

	for (unsigned s = 0; s < LAST_S; s++) {
		peak = per_second[s] > peak ? per_second[s] : peak;
		if (s >= SETTLED_S)
			later = per_second[s] > later ? per_second[s] : later;
	}
	for (unsigned i = 0; i < n; i++)
		rounds = clients[i].rounds > rounds ? clients[i].rounds : rounds;
	qsort(clients, n, sizeof(*clients), by_end);
	(void)printf("%s %llu %llu %llu %llu %u %u %u\n", mode,
		     (unsigned long long)clients[n / 2].done_ms,
		     (unsigned long long)clients[n - 1 - n / 100].done_ms,
		     (unsigned long long)clients[n - 1].done_ms, (unsigned long long)requests, peak,
		     later, rounds);
}

static int write_series(const char *path)
{
	unsigned last = LAST_S;
	FILE *f = fopen(path, "we");

	if (!f)
		return 1;
	while (last && !per_second[last - 1])
		last--;
	for (unsigned s = 0; s < last; s++)
		(void)fprintf(f, "%u %u\n", s, per_second[s]);
	return fclose(f) != 0;
}

int main(int argc, char **argv)
{
	unsigned n = argc == 5 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	struct client *clients;
	unsigned over;

	if (!n)
		return 2;
	rate = (unsigned)strtoul(argv[2], NULL, 10);
	if (strstr(argv[3], "retry-after="))
		retry_after_ms = strtoull(strstr(argv[3], "=") + 1, NULL, 10) * 1000;
	clients = calloc(n, sizeof(*clients));
	if (!clients)
		return 1;
	deadline_set_clock(virtual_clock);
	for (unsigned i = 0; i < n; i++) {
		clients[i].x = (struct exchange){ .net = &net, .ops = &ops, .owner = &clients[i],
						  .target = &target };
		clients[i].wake = (uint64_t)dice() * START_MS >> 32;
	}
	over = run(clients, n, strcmp(argv[3], "naive") ? step_ours : step_naive);
	if (over < n) {
		(void)fprintf(stderr, "fleet: %u of %u never got through\n", n - over, n);
		free(clients);
		return 1;
	}
	report(argv[3], clients, n);
	free(clients);
	return write_series(argv[4]);
}
