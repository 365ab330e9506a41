/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "op/tried.h"

#include <string.h>

#include "base/deadline.h"

size_t tried_listed(const struct tried_list *t)
{
	return t->n < LIMIT_TRIED ? t->n : LIMIT_TRIED;
}

/* NULL: it had no room, or nothing is tried. */
static struct tried *find(struct tried_list *t, const struct binding *binding)
{
	for (size_t i = 0; i < tried_listed(t); i++) {
		const struct binding *b = &t->list[i].binding;

		if (b->kind == binding->kind && b->token == binding->token && b->path == binding->path)
			return &t->list[i];
	}
	return NULL;
}

void tried_begin(struct tried_list *t, const struct binding *binding)
{
	if (find(t, binding))
		return;
	if (t->n < LIMIT_TRIED)
		t->list[t->n] = (struct tried){ .binding = *binding, .began_ms = deadline_now() };
	t->n++;
}

void tried_put_back(struct tried_list *t)
{
	if (t->n > LIMIT_TRIED || !t->list[t->n - 1].is_asked)
		t->n--;
}

void tried_ask(struct tried_list *t, const struct binding *binding)
{
	struct tried *it = find(t, binding);

	if (!it || it->is_asked)
		return;
	it->is_asked = true;
	it->began_ms = deadline_now();
}

void tried_reply(struct tried_list *t, const struct binding *binding, const struct kms_reply *reply)
{
	struct tried *it = find(t, binding);

	if (!it)
		return;
	it->requests += reply->tries;
	memcpy(it->correlation_id, reply->correlation_id, sizeof(it->correlation_id));
	memcpy(it->iam_request_id, reply->iam_request_id, sizeof(it->iam_request_id));
}

static void end(struct tried *it, const struct verdict *v)
{
	if (it->ended_ms)
		return;
	it->verdict = *v;
	it->ended_ms = deadline_now();
}

void tried_end(struct tried_list *t, const struct binding *binding, const struct verdict *v)
{
	struct tried *it = find(t, binding);

	if (it)
		end(it, v);
}

void tried_end_all(struct tried_list *t)
{
	struct verdict silent = { 0 };

	verdict_set(&silent, OUTCOME_TIMEOUT, "no answer until it was over");
	for (size_t i = 0; i < tried_listed(t); i++)
		end(&t->list[i], &silent);
}
